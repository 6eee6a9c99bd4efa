import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TIMES } from "@/protocol/limits";
import type { Outcome } from "@/protocol/shapes";
import { createTestClock } from "@/agent/clock";
import { type Begun, type Journal, openJournal, STEPS_KEPT } from "./journal";

let dir: string;
let file: string;
let badLines: number;
const clock = createTestClock();
const open: Journal[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "journal-"));
  file = join(dir, "operations.jsonl");
  badLines = 0;
});
afterEach(async () => {
  for (const journal of open.splice(0)) await journal.close();
  rmSync(dir, { recursive: true });
});

async function opened(): Promise<Journal> {
  const journal = await openJournal({ dir, clock, onBadLine: (count) => (badLines += count) });
  open.push(journal);
  return journal;
}
const begun = (step: string): Begun => ({ step, operation: "operation-1", verb: "container.restart", id: "ab".repeat(32), grace: null, actor: "Ana", at: clock.now() });
const succeeded: Outcome = { state: "succeeded", error: null, settledBy: "call", startedAt: 1, finishedAt: 2 };

describe("the journal", () => {
  it("remembers what was begun and how it ended, over a restart", async () => {
    const journal = await opened();
    await journal.begin(begun("step-ended"));
    await journal.end("step-ended", succeeded);
    await journal.begin(begun("step-open-"));
    const again = await opened();
    expect(again.get("step-ended")?.outcome).toEqual(succeeded);
    expect(again.open().map(({ begun: { step } }) => step)).toEqual(["step-open-"]);
    expect(badLines).toBe(0);
  });

  it("has a step on the disk before it says so, also when many come at once", async () => {
    const journal = await opened();
    const steps = Array.from({ length: 50 }, (_, i) => `step-many-${i}`);
    await Promise.all(steps.map((step) => journal.begin(begun(step)).then(() => expect(readFileSync(file, "utf8")).toContain(`"${step}"`))));
  });

  it("loses at most the line that a crash tore, wherever it was torn", async () => {
    const journal = await opened();
    await journal.begin(begun("step-first"));
    await journal.end("step-first", succeeded);
    const whole = readFileSync(file).length;
    await journal.begin(begun("step-torn-"));
    const length = readFileSync(file).length;
    for (let size = length - 1; size > whole; size -= 7) {
      truncateSync(file, size);
      const text = readFileSync(file);
      const again = await opened();
      expect(again.get("step-first")?.outcome).toEqual(succeeded);
      expect(again.get("step-torn-") === undefined || size === length - 1).toBe(true);
      await again.begin(begun("step-after"));
      expect((await opened()).get("step-after")).toBeDefined();
      writeFileSync(file, text);
    }
  });

  it("reads on after damage in the middle, and says how much it left out", async () => {
    const journal = await opened();
    await journal.begin(begun("step-first"));
    appendFileSync(file, '{"begun":{"step":"x"}}\n\u0000\u0000\u0000\n[]\n');
    appendFileSync(file, `${JSON.stringify({ begun: begun("step-later") })}\n`);
    const again = await opened();
    expect(again.open().map(({ begun: { step } }) => step)).toEqual(["step-first", "step-later"]);
    expect(badLines).toBe(3);
  });

  it("forgets an ended step after a day, and never one that is still to be settled", async () => {
    const journal = await opened();
    await journal.begin(begun("step-open-"));
    await journal.begin(begun("step-ended"));
    await journal.end("step-ended", succeeded);
    clock.advance(TIMES.operationMemoryMs + 1);
    await journal.begin(begun("step-fresh"));
    expect(journal.get("step-ended")).toBeUndefined();
    expect((await opened()).open()).toHaveLength(2);
  });

  it("is bounded in number and in bytes", async () => {
    const lines = Array.from({ length: STEPS_KEPT + 50 }, (_, i) => `${JSON.stringify({ begun: begun(`step-old-${i}`) })}\n${JSON.stringify({ ended: `step-old-${i}`, outcome: succeeded })}\n`);
    writeFileSync(file, lines.join(""));
    const journal = await opened();
    expect(journal.get("step-old-0")).toBeUndefined();
    expect(journal.get(`step-old-${STEPS_KEPT + 49}`)).toBeDefined();
    expect(readFileSync(file, "utf8").split("\n").length).toBeLessThanOrEqual(STEPS_KEPT * 2 + 1);
  });

  it("writes itself anew when most of it is past", async () => {
    const journal = await opened();
    for (let i = 0; i < 600; i++) {
      clock.advance(TIMES.operationMemoryMs + 1); // each step is a day older than the next
      await journal.begin(begun(`step-days-${i}`));
      await journal.end(`step-days-${i}`, succeeded);
    }
    expect(readFileSync(file, "utf8").split("\n").length).toBeLessThan(1_100);
    expect(journal.get("step-days-599")?.outcome).toEqual(succeeded);
    expect((await opened()).get("step-days-599")?.outcome).toEqual(succeeded);
  });
});
