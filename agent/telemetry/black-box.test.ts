import { describe, expect, it } from "vitest";
import { LIMITS } from "@/protocol/limits";
import { BlackBox, type Container } from "@/protocol/shapes";
import { createTestClock } from "@/agent/clock";
import { AgentFailure } from "@/agent/errors";
import { silentLog } from "@/agent/log";
import { cutLines } from "@/agent/logs/last-lines";
import { MASK } from "@/agent/masking";
import { writeLine } from "@/agent/spool/record";
import { happened } from "@/agent/spool/testing";
import { type BlackBoxOptions, createBlackBoxes } from "./black-box";
import { boundInspect } from "./box-inspect";

const ID = "ab".repeat(32);
const id = (n: number) => n.toString(16).padStart(64, "0");
const entry = (log: string) => `${JSON.stringify({ log: `${log}\n`, stream: "stdout", time: "2026-01-01T00:00:00.000000001Z" })}\n`;
const document = { Id: ID, State: { ExitCode: 3 }, Config: { Env: ["PASSWORD=canary", "plain"] } };
const container = (more: Partial<Container>): Container => ({ id: ID, target: { namespace: null, workload: "job", replica: null }, name: "job", image: "i", imageId: "i", state: "running", health: "none", exitCode: null, oomKilled: false, error: null, createdAt: 1, startedAt: 1, finishedAt: null, restartCount: 0, restartPolicy: "no", autoRemove: true, ports: [], labels: {}, labelsCut: 0, ...more });
const gone = () => Promise.reject(new AgentFailure("not_found", "There is no such container any more."));

function makeBoxes(options: Partial<BlackBoxOptions> = {}) {
  const kept: BlackBox[] = [];
  const clock = createTestClock();
  const boxes = createBlackBoxes({
    runtime: { inspect: () => Promise.resolve(document) },
    lastLines: () => Promise.resolve({ lines: entry("last words"), cut: 0, why: null }),
    window: () => [{ at: 1, cpu: 0.5, memory: 2, memoryLimit: null }],
    keep: (box) => (kept.push(BlackBox.parse(box)), Promise.resolve()),
    clock, log: silentLog,
    ...options,
  });
  let seq = 0;
  return { boxes, kept, clock, note: (more: Parameters<typeof happened>[1]) => boxes.note(happened("job", { id: ID, ...more }), { epoch: 1, seq: ++seq }) };
}
const settled = () => new Promise<void>((resolve) => void setImmediate(resolve));

