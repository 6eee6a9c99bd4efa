/**
 * Ten minutes without a link, on clocks that the test moves: what an agent's own record holds of them reaches the
 * hub's database once and whole, whatever else ends on the way.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeGround, happened, type Ground } from "@/agent/spool/testing";
import type { Spool } from "@/agent/spool/spool";
import type { Cursor, Frame } from "@/protocol/shapes";
import { createFleetRepo } from "@/server/domains/fleet/repo";
import { createFleetStage, list, measured, type Stage, testContainer, type TestStream, until } from "@/server/domains/fleet/testing";

const MINUTE = 60_000;
const web = testContainer("web");

describe("a host that was cut off for ten minutes", () => {
  let s: Stage;
  let ground: Ground;
  let spool: Spool;
  let hostId: string;
  let drop: () => void;
  /** The stream that the hub reads now. */
  let current: TestStream | null = null;
  /** What happened and was measured, as the test knows it. */
  let truth: { deaths: number[]; samples: number[] };
  let start: number;
  beforeEach(async () => {
    s = await createFleetStage();
    ground = makeGround();
    spool = await ground.start();
    hostId = await s.join("web");
    truth = { deaths: [], samples: [] };
    start = ground.clock.now();
  });
  afterEach(async () => {
    await spool.close();
    await ground.remove();
    await s.drop();
  });

  /** The agent's side of a stream: everything after `after`, then what comes; `limit` records at most. */
  function report(after: Cursor | null, stream: TestStream, gone: AbortSignal, limit: number): void {
    current = stream;
    const reader = spool.reader(after);
    stream.send({ frame: "open", at: ground.clock.now(), to: spool.last() }, list(web));
    let wake = () => undefined as void;
    const unsubscribe = spool.subscribe(() => wake());
    const mine = spool;
    void (async () => {
      for (let sent = 0; !gone.aborted && mine === spool && sent < limit; ) {
        const frame = (await reader.next(ground.clock.now())) as Frame | null;
        if (gone.aborted) break;
        if (frame) {
          stream.send(frame);
          sent += 1;
        } else await new Promise<void>((resolve) => (wake = resolve, gone.addEventListener("abort", () => resolve(), { once: true })));
      }
      unsubscribe();
      await reader.close();
    })();
  }
  function connect(limit = Infinity): void {
    const gone = new AbortController();
    const lost = s.gateway.connect(hostId, {
      telemetry: (after, stream) => report(after, stream, gone.signal, limit),
      call: async (verb, input) => (verb === "telemetry.keep" ? (await spool.keep((input as { upTo: Cursor }).upTo), {}) : {}),
    });
    drop = () => {
      current = null;
      gone.abort();
      lost();
    };
  }

  /** Time passes on both machines: a sample each 10 s, a death with its black box each 25 s. */
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 5_000) {
      ground.clock.advance(5_000);
      s.clock.advance(5_000);
      const at = ground.clock.now();
      const { frames } = s.fleet.stats();
      current?.send({ frame: "beat", at, listedAt: at });
      // The hub hears of it before more time passes: silence is measured on its clock.
      if (current) await until(() => s.fleet.stats().frames > frames);
      if ((at - start) % 10_000 === 0) {
        spool.append("sample", measured(at, [{ id: web.id, cpu: 0.5 }]));
        truth.samples.push(at);
      }
      if (passed % MINUTE === 0) await spool.written();
      if ((at - start) % 25_000 !== 0) continue;
      const event = spool.append("event", happened("web", { at, kind: "die", id: web.id, exitCode: 1 }));
      spool.append("box", { event, at, id: web.id, target: web.target, lines: "", linesCut: 0, linesWhy: null, inspect: { at }, inspectWhy: null, window: [] });
      truth.deaths.push(at);
    }
    await spool.written();
  }

  /** Everything that was counted is stored, once. */
  async function settled(): Promise<void> {
    await until(async () => {
      await s.fleet.flush();
      s.clock.advance(100);
      const host = await s.database.db.host.findUniqueOrThrow({ where: { id: hostId } });
      const last = spool.last();
      return host.cursorEpoch === last.epoch && host.cursorSeq === last.seq;
    }, "all to be stored");
  }
  async function stored() {
    const { db } = s.database;
    const [events, samples, boxes, gaps] = [await db.eventRow.findMany({ orderBy: { at: "asc" } }), await db.sampleRow.findMany({ orderBy: { at: "asc" } }), await db.boxRow.findMany({ orderBy: { at: "asc" } }), await db.gapRow.count()];
    return { events, samples, boxes, gaps };
  }
  async function nothingIsMissing() {
    const { events, samples, boxes, gaps } = await stored();
    expect(events.map(({ at }) => at.getTime())).toEqual(truth.deaths);
    expect(samples.map(({ at }) => at.getTime())).toEqual(truth.samples);
    expect(boxes.map(({ at, eventEpoch, eventSeq }) => [at.getTime(), eventEpoch, eventSeq])).toEqual(events.map(({ at, epoch, seq }) => [at.getTime(), epoch, seq]));
    return { all: [...events, ...samples, ...boxes], gaps };
  }

  it("has every sample, event and black box of that time, once, and each of them is marked as filled in later", async () => {
    connect();
    await pass(2 * MINUTE);
    await settled();
    drop();
    const from = ground.clock.now();
    await pass(10 * MINUTE);
    const to = ground.clock.now();
    connect();
    await until(() => s.fleet.host(hostId)?.link === "up");
    await settled();
    await pass(MINUTE);
    await settled();
    const { all, gaps } = await nothingIsMissing();
    expect(gaps).toBe(0);
    for (const { at, late } of all) expect(late, at.toISOString()).toBe(at.getTime() > from && at.getTime() <= to);
    expect(all.filter(({ late }) => late).length).toBe(60 + 24 * 2);
  });

  it("has all of it also when the agent is killed and starts again in that time", async () => {
    connect();
    await pass(MINUTE);
    await settled();
    drop();
    await pass(5 * MINUTE);
    await spool.close();
    spool = await ground.start();
    await pass(5 * MINUTE);
    connect();
    await settled();
    await nothingIsMissing();
    expect(new Set((await stored()).events.map(({ epoch }) => epoch)).size).toBe(2);
  });

  it("has all of it also when links break in the middle of the replay, again and again", async () => {
    connect();
    await pass(MINUTE);
    await settled();
    drop();
    await pass(10 * MINUTE);
    for (let seen = 0; seen < 5; seen += 1) {
      const before = s.fleet.stats().frames;
      connect(10);
      await until(() => s.fleet.stats().frames === before + 2 + 10);
      // Some of it is stored and some is only read when the link goes.
      if (seen % 2 === 0) await s.fleet.flush();
      drop();
    }
    connect();
    await settled();
    await nothingIsMissing();
  });

  it("has all of it also when the hub ends before it has stored what it read", async () => {
    connect();
    await pass(MINUTE);
    await settled();
    drop();
    await pass(10 * MINUTE);
    const real = createFleetRepo(s.database.db);
    await s.fleet.stop();
    let writes = 0;
    await s.start({ saveRecords: async (...all) => (++writes > 1 ? Promise.reject(new Error("database or disk is full")) : real.saveRecords(...all)) });
    connect();
    await until(() => s.fleet.stats().unsavedRecords > 50);
    await s.fleet.flush();
    drop();
    await pass(MINUTE);
    await s.fleet.stop();
    await s.start();
    connect();
    await settled();
    await nothingIsMissing();
  });

  it("shows the hole where its record was full", async () => {
    await spool.close();
    await ground.remove();
    ground = makeGround();
    spool = await ground.start({ maxBytes: 100_000, segmentBytes: 10_000 });
    connect();
    await pass(MINUTE);
    await settled();
    drop();
    const from = ground.clock.now();
    await pass(120 * MINUTE);
    connect();
    await settled();
    const { events, samples, gaps } = await stored();
    expect(gaps).toBe(1);
    const hole = await s.database.db.gapRow.findFirstOrThrow();
    const since = hole.since?.getTime() ?? 0;
    const until = hole.until?.getTime() ?? 0;
    expect(since).toBeGreaterThanOrEqual(from - 10_000);
    const kept = [...events, ...samples].map(({ at }) => at.getTime());
    // What is not in the hole is there, and nothing is in it.
    expect(kept.filter((at) => at > since && at < until)).toEqual([]);
    const outside = (at: number) => at <= since || at >= until;
    expect(samples.map(({ at }) => at.getTime())).toEqual(expect.arrayContaining(truth.samples.filter((at) => outside(at) && at !== until)));
    const { gaps: shown } = await s.fleet.history(`${hostId}/-/web/-`);
    expect(shown).toMatchObject([{ since, until }]);
  });
});
