import { afterEach, describe, expect, it } from "vitest";
import type { LogCursor, LogStart } from "@/protocol/logs";
import { systemClock } from "../../clock";
import { eventually } from "@/tests/lab/eventually";
import type { LogPiece, LogReader } from "../log-reader";
import { createApiLogs } from "./api-logs";
import { createFakeEngine, frame, line, stamp, unitsOf } from "./testing";

const aborts: AbortController[] = [];
afterEach(() => aborts.splice(0).forEach((abort) => abort.abort()));

/** Reads on its own and keeps what it is given. */
async function follow(engine: ReturnType<typeof createFakeEngine>, start: LogStart = { at: "oldest" }, isFollowed = true) {
  const abort = new AbortController();
  aborts.push(abort);
  const reader = (await createApiLogs({ runtime: engine.runtime, clock: systemClock }).open("a".repeat(64), start, { follow: isFollowed, signal: abort.signal })) as LogReader;
  const pieces: LogPiece[] = [];
  const over = (async () => {
    try {
      for (;;) {
        const piece = await reader.read();
        pieces.push(piece);
        if (piece.what === "end") return;
      }
    } catch (error) {
      if (!abort.signal.aborted) throw error;
    }
  })();
  const texts = () => pieces.flatMap((piece) => (piece.what === "text" ? unitsOf(piece.text).map((unit) => unit.slice(31, -1)) : []));
  const kinds = () => pieces.map(({ what }) => what).filter((what) => what !== "text");
  const stop = async () => {
    abort.abort();
    await over;
  };
  const lastTo = (): LogCursor => (pieces.findLast((piece) => piece.what === "text") as { to: LogCursor }).to;
  return { reader, pieces, texts, kinds, over, stop, lastTo, live: () => eventually("it is live", () => kinds().includes("live")) };
}
const second = 1_000_000_000;
const lines = (from: number, count: number) => Array.from({ length: count }, (_, i) => line((from + i) * 10_000_000, `l${from + i}`));
const names = (from: number, count: number) => Array.from({ length: count }, (_, i) => `l${from + i}`);