describe("a black box", () => {
  it("is filled at each death, lack of memory and turn to unhealthy, and at nothing else", async () => {
    const { kept, note } = makeBoxes();
    note({ kind: "start" });
    note({ kind: "health", health: "unhealthy" });
    note({ kind: "health", health: "unhealthy" }); // some engines say it after each check
    note({ kind: "health", health: "healthy" });
    note({ kind: "health", health: "unhealthy" });
    note({ kind: "oom" });
    note({ kind: "die", exitCode: 137 });
    note({ kind: "stop" });
    note({ kind: "die", exitCode: 1 });
    await expect.poll(() => kept.length).toBe(5);
    expect(kept.map(({ event }) => event.seq)).toEqual([2, 5, 6, 7, 9]);
    expect(kept[0]).toEqual({
      event: { epoch: 1, seq: 2 }, at: 1, id: ID, target: { namespace: null, workload: "job", replica: null },
      lines: entry("last words"), linesCut: 0, linesWhy: null,
      inspect: { ...document, Config: { Env: [`PASSWORD=${MASK}`, `plain=${MASK}`] } }, inspectWhy: null,
      window: [{ at: 1, cpu: 0.5, memory: 2, memoryLimit: null }],
    });
  });

  it("of a container that the engine removes at its death holds the document kept ready, with its secrets masked", async () => {
    let inspect = () => Promise.resolve<Record<string, unknown>>(document);
    const { boxes, kept, note } = makeBoxes({ runtime: { inspect: () => inspect() } });
    boxes.seen(container({ state: "created" }));
    boxes.seen(container({ state: "running" }));
    await settled();
    inspect = gone;
    note({ kind: "die" });
    boxes.gone(ID); // right behind the death
    await expect.poll(() => kept.length).toBe(1);
    expect(kept[0]).toMatchObject({ inspect: { State: { ExitCode: 3 } }, inspectWhy: expect.stringContaining("removed it as soon as it ended") as string });
    expect(JSON.stringify(kept)).not.toContain("canary");
    note({ kind: "die" });
    await expect.poll(() => kept.length).toBe(2);
    expect(kept[1]).toMatchObject({ inspect: null, inspectWhy: "There is no such container any more." });
  });

  it("asks for no documents of containers that stay", async () => {
    let asked = 0;
    const { boxes } = makeBoxes({ runtime: { inspect: () => (asked++, Promise.resolve(document)) } });
    boxes.seen(container({ autoRemove: false }));
    boxes.seen(container({}));
    boxes.seen(container({ health: "healthy" }));
    await settled();
    expect(asked).toBe(1);
  });

  it("comes without the lines when they take too long or cannot be read, and says why", async () => {
    const never = makeBoxes({ lastLines: () => new Promise(() => {}) });
    never.note({ kind: "die" });
    await settled();
    never.clock.advance(10_000);
    await expect.poll(() => never.kept.length).toBe(1);
    expect(never.kept[0]).toMatchObject({ lines: "", linesWhy: expect.stringContaining("within 10 s") as string, inspect: { State: {} } });
    const broken = makeBoxes({ lastLines: () => { throw new Error("a bug"); } });
    broken.note({ kind: "die" });
    await expect.poll(() => broken.kept.length).toBe(1);
    expect(broken.kept[0]?.linesWhy).toMatch(/own log says more/);
  });

  it("is there for every death of a storm, though only some are filled, and a few at a time", async () => {
    let at = 0;
    let most = 0;
    const answers: (() => void)[] = [];
    const { boxes, kept } = makeBoxes({ lastLines: () => { most = Math.max(most, ++at); return new Promise((resolve) => answers.push(() => { at--; resolve({ lines: entry("x"), cut: 0, why: null }); })); } });
    for (let n = 1; n <= 1_000; n++) boxes.note(happened("job", { kind: "die", id: id(n) }), { epoch: 1, seq: n });
    await expect.poll(() => { answers.splice(0).forEach((answer) => answer()); return kept.length; }, { interval: 1, timeout: 20_000 }).toBe(1_000);
    expect(most).toBeLessThanOrEqual(4);
    expect(new Set(kept.map(({ event }) => event.seq)).size).toBe(1_000);
    const skipped = kept.filter(({ linesWhy }) => linesWhy !== null);
    expect(skipped.length).toBeGreaterThan(700);
    expect(skipped.every(({ linesWhy, inspectWhy }) => linesWhy === inspectWhy && linesWhy?.startsWith("Too much happened"))).toBe(true);
  });
});

describe("the document of a black box", () => {
  it("and the lines, at their worst, are still one record that can be sent", () => {
    const { lines } = cutLines(entry("\"\\".repeat(1_000)).repeat(200), 200, null);
    const { json } = boundInspect({ Config: { Labels: Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`l${i}`, "\"".repeat(1_000)])) } });
    const box: BlackBox = { event: { epoch: 1, seq: 1 }, at: 1, id: ID, target: { namespace: null, workload: "w", replica: null }, lines, linesCut: 0, linesWhy: null, inspect: JSON.parse(json) as Record<string, unknown>, inspectWhy: null, window: Array.from({ length: LIMITS.boxPoints }, () => ({ at: 1_790_000_000_000.123, cpu: 0.123_456_789, memory: 123_456_789_012, memoryLimit: 123_456_789_012 })) };
    expect(lines.length).toBeGreaterThan(200_000);
    expect(JSON.stringify({ frame: "box", epoch: 2_147_483_647, seq: 2_147_483_647, box }).length).toBeLessThan(LIMITS.lineBytes);
    expect(writeLine(1, { frame: "box", box: { ...box, event: 1 } })).not.toBeNull();
  });

  it("loses its largest parts where it is too long, and says which", () => {
    const { json, why } = boundInspect({ Id: ID, State: { ExitCode: 3 }, Config: { Labels: { huge: "x".repeat(LIMITS.boxInspectBytes) } } });
    expect(JSON.parse(json)).toEqual({ Id: ID, State: { ExitCode: 3 } });
    expect(why).toContain("Config");
    const many = boundInspect(Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`part${i}`, "y".repeat(1_000)])));
    expect(many.json.length).toBeLessThanOrEqual(LIMITS.boxInspectBytes);
    expect(many.why).toMatch(/and \d+ more/);
  });
});
