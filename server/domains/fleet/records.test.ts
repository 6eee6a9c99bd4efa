import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Cursor, Frame } from "@/protocol/shapes";
import { createFleetRepo } from "./repo";
import { boxed, createFleetStage, happened, list, measured, sampled, type Stage, testContainer, until } from "./testing";

const event = (seq: number, over: Parameters<typeof happened>[1] = {}): Frame => ({ frame: "event", event: happened(seq, over) });
const gap = (to: number, over: Partial<Extract<Frame, { frame: "gap" }>> = {}): Frame => ({
  frame: "gap", at: 9_000, from: { epoch: 1, seq: 1 }, to: { epoch: 1, seq: to }, since: 1_000, until: 5_000, why: "The agent was stopped.", ...over,
});
const outcome = (seq: number, step = "step_12345678"): Frame => ({
  frame: "outcome", epoch: 1, seq, step, outcome: { state: "succeeded", error: null, settledBy: "record", startedAt: 1, finishedAt: 2 },
});

describe("counted records", () => {
  let s: Stage;
  beforeEach(async () => {
    s = await createFleetStage();
  });
  afterEach(() => s.drop());

  const unsaved = (count: number) => until(() => s.fleet.stats().unsavedRecords === count, `${count} unsaved records`);
  const counts = async () => {
    const { db } = s.database;
    return { events: await db.eventRow.count(), samples: await db.sampleRow.count(), boxes: await db.boxRow.count(), gaps: await db.gapRow.count() };
  };
  /** A host whose agent notes what it was told to keep no longer. */
  function connect(hostId: string, report?: Parameters<Stage["connect"]>[3]) {
    const kept: Cursor[] = [];
    const agent = s.connect(hostId, [testContainer("a")], {
      call: async (verb, input) => {
        if (verb === "telemetry.keep") kept.push((input as { upTo: Cursor }).upTo);
        return {};
      },
    }, report);
    return { ...agent, kept };
  }

  it("are stored once, of every kind, the cursor with them, and only then the agent may forget them", async () => {
    const real = createFleetRepo(s.database.db);
    let commit = () => undefined as void;
    await s.fleet.stop();
    await s.start({ saveRecords: async (...all) => {
      await new Promise<void>((resolve) => (commit = resolve));
      return real.saveRecords(...all);
    } });
    const web = await s.join("web");
    const agent = connect(web);
    await s.linked(web);
    const all = [event(1), gap(2), sampled(2, measured(2_000)), event(3), boxed(4), outcome(5)];
    agent.send(...all, ...all);
    await until(() => s.fleet.stats().repeatedRecords === 6);
    const written = s.fleet.flush();
    await until(() => (commit(), s.fleet.stats().unsavedRecords === 6));
    expect(agent.kept).toEqual([]);
    await until(() => (commit(), agent.kept.length === 1), "the agent to be told");
    await written;
    expect(agent.kept).toEqual([{ epoch: 1, seq: 5 }]);
    expect(await counts()).toEqual({ events: 2, samples: 1, boxes: 1, gaps: 1 });
    expect(await s.database.db.host.findFirst({ select: { cursorEpoch: true, cursorSeq: true } })).toEqual({ cursorEpoch: 1, cursorSeq: 5 });
  });

  it("change nothing when they come again after the hub lost its place", async () => {
    const web = await s.join("web");
    const all = [event(1), sampled(2, measured(2_000)), event(3), boxed(4), gap(5)];
    connect(web).send(...all);
    await unsaved(5);
    await s.fleet.flush();
    const before = [await s.database.db.eventRow.findMany(), await s.database.db.sampleRow.findMany(), await s.database.db.boxRow.findMany(), await s.database.db.gapRow.findMany()];
    await s.fleet.stop();
    await s.database.db.host.updateMany({ data: { cursorEpoch: 0, cursorSeq: 0 } });
    await s.start();
    s.clock.advance(60_000);
    connect(web).send({ frame: "open", at: 1, to: { epoch: 1, seq: 5 } }, ...all.map((frame) => (frame.frame === "event" ? event(frame.event.seq, { name: "other" }) : frame)));
    await unsaved(5);
    await s.fleet.flush();
    expect([await s.database.db.eventRow.findMany(), await s.database.db.sampleRow.findMany(), await s.database.db.boxRow.findMany(), await s.database.db.gapRow.findMany()]).toEqual(before);
  });

  it("that were counted before a link are late, except before the first link ever", async () => {
    const web = await s.join("web");
    const first = connect(web);
    first.send({ frame: "open", at: 1, to: { epoch: 1, seq: 2 } }, event(1), event(2), event(3));
    await unsaved(3);
    first.drop();
    const second = connect(web);
    second.send({ frame: "open", at: 1, to: { epoch: 1, seq: 5 } }, event(4), sampled(5, measured(5_000)), event(6), boxed(7));
    await unsaved(7);
    await s.fleet.flush();
    expect((await s.database.db.eventRow.findMany({ orderBy: { seq: "asc" } })).map(({ seq, late }) => [seq, late])).toEqual([[1, false], [2, false], [3, false], [4, true], [6, false]]);
    expect(await s.database.db.sampleRow.findMany({ select: { seq: true, late: true } })).toEqual([{ seq: 5, late: true }]);
    expect((await s.database.db.boxRow.findMany())[0]?.late).toBe(false);
    // A hub that was stopped meanwhile was away as well.
    await s.fleet.stop();
    await s.start();
    connect(web).send({ frame: "open", at: 1, to: { epoch: 2, seq: 1 } }, event(8), { frame: "event", event: happened(1, { epoch: 2 }) }, { frame: "event", event: happened(2, { epoch: 2 }) });
    await unsaved(3);
    await s.fleet.flush();
    const { events } = await s.fleet.history(`${web}/-/a/-`);
    expect(new Map(events.map(({ epoch, seq, late }) => [`${epoch}:${seq}`, late]))).toEqual(new Map([["1:1", false], ["1:2", false], ["1:3", false], ["1:4", true], ["1:6", false], ["1:8", true], ["2:1", true], ["2:2", false]]));
  });

  it("are told as kept once a second at most, and the last of them at last", async () => {
    const web = await s.join("web");
    const agent = connect(web);
    await s.linked(web);
    for (let seq = 1; seq <= 20; seq += 1) {
      agent.send(event(seq));
      await unsaved(1);
      await s.fleet.flush();
    }
    expect(agent.kept).toEqual([{ epoch: 1, seq: 1 }]);
    s.clock.advance(1_000);
    await until(() => agent.kept.length === 2);
    expect(agent.kept[1]).toEqual({ epoch: 1, seq: 20 });
    // A new link may not have heard of it.
    agent.drop();
    const again = connect(web);
    await until(() => again.kept.length === 1);
    expect(again.kept).toEqual([{ epoch: 1, seq: 20 }]);
  });

  it("that the database refuses are put aside and shown as a gap, and all others are stored", async () => {
    const real = createFleetRepo(s.database.db);
    await s.fleet.stop();
    await s.start({ saveRecords: async (records, cursors) => {
      if (records.some(({ body }) => body.kind === "event" && body.event.name === "poison")) throw new Error("string or blob too big");
      return real.saveRecords(records, cursors);
    } });
    const web = await s.join("web");
    const agent = connect(web);
    await s.linked(web);
    agent.send(...Array.from({ length: 40 }, (_, i) => event(i + 1, { name: i === 17 || i === 30 ? "poison" : "a" })));
    await unsaved(40);
    await s.fleet.flush();
    expect(s.fleet.stats()).toMatchObject({ unsavedRecords: 0, putAside: 2, failures: 0 });
    expect(await counts()).toMatchObject({ events: 38, gaps: 2 });
    expect((await s.fleet.history(`${web}/-/a/-`)).gaps).toMatchObject([{ since: 31_000, until: 31_000 }, { since: 18_000, until: 18_000, why: "Binnacle could not store one event of this host." }]);
    await until(() => agent.kept.length === 1);
    expect(agent.kept).toEqual([{ epoch: 1, seq: 40 }]);
  });

  it("that hold half characters are stored as text, and end nothing", async () => {
    const web = await s.join("web");
    const agent = connect(web);
    await s.linked(web);
    const frames = [event(1, { name: "HALF", target: { namespace: null, workload: "HALF", replica: null } }), boxed(2, { lines: "HALF", inspect: { HALF: "HALF" }, linesWhy: "HALF" }), gap(3, { why: "HALF" })];
    for (const frame of frames) agent.raw(`${JSON.stringify(frame).replaceAll("HALF", "\\udc00x\\ud83d")}\n`);
    await unsaved(3);
    await s.fleet.flush();
    expect(await counts()).toMatchObject({ events: 1, boxes: 1, gaps: 1 });
    expect(await s.fleet.box({ hostId: web, epoch: 1, seq: 2 }, { lines: true, inspect: true })).toMatchObject({ lines: "\ufffdx\ufffd", inspect: { "\ufffdx\ufffd": "\ufffdx\ufffd" }, linesWhy: "\ufffdx\ufffd" });
    expect(s.fleet.host(web)?.link).toBe("up");
  });

  it("of an agent that does not know the hub's place go on from where it says", async () => {
    const web = await s.join("web");
    const agent = connect(web);
    await s.linked(web);
    agent.send(event(50), gap(3, { from: null, since: null, until: null, at: 70_000 }), event(3), event(4));
    await unsaved(4);
    await s.fleet.flush();
    expect((await s.database.db.eventRow.findMany()).map(({ seq }) => seq).sort((a, b) => a - b)).toEqual([3, 4, 50]);
    expect((await s.fleet.history(`${web}/-/a/-`)).gaps).toEqual([{ at: 70_000, since: null, until: null, why: "The agent was stopped." }]);
    expect(await s.database.db.host.findFirst({ select: { cursorSeq: true } })).toEqual({ cursorSeq: 4 });
  });

  it("whose outcome cannot be recorded yet are told again, and the cursor waits for it", async () => {
    const told: string[] = [];
    let refuse = true;
    s.onOutcome = async (hostId, step) => {
      told.push(`${hostId}/${step}`);
      if (refuse) throw new Error("database is locked");
    };
    const web = await s.join("web");
    const agent = connect(web);
    await s.linked(web);
    agent.send(event(1), outcome(2));
    await unsaved(2);
    await s.fleet.flush();
    expect([s.fleet.stats().unsavedRecords, agent.kept]).toEqual([2, []]);
    refuse = false;
    await s.fleet.flush();
    expect(told).toEqual([`${web}/step_12345678`, `${web}/step_12345678`]);
    await until(() => agent.kept.length === 1);
    expect(agent.kept).toEqual([{ epoch: 1, seq: 2 }]);
  });

  it("of a hub that ended before it stored them are asked for again", async () => {
    await s.fleet.stop();
    await s.start({ saveRecords: () => Promise.reject(new Error("database or disk is full")) });
    const web = await s.join("web");
    connect(web).send(event(1), sampled(2, measured(2_000)));
    await unsaved(2);
    await s.fleet.stop();
    expect(await counts()).toMatchObject({ events: 0, samples: 0 });
    await s.start();
    const again = connect(web, (after, stream) => stream.send(list(), ...[event(1), sampled(2, measured(2_000))].slice(after?.seq ?? 0)));
    await unsaved(2);
    expect(again.opened[0]?.after).toBeNull();
    await s.fleet.flush();
    expect(await counts()).toMatchObject({ events: 1, samples: 1 });
  });

  it("are kept as long as they are needed: measurements two hours, and so many of one host", async () => {
    const web = await s.join("web");
    const agent = connect(web);
    await s.linked(web);
    // A clock that is years off keeps nothing shorter or longer.
    agent.send(sampled(1, measured(0)), sampled(2, measured(253_402_300_799_999)));
    await unsaved(2);
    s.clock.jump(3_600_000);
    agent.send(sampled(3, measured(5)));
    await unsaved(3);
    await s.fleet.flush();
    s.clock.jump(3_600_000);
    expect(await s.fleet.sweep()).toBe(0);
    s.clock.jump(3_000_000);
    expect(await s.fleet.sweep()).toBe(2);
    agent.send(...Array.from({ length: 1_500 }, (_, i) => sampled(4 + i, measured(i))));
    await unsaved(1_500);
    await s.fleet.flush();
    expect(await s.fleet.sweep()).toBe(61);
    expect(await s.database.db.sampleRow.findFirst({ orderBy: { seq: "asc" }, select: { seq: true } })).toEqual({ seq: 64 });
  });
});
