import { describe, expect, it } from "vitest";
import { LIMITS } from "@/protocol/limits";
import { createTestClock } from "../../clock";
import { type Place, readPlace, writePlace } from "./place";
import { frame, give, line, stamp, unitsOf } from "./testing";
import { createTold } from "./told";
import { createUnitStream, type End, type Said } from "./unit-stream";
import type { UnitForm } from "./units";

interface Setup { form?: UnitForm; place?: Place | null; windowBytes?: number; overruns?: boolean }
function setUp({ form = "multiplexed", place = null, windowBytes = 1 << 20, overruns = true }: Setup = {}) {
  const clock = createTestClock();
  const told = createTold(place, windowBytes);
  const calls = { ready: 0, resumed: 0 };
  const stream = createUnitStream({ form, told, clock, skipTo: place, overruns, onReady: () => (calls.ready += 1), resume: () => (calls.resumed += 1) });
  const drain = (): Said[] => {
    const said: Said[] = [];
    for (;;) {
      clock.advance(10);
      const next = stream.next();
      if (!next) return said;
      said.push(next);
    }
  };
  const texts = (): string[] => drain().flatMap((said) => (said.what === "segment" ? unitsOf(said.segment.bytes, form) : [`engine: ${said.words}`]));
  return { clock, told, stream, calls, drain, texts };
}
const numbered = (from: number, count: number) => Array.from({ length: count }, (_, i) => line((from + i) * 1_000_000, `line ${from + i}`));
const textOf = (unit: Buffer) => unit.toString("utf8", 8);

