import { randomBytes } from "node:crypto";
import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LIMITS } from "@/protocol/limits";
import { Frame, type Cursor } from "@/protocol/shapes";
import type { Spool } from "./spool";
import { brief, drain, ended, type Ground, happened, makeGround } from "./testing";

let ground: Ground;
const open: Spool[] = [];
beforeEach(() => void (ground = makeGround()));
afterEach(async () => {
  for (const spool of open.splice(0)) await spool.close();
  await ground.remove();
});
async function start(options: Parameters<Ground["start"]>[0] = {}): Promise<Spool> {
  const spool = await ground.start(options);
  open.push(spool);
  return spool;
}
async function read(spool: Spool, after: Cursor | null): Promise<string[]> {
  const reader = spool.reader(after);
  const said = (await drain(reader)).map((frame) => brief(Frame.parse(frame) as typeof frame));
  await reader.close();
  return said;
}
async function filled(spool: Spool, count: number, name = "e"): Promise<void> {
  for (let i = 1; i <= count; i++) spool.append("event", happened(`${name}${i}`));
  await spool.written();
}
const bytes = () => ground.files().reduce((sum, name) => sum + statSync(join(ground.records, name)).size, 0);
const path = (index: number) => join(ground.records, ground.files().at(index) ?? "none");

describe("what is counted", () => {
  it("of every kind comes out as it went in, at its place, whatever characters it holds", async () => {
    const spool = await start();
    const event = spool.append("event", happened("\u0000\n\r\u2028\ud83d\ude00é", { kind: "die", exitCode: 3 }));
    const sample = { at: 5, spanMs: null, host: null, containers: [] };
    spool.append("sample", sample);
    const box = { event, at: 6, id: "ab".repeat(32), target: { namespace: null, workload: "w", replica: null }, lines: '{"log":"a\\n"}\n', linesCut: 0, linesWhy: null, inspect: { a: [1] }, inspectWhy: null, window: [] };
    spool.append("box", box);
    spool.append("outcome", { step: "step-0001", outcome: ended });
    spool.noteGap({ since: 9, until: 7, why: "the clock was set back" });
    await spool.written();
    const frames = await drain(spool.reader(null));
    for (const frame of frames) expect(Frame.parse(frame)).toEqual(frame);
    expect(frames).toEqual([
      { frame: "event", event: { epoch: 1, seq: 1, ...happened("\u0000\n\r\u2028\ud83d\ude00é", { kind: "die", exitCode: 3 }) } },
      { frame: "sample", epoch: 1, seq: 2, sample },
      { frame: "box", epoch: 1, seq: 3, box },
      { frame: "outcome", epoch: 1, seq: 4, step: "step-0001", outcome: ended },
      { frame: "gap", at: ground.clock.now(), from: { epoch: 1, seq: 5 }, to: { epoch: 1, seq: 6 }, since: null, until: 7, why: "the clock was set back" },
    ]);
    expect(spool.last()).toEqual({ epoch: 1, seq: 5 });
  });

  it("is replayed from any place, and nothing twice", async () => {
    const spool = await start();
    expect(await read(spool, null)).toEqual([]);
    await filled(spool, 4);
    expect(await read(spool, null)).toEqual(["1:1 e1", "1:2 e2", "1:3 e3", "1:4 e4"]);
    expect(await read(spool, { epoch: 1, seq: 2 })).toEqual(["1:3 e3", "1:4 e4"]);
    expect(await read(spool, { epoch: 1, seq: 4 })).toEqual([]);
  });

  it("is told to a waiting reader as soon as it is written, before any disk is waited for", async () => {
    const spool = await start();
    const reader = spool.reader(null);
    expect(await reader.next(0)).toBeNull();
    let roused = () => {};
    const told = new Promise<void>((resolve) => (roused = resolve));
    spool.subscribe(roused);
    spool.append("event", happened("live"));
    await told; // the clock of this test stands still, so nothing was synced
    expect(await reader.next(0)).toMatchObject({ frame: "event", event: { name: "live" } });
    await reader.close();
  });

  it("that is too long to send becomes a gap, and what follows goes on", async () => {
    const spool = await start();
    spool.append("event", happened("x".repeat(LIMITS.lineBytes)));
    await filled(spool, 1);
    expect(await read(spool, null)).toEqual(["gap 1:1-1:2", "1:2 e1"]);
  });
});

