import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Frame } from "@/protocol/shapes";
import { createFleetRepo } from "./repo";
import { createFleetStage, happened, list, type Stage, testContainer, until } from "./testing";

describe("events of the fleet", () => {
  let s: Stage;
  beforeEach(async () => {
    s = await createFleetStage();
  });
  afterEach(() => s.drop());

  it("are stored once, however often they come, and read on from where they were stored", async () => {
    const web = await s.join("web");
    const agent = s.connect(web, [testContainer("a")]);
    await s.linked(web);
    agent.send({ frame: "event", event: happened(1) }, { frame: "event", event: happened(2) }, { frame: "event", event: happened(1) }, { frame: "event", event: happened(9) });
    await until(() => s.fleet.stats().unsavedRecords === 3);
    await s.fleet.stop();
    expect(await s.database.db.eventRow.count()).toBe(3);
    await s.start();
    const again = s.connect(web, []);
    await until(() => again.opened.length === 1);
    expect(again.opened[0]?.after).toEqual({ epoch: 1, seq: 9 });
    again.send({ frame: "event", event: happened(2) });
    await s.fleet.flush();
    expect(await s.database.db.eventRow.count()).toBe(3);
  });
  it("are asked for from the hub's place also where the agent counts from a lower one, and it says where it goes on", async () => {
    const web = await s.join("web");
    await s.database.db.host.update({ where: { id: web }, data: { cursorEpoch: 50, cursorSeq: 7 } });
    await s.fleet.stop();
    await s.start();
    const agent = s.connect(web, []);
    await until(() => agent.opened.length === 1);
    expect(agent.opened[0]?.after).toEqual({ epoch: 50, seq: 7 });
    agent.send({ frame: "gap", at: 1, from: null, to: { epoch: 1, seq: 1 }, since: null, until: null, why: "Its directory is older." }, { frame: "event", event: happened(1) });
    await until(() => s.fleet.stats().unsavedRecords === 2);
    await s.fleet.flush();
    expect(await s.database.db.host.findUnique({ where: { id: web }, select: { cursorEpoch: true, cursorSeq: true } })).toEqual({ cursorEpoch: 1, cursorSeq: 1 });
    expect(await s.database.db.eventRow.count()).toBe(1);
  });
  it("that could not be stored are read from the agent again", async () => {
    const real = createFleetRepo(s.database.db);
    let full = true;
    await s.fleet.stop();
    await s.start({ saveRecords: (...all) => (full ? Promise.reject(new Error("database or disk is full")) : real.saveRecords(...all)) });
    const web = await s.join("web");
    const sent = 20_100;
    const agent = s.connect(web, [], {}, (after, stream) => {
      stream.send(list());
      for (let seq = (after?.seq ?? 0) + 1; seq <= sent; seq += 1) stream.send({ frame: "event", event: happened(seq) });
    });
    await until(() => s.fleet.stats().behind === 1, "the buffer to be full");
    expect(s.fleet.stats().unsavedRecords).toBe(20_000);
    await s.fleet.flush();
    expect(s.fleet.host(web)?.link).toBe("up");
    full = false;
    await until(async () => {
      await s.fleet.flush();
      s.clock.advance(100);
      return (await s.database.db.eventRow.count()) === sent;
    });
    expect(agent.opened.at(-1)?.after).toEqual({ epoch: 1, seq: 20_000 });
  }, 20_000);
  it("are paged backwards without losing those of one moment", async () => {
    const web = await s.join("web");
    const agent = s.connect(web, [testContainer("a")]);
    await s.linked(web);
    for (let seq = 1; seq <= 250; seq += 1) agent.send({ frame: "event", event: happened(seq, { at: 1_000 * Math.ceil(seq / 3) + 0.25 }) });
    await until(() => s.fleet.stats().unsavedRecords === 250);
    const key = `${web}/-/a/-`;
    const seen: number[] = [];
    for (let before: number | undefined; ; ) {
      const { events, next } = await s.fleet.history(key, before);
      seen.push(...events.map((event) => event.seq));
      expect(events.length).toBeLessThanOrEqual(100);
      if (next === null) break;
      before = next;
    }
    expect(seen).toEqual(Array.from({ length: 250 }, (_, i) => 250 - i));
    await expect(s.fleet.history("nonsense")).rejects.toMatchObject({ code: "bad_input" });
    await expect(s.fleet.history("host_foreign/-/a/-")).rejects.toMatchObject({ code: "not_found" });
  });
  it("are kept for thirty days after they came, whatever their host's clock says", async () => {
    const web = await s.join("web");
    const agent = s.connect(web, []);
    await s.linked(web);
    const now = s.clock.now();
    agent.send(...[400, 1].map((days, i): Frame => ({ frame: "event", event: happened(i + 1, { at: now - days * 86_400_000 }) })));
    await until(() => s.fleet.stats().unsavedRecords === 2);
    await s.fleet.flush();
    expect(await s.fleet.sweep()).toBe(0);
    s.clock.jump(31 * 86_400_000);
    agent.send({ frame: "event", event: happened(3, { at: now + 31 * 86_400_000 }) });
    await until(() => s.fleet.stats().unsavedRecords === 1);
    await s.fleet.flush();
    expect(await s.fleet.sweep()).toBe(2);
    expect((await s.database.db.eventRow.findMany()).map((row) => row.seq)).toEqual([3]);
  });
  it("are kept up to a number", async () => {
    const web = await s.join("web");
    const agent = s.connect(web, []);
    await s.linked(web);
    agent.send(...Array.from({ length: 10 }, (_, i): Frame => ({ frame: "event", event: happened(i + 1) })));
    await until(() => s.fleet.stats().unsavedRecords === 10);
    await s.fleet.flush();
    expect(await s.repo.sweepEvents(4, 100)).toBe(6);
    expect((await s.database.db.eventRow.findMany()).map((row) => row.seq).sort((a, b) => a - b)).toEqual([7, 8, 9, 10]);
  });
});
