import { truncateSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LIMITS } from "@/protocol/limits";
import { createLogIndex, parseEntries } from "@/protocol/log-text";
import { ID } from "./testing-engine";
import { collect, engineWith, open, range, toLive, upTo } from "./testing-reader";

describe("a file that is cut or replaced under its reader", () => {
  it.each(["rename", "unlink"] as const)("loses nothing with a single file that is followed (%s)", async (single) => {
    const { engine, logs } = engineWith({ maxFile: 1, single });
    const reader = await open(logs);
    await collect(reader, toLive);
    let told = 0;
    for (let turn = 0; turn < 10; turn++) {
      engine.lines(12);
      const { said } = await collect(reader, upTo(engine.written() - 1));
      expect(said).toEqual(range(told, engine.written()));
      told = engine.written();
    }
    expect(engine.rotations()).toBeGreaterThan(4);
  });

  it.each(["rename", "unlink"] as const)("says a gap when a single file was replaced more often than it was read (%s)", async (single) => {
    const { engine, logs } = engineWith({ maxFile: 1, single });
    const reader = await open(logs);
    engine.lines(5);
    await collect(reader, upTo(4));
    engine.lines(200);
    const { said } = await collect(reader, upTo(204));
    const gap = said.indexOf("gap");
    expect(gap).toBeGreaterThan(0);
    expect(said.filter((one) => one === "gap")).toHaveLength(1);
    expect(said.slice(0, gap)).toEqual(range(5, 5 + gap));
    expect(said.slice(gap + 1)).toEqual(range(said[gap + 1] as number, 205));
  });

  it.each([
    ["shorter than what was read", 1],
    ["longer again by the time it is looked at", 30],
  ])("says a gap and begins anew when the file was cut and is %s", async (_what, more) => {
    const { engine, logs } = engineWith({ maxSize: 1e9 });
    const reader = await open(logs);
    engine.lines(10);
    const { cursor } = await collect(reader, upTo(9));
    engine.cut();
    engine.lines(more);
    expect((await collect(reader, upTo(9 + more))).said).toEqual(["gap", ...range(10, 10 + more)]);
    const { said } = await collect(await open(logs, { at: "cursor", cursor: cursor ?? "" }), toLive);
    expect(said).toEqual(["gap", ...range(10, 10 + more)]);
  });

  it("passes over the hole that a writer leaves in a file that was cut", async () => {
    const { engine, logs } = engineWith({ maxSize: 1e9 });
    engine.cut(3_000_000);
    engine.lines(3);
    expect((await collect(await open(logs), toLive)).said).toEqual([0, 1, 2]);
    expect((await collect(await open(logs, { at: "tail", lines: 2 }), toLive)).said).toEqual([1, 2]);
  });

  it("tells no line before it is whole", async () => {
    const { engine, logs } = engineWith();
    const reader = await open(logs);
    engine.lines(1);
    engine.raw(`{"log":"00000001 half`);
    expect((await collect(reader, toLive)).said).toEqual([0]);
    engine.raw(` and half\\n","stream":"stdout","time":"2026-11-28T16:38:55Z"}\n`);
    expect((await collect(reader, upTo(1))).said).toEqual([1]);
  });

  it("tells what a crash left half written, as it is, when the file is done", async () => {
    const { engine, logs } = engineWith();
    engine.lines(1);
    engine.raw(`{"log":"half`);
    engine.rotate();
    engine.lines(1);
    const { pieces } = await collect(await open(logs), toLive);
    const index = createLogIndex();
    const texts = pieces.flatMap((piece) => {
      const chunk = piece.what === "text" ? index.push(piece.text, piece.form) : null;
      return Array.from({ length: chunk?.lines ?? 0 }, (_, i) => chunk?.line(i).text.slice(0, 12));
    });
    expect(texts).toEqual(["00000000 xxx", `{"log":"half`, "00000001 xxx"]);
  });

  it("says what is damaged in a compressed file, and goes on behind it", async () => {
    const { engine, logs } = engineWith({ compress: true, maxFile: 4, maxSize: 20_000 });
    engine.lines(500, 400);
    truncateSync(`${engine.path}.2.gz`, 300);
    const { said } = await collect(await open(logs), toLive);
    expect(said.filter((one) => one === "gap")).toHaveLength(1);
    expect(said.slice(-10)).toEqual(range(490, 500));
    const page = await logs.page(ID, null, 2_000, new AbortController().signal);
    expect("text" in page && parseEntries(page.text).at(-1)?.text.slice(0, 8)).toBe("00000499");
  });

  it("says what is damaged between the records of the local driver, with its size", async () => {
    const { engine, logs } = engineWith({ driver: "local", maxSize: 1e9 });
    engine.lines(2);
    engine.raw(Buffer.from([0, 0, 0, 9, 1, 2, 3]));
    engine.lines(2);
    const { said, pieces } = await collect(await open(logs), toLive);
    expect(said).toEqual([0, 1, "gap", 2, 3]);
    expect(pieces.find(({ what }) => what === "gap")).toMatchObject({ bytes: 7 });
  });
});

describe("lines in parts", () => {
  const half = "a".repeat(16_384);
  it("are not cut by a page, nor by where a reader begins, also over a rotation and between two streams", async () => {
    const { engine, logs } = engineWith({ maxSize: 100_000, maxFile: 3 });
    for (let i = 0; i < 12; i++) {
      engine.say(half);
      engine.say(`err ${i}\n`, "stderr");
      engine.say(`${half} ${i}\n`);
    }
    expect(engine.rotations()).toBeGreaterThan(2);
    for (let lines = 1; lines <= 9; lines++) {
      const page = await logs.page(ID, null, lines, new AbortController().signal);
      const read = "text" in page ? parseEntries(page.text) : [];
      expect(read.length).toBeLessThanOrEqual(lines + 1); // two that are woven into each other
      expect(read.length).toBeGreaterThan(lines / 2);
      for (const { text, stream } of read) expect(text).toMatch(stream === "stderr" ? /^err \d+$/ : /^a{32768} \d+$/);
    }
    const { pieces } = await collect(await open(logs, { at: "tail", lines: 4 }), toLive);
    const text = pieces.map((piece) => (piece.what === "text" ? Buffer.from(piece.text).toString() : "")).join("");
    expect(parseEntries(text).every((line) => /^(err \d+|a{32768} \d+)$/.test(line.text))).toBe(true);
  });

  it("of the local driver are joined as the engine marked them, whatever bytes they hold", async () => {
    const { engine, logs } = engineWith({ driver: "local", maxSize: 1e9 });
    engine.say("one ");
    engine.say("line \0\\\"\n");
    const { pieces } = await collect(await open(logs), toLive);
    const text = pieces.map((piece) => (piece.what === "text" ? Buffer.from(piece.text).toString() : "")).join("");
    expect(parseEntries(text).map((line) => line.text)).toEqual([`one line \0\\"`]);
  });

  it("that never end come in batches of a bounded size", async () => {
    const { engine, logs } = engineWith({ maxSize: 1e9 });
    engine.raw("z".repeat(3 << 20));
    const reader = await open(logs);
    const { pieces } = await collect(reader, toLive);
    const texts = pieces.flatMap((piece) => (piece.what === "text" ? [piece.text.length] : []));
    expect(Math.max(...texts)).toBeLessThanOrEqual(LIMITS.logBatchBytes);
    expect(texts.reduce((sum, length) => sum + length, 0)).toBe(3 << 20);
    const page = await logs.page(ID, null, 10, new AbortController().signal);
    expect("text" in page && page.text.length).toBeLessThanOrEqual(LIMITS.logPageBytes);
  });
});