describe("over a restart", () => {
  it("what the hub has not kept is replayed, then what this run counted, with the time between as a gap", async () => {
    const first = await start();
    await filled(first, 3, "old");
    await first.close();
    ground.clock.advance(60_000);
    const second = await start();
    await filled(second, 2, "new");
    const frames = await drain(second.reader({ epoch: 1, seq: 1 }));
    expect(frames.map(brief)).toEqual(["1:2 old2", "1:3 old3", "gap 1:4-2:2", "2:2 new1", "2:3 new2"]);
    expect(frames[2]).toMatchObject({ since: 1, until: ground.clock.now() });
    expect(second.earlier).toMatchObject({ last: { epoch: 1, seq: 3 }, at: 1 });
    expect(second.earlier.events.map(({ name }) => name)).toEqual(["old1", "old2", "old3"]);
  });

  it("a hub that heard more than reached the disk is told nothing twice", async () => {
    const first = await start();
    await filled(first, 3, "old");
    const second = await start();
    expect(await read(second, { epoch: 1, seq: 7 })).toEqual(["gap 1:8-2:2"]);
    expect(await read(second, { epoch: 2, seq: 1 })).toEqual([]);
  });

  it("records that are newer than the count of starts are passed on, and this run is counted beyond them", async () => {
    const first = await ground.start({ epoch: 9 });
    await filled(first, 2, "old");
    const second = await start({ epoch: 3 });
    await filled(second, 1, "new");
    expect(await read(second, { epoch: 9, seq: 2 })).toEqual(["9:3 old2", "gap 9:4-10:2", "10:2 new1"]);
    expect(ground.remembered).toBe(10);
  });

  it.each([1, 7, 30, 100, 180])("a tail that was torn off %i bytes before its end is a gap, and all before it is whole", async (missing) => {
    await filled(await start(), 5, "old");
    truncateSync(path(-1), statSync(path(-1)).size - missing);
    const second = await start();
    await filled(second, 1, "new");
    expect(await read(second, { epoch: 1, seq: 0 })).toEqual(["1:1 old1", "1:2 old2", "1:3 old3", "1:4 old4", "gap 1:5-2:2", "2:2 new1"]);
  });
});

describe("damage", () => {
  it("costs the records that it touches, and each is said to be lost", async () => {
    await filled(await start(), 5, "old");
    const whole = readFileSync(path(0));
    const second = await start();
    await second.written();
    const lines = whole.toString().split("\n");
    const third = whole.indexOf(lines[2] ?? "");
    for (const at of [third, third + 8, third + 9, third + 30, third + (lines[2]?.length ?? 0)]) {
      const hurt = Buffer.from(whole);
      hurt[at] = (hurt[at] ?? 0) ^ 1;
      writeFileSync(path(0), hurt);
      const frames = await drain(second.reader({ epoch: 1, seq: 0 }));
      const atNewline = at === third + (lines[2]?.length ?? 0);
      expect(frames.map(brief)).toEqual(["1:1 old1", "1:2 old2", ...(atNewline ? ["gap 1:3-1:5"] : ["gap 1:3-1:4", "1:4 old4"]), "1:5 old5", "gap 1:6-2:2"]);
      expect(frames[2]).toMatchObject({ why: expect.stringContaining("damaged") as string });
    }
  });

  it("of any length is passed over, without holding it", async () => {
    await filled(await start(), 2, "old");
    appendFileSync(path(-1), Buffer.alloc(5 << 20, 120));
    const second = await start();
    await filled(second, 1, "new");
    expect(await read(second, { epoch: 1, seq: 1 })).toEqual(["1:2 old2", "gap 1:3-2:2", "2:2 new1"]);
  });
});