describe("a followed log", () => {
  it("is told from its tail, then live, then as it is written", async () => {
    const engine = createFakeEngine();
    engine.log.push(...lines(0, 100));
    const log = await follow(engine, { at: "tail", lines: 3 });
    await log.live();
    expect(log.texts()).toEqual(names(97, 3));
    engine.write(...lines(100, 2));
    await eventually("what is new", () => log.texts().length === 5);
    expect(log.kinds()).toEqual(["live"]);
    expect(log.pieces[0]).toMatchObject({ what: "text", from: expect.stringMatching(/^t:\d+:0:[0-9a-f]{8}$/) });
  });
  it("of no lines is live at once", async () => {
    const log = await follow(createFakeEngine());
    await log.live();
    expect(log.pieces).toEqual([{ what: "live" }]);
  });
  it("goes on where an answer ended while the container runs, without loss or repeat", async () => {
    const engine = createFakeEngine();
    engine.log.push(...lines(0, 50));
    const log = await follow(engine);
    await log.live();
    for (let round = 0; round < 4; round++) {
      engine.write(...lines(50 + round * 10, 5));
      engine.follows.at(-1)?.end(round % 2 ? "reset" : null);
      engine.log.push(...lines(55 + round * 10, 5)); // written while nobody listened
      await eventually("all of it", () => log.texts().length === 60 + round * 10);
    }
    expect(log.texts()).toEqual(names(0, 90));
    expect(log.kinds()).toEqual(["live"]);
  });
  it("goes on from any place on another connection", async () => {
    const engine = createFakeEngine();
    const disordered = [line(5 * second, "a"), line(4.9 * second, "b", 2), line(6 * second, "c"), frame(`${stamp(7 * second)} ${"x".repeat(100)}`), frame(`${stamp(7 * second)} y\n`), line(7 * second, "d"), line(6.5 * second, "e", 2)];
    engine.log.push(...disordered.slice(0, 1));
    const log = await follow(engine);
    await log.live();
    for (const unit of disordered.slice(1)) {
      engine.write(unit);
      await new Promise((resolve) => setTimeout(resolve, 10)); // so that it is a batch of its own
    }
    await eventually("all is told", () => log.texts().length === 7);
    const cuts = log.pieces.filter((piece) => piece.what === "text");
    for (const [i, cut] of cuts.entries()) {
      const rest = await follow(engine, { at: "cursor", cursor: cut.to });
      await rest.live();
      expect([...cuts.slice(0, i + 1).flatMap((piece) => unitsOf(piece.text)), ...rest.pieces.flatMap((piece) => (piece.what === "text" ? unitsOf(piece.text) : []))]).toEqual(cuts.flatMap((piece) => unitsOf(piece.text)));
      expect(rest.kinds()).toEqual(["live"]);
    }
  });
  it("says a gap where the place to go on from was rotated away, and tells what is left", async () => {
    const engine = createFakeEngine();
    engine.log.push(...lines(0, 50));
    const first = await follow(engine);
    await first.live();
    await first.stop();
    engine.log.splice(0);
    engine.log.push(...lines(5_000, 20));
    const log = await follow(engine, { at: "cursor", cursor: first.lastTo() });
    await eventually("the rest", () => log.texts().length === 20);
    expect(log.texts()).toEqual(names(5_000, 20));
    expect(log.pieces[0]).toMatchObject({ what: "gap", bytes: null, why: expect.stringContaining("rotates"), to: first.lastTo() });
    expect(log.kinds().filter((what) => what === "gap")).toHaveLength(1);
  });
  it("finds its place also where the clock was set back since", async () => {
    const engine = createFakeEngine();
    engine.log.push(...lines(0, 10), ...Array.from({ length: 5 }, (_, i) => line(3_000 * second + i, `late${i}`)));
    const log = await follow(engine);
    await log.live();
    const early = Array.from({ length: 3 }, (_, i) => line(10 * second + i, `early${i}`));
    engine.write(...early);
    await eventually("what came after", () => log.texts().length === 18);
    await log.stop();
    engine.log.push(line(11 * second, "later"));
    const rest = await follow(engine, { at: "cursor", cursor: log.lastTo() });
    await eventually("what is new", () => rest.texts().length > 0);
    expect(rest.texts()).toEqual(["later"]);
    expect(rest.kinds()).not.toContain("gap");
  });
  it("says a gap for a header that claims 4 GiB, and goes on after what it had told", async () => {
    const engine = createFakeEngine();
    engine.log.push(...lines(0, 5));
    const log = await follow(engine);
    await log.live();
    engine.follows.at(-1)?.give(frame("x", 1, 0xffff_ffff));
    engine.log.push(...lines(5, 5));
    await eventually("what came after", () => log.texts().length === 10);
    expect(log.texts()).toEqual(names(0, 10));
    expect(log.kinds()).toEqual(["live", "gap"]);
  });
  it("waits for an engine that is away, and for a stopped container to run again", async () => {
    const engine = createFakeEngine();
    engine.log.push(...lines(0, 5));
    const log = await follow(engine);
    await log.live();
    engine.state.away = true;
    engine.follows.at(-1)?.end("reset");
    await new Promise((resolve) => setTimeout(resolve, 100));
    engine.log.push(...lines(5, 5));
    engine.state.away = false;
    await eventually("what was said meanwhile", () => log.texts().length === 10);
    engine.state.running = false;
    engine.follows.at(-1)?.end();
    await eventually("it was asked once more", () => engine.follows.length >= 3);
    engine.follows.at(-1)?.end();
    engine.state.running = true;
    engine.log.push(...lines(10, 1));
    await eventually("it runs again", () => log.texts().length === 11);
    expect(log.texts()).toEqual(names(0, 11));
    expect(log.kinds()).toEqual(["live"]);
  });
  it("ends when the container is gone", async () => {
    const engine = createFakeEngine();
    engine.log.push(...lines(0, 5));
    const log = await follow(engine);
    await log.live();
    engine.write(...lines(5, 1));
    engine.state.gone = true;
    engine.follows.at(-1)?.end();
    await log.over;
    expect(log.texts()).toEqual(names(0, 6));
    expect(log.pieces.at(-1)).toMatchObject({ what: "end", gone: true });
  });
  it("is taken up again where it fell silent although the log went on", async () => {
    const engine = createFakeEngine();
    engine.log.push(...lines(0, 5));
    const log = await follow(engine);
    await log.live();
    engine.log.push(...lines(5, 5)); // and the follow is not told
    await eventually("it was noticed", () => log.texts().length === 10);
    expect(log.texts()).toEqual(names(0, 10));
  });
  it("tells a place of another kind of reading as a gap, and goes on with what is new", async () => {
    const engine = createFakeEngine();
    engine.log.push(...lines(0, 5));
    const log = await follow(engine, { at: "cursor", cursor: "f:0123456789abcdef:77" });
    await log.live();
    engine.write(...lines(5, 1));
    await eventually("what is new", () => log.texts().length === 1);
    expect(log.kinds()).toEqual(["gap", "live"]);
  });
});