describe("what comes in", () => {
  it.each([1, 3, 7, 8, 9, 40, 1_000, 100_000])("goes out unchanged and in batches that end with a line, cut into reads of %i bytes", (size) => {
    const { stream, drain, told } = setUp();
    const all = Buffer.concat([...numbered(0, size < 10 ? 20 : 300), line(400_000_000, "err", 2), frame(`${stamp(500_000_000)} \n`)]);
    give(stream, all, size);
    stream.ended(null);
    const said = drain();
    expect(Buffer.concat(said.map((one) => (one.what === "segment" ? one.segment.bytes : Buffer.alloc(0)))).equals(all)).toBe(true);
    const places = said.flatMap((one) => (one.what === "segment" ? [writePlace(one.segment.from), writePlace(one.segment.to)] : []));
    for (let i = 1; i < places.length - 1; i += 2) expect(places[i]).toBe(places[i + 1]);
    expect(places.at(-1)).toBe(writePlace(told.place()!));
    expect(stream.end()).toEqual({ how: "ended", why: null } satisfies End);
  });

  it("keeps the parts of a long line together, though each has a time stamp of its own in mid-line", () => {
    const { stream, drain } = setUp();
    const parts = [frame(`${stamp(1)} ${"a".repeat(16_384)}`), frame(`${stamp(1)} ${"a".repeat(16_384)}`), frame(`${stamp(1)} ${"b".repeat(7_000)}\n`)];
    give(stream, Buffer.concat([line(0, "before"), parts[0]!, parts[1]!]));
    expect(drain().map((said) => said.what === "segment" && unitsOf(said.segment.bytes).length)).toEqual([1]);
    give(stream, parts[2]!);
    const [whole] = drain();
    expect(whole?.what === "segment" && whole.segment.bytes.equals(Buffer.concat(parts))).toBe(true);
    expect(whole?.what === "segment" && writePlace(whole.segment.to)).toMatch(/^t:\d+:3:[0-9a-f]{8}$/);
  });

  it("is cut into batches no longer than the bound, a line of 10 MB as well", () => {
    const { stream, drain } = setUp();
    const sizes: number[] = [];
    const part = frame(`${stamp(5)} ${"x".repeat(16_384)}`);
    for (let i = 0; i < 640; i++) {
      give(stream, part);
      for (const said of drain()) if (said.what === "segment") sizes.push(said.segment.bytes.length);
    }
    stream.ended(null);
    for (const said of drain()) if (said.what === "segment") sizes.push(said.segment.bytes.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(LIMITS.logBatchBytes);
    expect(sizes.reduce((a, b) => a + b)).toBe(part.length * 640);
  });

  it("of a TTY goes out in lines, with what was never ended at the end", () => {
    const { stream, drain, texts } = setUp({ form: "stamped" });
    give(stream, Buffer.from(`${stamp(1)} one\r\n${stamp(2)} \r\n${stamp(3)} pro`), 5);
    expect(texts()).toEqual([`${stamp(1)} one\r\n`, `${stamp(2)} \r\n`]);
    give(stream, Buffer.from("mpt"));
    stream.ended(null);
    expect(drain().map((said) => said.what === "segment" && said.segment.bytes.toString())).toEqual([`${stamp(3)} prompt`]);
  });

  it("with a header that claims 4 GiB ends there, after all that came before it", () => {
    const { stream, texts } = setUp();
    give(stream, Buffer.concat([line(1, "good"), frame("x", 1, 0xffff_ffff), line(2, "after")]));
    expect(stream.end()).toBeNull();
    expect(texts()).toEqual([textOf(line(1, "good"))]);
    expect(stream.end()).toMatchObject({ how: "broken" });
  });
  it.each([[frame("x", 9)], [Buffer.from("HTTP/1.1 200 OK\r\n")], [Buffer.from([1, 1, 0, 0, 0, 0, 0, 1, 65])]])("with what is no header at all ends as well", (bytes) => {
    const { stream, texts } = setUp();
    give(stream, Buffer.concat([line(1, "good"), bytes]));
    expect(texts()).toHaveLength(1);
    expect(stream.end()).toMatchObject({ how: "broken" });
  });
  it("tells the engine's own words about what it could not read, in their place", () => {
    const { stream, texts } = setUp();
    give(stream, Buffer.concat([line(1, "one"), frame("Error grabbing logs: invalid character", 3), line(2, "two")]));
    expect(texts()).toEqual([textOf(line(1, "one")), "engine: Error grabbing logs: invalid character", textOf(line(2, "two"))]);
  });
  it("is offered at once after a quiet spell, and gathered for a moment in a busy one", () => {
    const { stream, calls, clock } = setUp();
    clock.advance(1_000);
    give(stream, line(1, "one"));
    expect(calls.ready).toBe(1);
    expect(stream.next()).not.toBeNull();
    clock.advance(1);
    give(stream, line(2, "two"));
    expect(calls.ready).toBe(1);
    expect(stream.next()).toBeNull();
    clock.advance(4);
    expect(calls.ready).toBe(2);
    expect(stream.next()).not.toBeNull();
  });
  it("is not read further while nobody takes it", () => {
    const { stream, drain, calls } = setUp();
    const block = (n: number) => Buffer.concat(Array.from({ length: 20 }, (_, i) => line(n * 1_000 + i, "x".repeat(1_000))));
    let isGoingOn = true;
    let given = 0;
    for (; isGoingOn && given < 100; given++) isGoingOn = stream.took(block(given).copy(stream.room()));
    expect(given * block(0).length).toBeLessThan(LIMITS.logBatchBytes + 2 * block(0).length);
    expect(calls.resumed).toBe(0);
    drain();
    expect(calls.resumed).toBeGreaterThan(0);
  });
});

describe("what comes twice", () => {
  it("is left out, in rows and alone, and what is new around it is kept", () => {
    const { stream, texts } = setUp();
    const lines = numbered(0, 1_000);
    give(stream, Buffer.concat(lines), 4_000);
    expect(texts()).toHaveLength(1_000);
    give(stream, Buffer.concat([...lines.slice(267), ...numbered(1_000, 5), lines[999]!, ...numbered(1_005, 1)]), 5_000);
    expect(texts()).toEqual(numbered(1_000, 6).map(textOf));
  });
  it("is left out also where only the last line is told again", () => {
    const { stream, texts } = setUp();
    give(stream, Buffer.concat([...numbered(0, 3), ...numbered(2, 1), ...numbered(3, 1)]));
    expect(texts()).toEqual(numbered(0, 4).map(textOf));
  });
  it("is no repeat where only its time lies behind: two streams are a little out of order", () => {
    const { stream, texts } = setUp();
    const lines = [line(5_000, "out"), line(4_000, "err", 2), line(6_000, "out"), line(5_500, "err", 2)];
    give(stream, Buffer.concat(lines));
    expect(texts()).toEqual(lines.map(textOf));
  });
  it("is told apart from the equal parts of one long line", () => {
    const { stream, texts } = setUp();
    const part = frame(`${stamp(1)} ${"a".repeat(16_384)}`);
    give(stream, Buffer.concat([part, part, part, frame(`${stamp(1)} a\n`)]), 10_000);
    expect(texts()).toHaveLength(4);
  });
  it("is not thought to come from an engine that repeats nothing and tells whole seconds", () => {
    const { stream, texts } = setUp({ windowBytes: 0 });
    const tick = frame("2026-11-28T12:00:01Z tick\n");
    give(stream, Buffer.concat([tick, tick, tick]));
    expect(texts()).toHaveLength(3);
  });
  it("ends where a clock was set back: what is new is told, and quickly", () => {
    const { stream, texts } = setUp();
    const late = Array.from({ length: 2_000 }, (_, i) => line(3_000_000_000_000 + i, `late ${i}`));
    const early = Array.from({ length: 20_000 }, (_, i) => line(i * 1_000, `early ${i}`));
    give(stream, Buffer.concat(late), 8_000);
    const before = texts().length;
    give(stream, Buffer.concat(early), 8_000);
    stream.ended(null);
    expect(before + texts().length).toBe(22_000);
  });
});

describe("going on from a place", () => {
  const placeBehind = (units: Buffer[]): Place => {
    const { stream, told, texts } = setUp();
    give(stream, Buffer.concat(units));
    texts();
    return readPlace(writePlace(told.place()!))!;
  };
  it("leaves out all up to it and nothing after it", () => {
    const lines = numbered(0, 10);
    const { stream, texts } = setUp({ place: placeBehind(lines.slice(0, 6)) });
    give(stream, Buffer.concat(lines));
    expect(texts()).toEqual(lines.slice(6).map(textOf));
  });
  it("finds it among lines that are out of order", () => {
    const lines = [line(5_000, "a"), line(4_000, "b", 2), line(6_000, "c"), line(5_500, "d", 2)];
    for (let told = 1; told <= lines.length; told++) {
      const { stream, texts } = setUp({ place: placeBehind(lines.slice(0, told)) });
      give(stream, Buffer.concat(lines));
      expect(texts()).toEqual(lines.slice(told).map(textOf));
    }
  });
  it("counts lines of one time, as of an engine that tells whole seconds", () => {
    const tick = frame("2026-11-28T12:00:01Z tick\n");
    const all = [tick, tick, tick, frame("2026-11-28T12:00:01Z tock\n"), tick, frame("2026-11-28T12:00:02Z tick\n")];
    for (let told = 1; told <= all.length; told++) {
      const source = setUp({ windowBytes: 0 });
      give(source.stream, Buffer.concat(all.slice(0, told)));
      source.texts();
      const { stream, texts } = setUp({ place: source.told.place(), windowBytes: 0 });
      give(stream, Buffer.concat(all));
      expect(texts()).toEqual(all.slice(told).map(textOf));
    }
  });
  it("goes on counting where it went on in mid-time", () => {
    const tick = frame("2026-11-28T12:00:01Z tick\n");
    const first = setUp({ windowBytes: 0 });
    give(first.stream, Buffer.concat([tick, tick]));
    first.texts();
    const second = setUp({ place: first.told.place(), windowBytes: 0 });
    give(second.stream, Buffer.concat([tick, tick, tick]));
    expect(second.texts()).toHaveLength(1);
    expect(second.told.place()?.ordinal).toBe(3);
  });
  it("says when it will not come any more", () => {
    const { stream, texts } = setUp({ place: placeBehind(numbered(0, 3)) });
    give(stream, line(60_000_000_000, "much later"));
    expect(texts()).toEqual([]);
    expect(stream.end()).toEqual({ how: "overrun" });
  });
});

describe("a place", () => {
  it("is written and read without loss, and nothing else is taken for one", () => {
    for (const text of ["t:0:0", "t:1795884039752218639:1:9e52acaa", "t:1795884039000000000:77", "t:999:1:00000000"]) expect(writePlace(readPlace(text)!)).toBe(text);
    for (const text of ["", "t:", "t:1", "f:0:0", "t:-1:0", "t:1:2:xyz", "t:1e9:0", `t:${"9".repeat(30)}:0`]) expect(readPlace(text)).toBeNull();
  });
});