describe("the bound", () => {
  const small = { maxBytes: 20_000, segmentBytes: 4_000 };

  it("holds on the disk, and a reader that fell behind it is told what is lost", async () => {
    const spool = await start(small);
    const slow = spool.reader(null);
    for (let i = 1; i <= 300; i++) {
      spool.append("event", happened(`e${i}`, { at: i }));
      if (i % 10 === 0) await spool.written();
      if (i === 10) expect(await slow.next(0)).toMatchObject({ event: { seq: 1 } });
      expect(bytes()).toBeLessThanOrEqual(small.maxBytes);
    }
    const frames = await drain(spool.reader({ epoch: 1, seq: 1 }));
    const [gap, first] = frames;
    expect(gap).toMatchObject({ frame: "gap", from: { epoch: 1, seq: 2 }, since: 1, why: expect.stringContaining("More happened") as string });
    expect(first).toMatchObject({ frame: "event", event: gap && "to" in gap ? gap.to : {} });
    expect(gap && "until" in gap && gap.until).toBe(first && "event" in first && first.event.at);
    expect(frames.at(-1)).toMatchObject({ event: { seq: 300 } });
    expect((await drain(slow)).at(-1)).toMatchObject({ event: { seq: 300 } });
    await slow.close();
  });

  it("frees what the hub has, and only that", async () => {
    const spool = await start(small);
    for (let i = 0; i < 6; i++) await filled(spool, 10);
    const before = bytes();
    await spool.keep({ epoch: 7, seq: 1 }); // a place that was never given
    expect(bytes()).toBe(before);
    await spool.keep({ epoch: 1, seq: 30 });
    expect(bytes()).toBeLessThan(before);
    expect((await read(spool, { epoch: 1, seq: 30 })).length).toBe(30);
    await spool.keep({ epoch: 1, seq: 60 });
    expect(ground.files()).toHaveLength(1);
  });

  it("is told to a hub that was restored from an older backup as what it is", async () => {
    const spool = await start({ segmentBytes: 40_000 });
    for (let i = 0; i < 6; i++) await filled(spool, 10, randomBytes(1_500).toString("hex"));
    await spool.keep({ epoch: 1, seq: 55 });
    const frames = await drain(spool.reader({ epoch: 1, seq: 5 }));
    expect(frames[0]).toMatchObject({ frame: "gap", from: { seq: 6 }, why: expect.stringContaining("hub's data is older") as string });
  });
});

describe("a hub that knows more than the agent", () => {
  it("gets other places for what it does not have, and what it has is not told again as something else", async () => {
    await filled(await start(), 3, "had");
    const second = await start();
    await filled(second, 2, "new");
    await second.surpass({ epoch: 8, seq: 40 });
    expect(ground.remembered).toBe(9);
    expect(second.last()).toEqual({ epoch: 9, seq: 3 });
    await filled(second, 1, "later");
    expect(await read(second, { epoch: 8, seq: 40 })).toEqual(["gap 8:41-9:2", "9:2 new1", "9:3 new2", "9:4 later1"]);
    const third = await start();
    expect(await read(third, { epoch: 9, seq: 3 })).toEqual(["9:4 later1", "gap 9:5-10:2"]);
  });

  it("cannot push the count over its end", async () => {
    const spool = await start();
    await spool.surpass({ epoch: 2_147_483_647, seq: 2_147_483_647 });
    expect(spool.last()).toEqual({ epoch: 1, seq: 0 });
  });
});

describe("a disk that is full", () => {
  it("stops nothing: what comes is held in memory and told, and written when there is room", async () => {
    const spool = await start();
    await filled(spool, 2, "before");
    ground.full = true;
    await filled(spool, 3, "during");
    expect(await read(spool, { epoch: 1, seq: 1 })).toEqual(["1:2 before2", "1:3 during1", "1:4 during2", "1:5 during3"]);
    ground.full = false;
    ground.clock.advance(5_000);
    await filled(spool, 1, "after");
    await spool.close();
    expect(await read(await start(), { epoch: 1, seq: 2 })).toEqual(["1:3 during1", "1:4 during2", "1:5 during3", "1:6 after1", "gap 1:7-2:2"]);
  });

  it("for longer than memory goes ends in a gap, and not in more memory", async () => {
    const spool = await start({ waitingBytes: 2_000 });
    await filled(spool, 2, "before");
    ground.full = true;
    await filled(spool, 100, "during");
    ground.full = false;
    ground.clock.advance(5_000);
    await spool.written();
    const frames = await drain(spool.reader({ epoch: 1, seq: 2 }));
    expect(frames[0]).toMatchObject({ frame: "gap", from: { seq: 3 }, why: expect.stringContaining("full or failed") as string });
    expect(frames.length).toBeLessThan(12);
    expect(frames.at(-1)).toMatchObject({ event: { name: "during100" } });
  });

  it("from the start on is no reason not to start", async () => {
    ground.full = true;
    const spool = await start();
    await filled(spool, 2);
    expect(await read(spool, null)).toEqual(["1:1 e1", "1:2 e2"]);
  });
});