describe("a log read once", () => {
  it("ends with its last line", async () => {
    const engine = createFakeEngine();
    engine.log.push(...lines(0, 1_000));
    const log = await follow(engine, { at: "time", since: Date.UTC(2026, 10, 28, 12, 0, 5) }, false);
    await log.over;
    expect(log.texts()).toEqual(names(500, 500));
    expect(log.pieces.at(-1)).toMatchObject({ what: "end", gone: false });
  });
  it.each([{ at: "tail", lines: 0 }, { at: "time", since: Date.UTC(2030, 0, 1) }] as LogStart[])("ends at once where nothing is asked for: %j", async (start) => {
    const engine = createFakeEngine();
    engine.log.push(...lines(0, 5));
    const log = await follow(engine, start, false);
    await log.over;
    expect(log.pieces).toHaveLength(1);
  });
  it("is read on where the driver ended early, and says a gap where it does so for good", async () => {
    const engine = createFakeEngine();
    engine.log.push(...lines(0, 30));
    const whole = engine.runtime.openLog.bind(engine.runtime);
    let answers = 0;
    // The end is known by one answer; then each brings ten lines more, and at last none.
    engine.runtime.openLog = (id, request, receiver) => {
      if (request.tail === 1) return whole(id, request, receiver);
      answers += 1;
      const all = engine.log.splice(answers < 3 ? answers * 10 : 20);
      return whole(id, request, receiver).finally(() => setTimeout(() => engine.log.push(...all), 20));
    };
    const log = await follow(engine, { at: "oldest" }, false);
    await log.over;
    expect(log.texts()).toEqual(names(0, 20));
    expect(log.kinds()).toEqual(["gap", "end"]);
  });
});

describe("a page", () => {
  it("has the lines before a place, page by page to the first, without a hole or a repeat", async () => {
    const engine = createFakeEngine();
    engine.log.push(...lines(0, 1_234));
    const logs = createApiLogs({ runtime: engine.runtime, clock: systemClock });
    const found: string[] = [];
    let before: LogCursor | null = null;
    for (let pages = 0; pages < 50; pages++) {
      const page = await logs.page("a".repeat(64), before, 100, new AbortController().signal);
      if (!("text" in page)) throw new Error(page.why);
      found.unshift(...page.text.trim().split("\n").map((entry) => (JSON.parse(entry) as { log: string }).log.trim()));
      before = page.from;
      if (page.first) break;
    }
    expect(found).toEqual(names(0, 1_234));
  });
  it("ends before a moment, and is empty before the first line", async () => {
    const engine = createFakeEngine();
    engine.log.push(...lines(0, 100));
    const logs = createApiLogs({ runtime: engine.runtime, clock: systemClock });
    const page = await logs.page("a".repeat(64), { until: Date.UTC(2026, 10, 28, 12, 0, 0, 500) }, 10, new AbortController().signal);
    expect("text" in page && page.text.split("\n").map((entry) => entry && (JSON.parse(entry) as { log: string }).log.trim())).toEqual([...names(40, 10), ""]);
    const none = await logs.page("a".repeat(64), { until: 5 }, 10, new AbortController().signal);
    expect(none).toMatchObject({ text: "", from: null, first: true });
  });
});
