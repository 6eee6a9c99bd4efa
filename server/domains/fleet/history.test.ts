import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Frame } from "@/protocol/shapes";
import type { Role } from "@/server/domains/access/permissions";
import { createTestClock } from "@/server/lib/clock";
import { silentLogger } from "@/server/lib/logger";
import { t } from "@/server/trpc/init";
import { createFleetRouter } from "./router";
import { boxed, createFleetStage, happened, type Stage, testContainer, until } from "./testing";

const event = (seq: number, over: Parameters<typeof happened>[1] = {}): Frame => ({ frame: "event", event: happened(seq, over) });
const gap = (to: number, since: number | null, until: number | null): Frame => ({ frame: "gap", at: 1_000 * to, from: { epoch: 1, seq: to - 1 }, to: { epoch: 1, seq: to }, since, until, why: "The agent was stopped." });

describe("what is kept of a target", () => {
  let s: Stage;
  let web: string;
  let agent: ReturnType<Stage["connect"]>;
  beforeEach(async () => {
    s = await createFleetStage();
    web = await s.join("web");
    agent = s.connect(web, [testContainer("a")]);
    await s.linked(web);
  });
  afterEach(() => s.drop());

  async function tell(...frames: Frame[]): Promise<void> {
    const before = s.fleet.stats().unsavedRecords;
    agent.send(...frames);
    await until(() => s.fleet.stats().unsavedRecords === before + frames.length);
  }
  const callerOf = (role: Role) => t.createCallerFactory(createFleetRouter(s.fleet))({
    session: { id: "s", email: "e", actor: { id: "u", name: "U", role } }, address: "", userAgent: "", origin: null, log: silentLogger, clock: createTestClock(), socket: null,
  });

  it("includes the black boxes of earlier generations, also of one that was removed when it ended", async () => {
    const [first, second] = ["aa", "bb"].map((pair) => pair.repeat(32)) as [string, string];
    await tell(event(1, { id: first, exitCode: 3 }), boxed(2, { id: first }), event(3, { id: second, exitCode: 4 }), boxed(4, { id: second }), event(5, { id: second, kind: "destroy", exitCode: null }));
    const { boxes, next } = await s.fleet.boxes(`${web}/-/a/-`);
    expect(boxes.map(({ id, at, event: its }) => [id, at, its?.kind, its?.exitCode])).toEqual([[second, 4_000, "die", 4], [first, 2_000, "die", 3]]);
    expect(next).toBeNull();
    // The container itself is not on the host, and never was in its list.
    expect(s.fleet.container(web, second)).toBeUndefined();
    const { events } = await s.fleet.history(`${web}/-/a/-`);
    expect(events.map(({ seq, box }) => [seq, box?.seq])).toEqual([[5, undefined], [3, 4], [1, 2]]);
  });

  it("shows what was in a black box to those who may see it, and says what is withheld", async () => {
    await tell(event(1), boxed(2));
    const place = { hostId: web, epoch: 1, seq: 2 };
    const whole = await callerOf("operator").box(place);
    expect(whole).toMatchObject({ key: `${web}/-/a/-`, linesCut: 3, inspect: { Id: "x" }, withheld: { lines: false, inspect: false }, window: [{ cpu: 0.5 }] });
    expect(whole.lines).toContain("the end");
    expect(await callerOf("viewer").box(place)).toMatchObject({ lines: whole.lines, inspect: null, withheld: { lines: false, inspect: true } });
    expect(await s.fleet.box(place, { lines: false, inspect: false })).toMatchObject({ lines: null, linesCut: 0, inspect: null, withheld: { lines: true, inspect: true }, event: { kind: "die" } });
    await expect(s.fleet.box({ ...place, seq: 1 }, { lines: true, inspect: true })).rejects.toMatchObject({ code: "not_found" });
    await expect(s.fleet.box({ ...place, hostId: await s.join("db") }, { lines: true, inspect: true })).rejects.toMatchObject({ code: "not_found" });
    await expect(s.fleet.box({ ...place, hostId: "host_foreign" }, { lines: true, inspect: true })).rejects.toMatchObject({ code: "not_found" });
    await expect(s.fleet.boxes("nonsense")).rejects.toMatchObject({ code: "bad_input" });
  });

  it("keeps a black box whose event is not kept any more, or never came", async () => {
    await tell(boxed(2));
    expect((await s.fleet.boxes(`${web}/-/a/-`)).boxes).toMatchObject([{ event: null, place: { seq: 2 } }]);
    expect(await s.fleet.box({ hostId: web, epoch: 1, seq: 2 }, { lines: true, inspect: true })).toMatchObject({ event: null });
  });

  it("is paged: each black box, event and gap on one page, newest first", async () => {
    for (let seq = 3; seq <= 240; seq += 3) await tell(event(seq), boxed(seq + 1, { at: seq * 1_000 }), gap(seq + 2, (seq - 1) * 1_000, seq * 1_000 + 500));
    const seen = { boxes: [] as number[], events: [] as number[], gaps: [] as number[] };
    for (let before: number | undefined; ; ) {
      const page = await s.fleet.boxes(`${web}/-/a/-`, before);
      expect(page.boxes.length).toBeLessThanOrEqual(50);
      seen.boxes.push(...page.boxes.map(({ place }) => place.seq));
      if (page.next === null) break;
      before = page.next;
    }
    for (let seq = 243; seq <= 302; seq += 1) await tell(event(seq));
    for (let before: number | undefined; ; ) {
      const page = await s.fleet.history(`${web}/-/a/-`, before);
      seen.events.push(...page.events.map(({ at }) => at));
      seen.gaps.push(...page.gaps.map(({ at }) => at));
      if (page.next === null) break;
      before = page.next;
    }
    const threes = Array.from({ length: 80 }, (_, i) => 240 - 3 * i);
    expect(seen.boxes).toEqual(threes.map((seq) => seq + 1));
    expect(seen.events).toEqual([...Array.from({ length: 60 }, (_, i) => (302 - i) * 1_000), ...threes.map((seq) => seq * 1_000)]);
    expect(seen.gaps).toEqual(threes.map((seq) => seq * 1_000 + 500));
  });

  it("is bounded for one target, one host and one kind", async () => {
    for (let seq = 1; seq <= 220; seq += 2) await tell(event(seq), boxed(seq + 1));
    await s.fleet.flush();
    expect(await s.fleet.sweep()).toBe(10);
    const kept = await s.database.db.boxRow.findMany({ orderBy: { seq: "asc" }, select: { seq: true } });
    expect([kept.length, kept[0]?.seq]).toEqual([100, 22]);
    expect(await s.repo.sweepMany("event", web, 30, 50)).toBe(50);
    expect(await s.repo.sweepMany("event", web, 30, 50)).toBe(30);
    expect(await s.repo.sweepMany("event", web, 30, 50)).toBe(0);
    expect((await s.database.db.eventRow.findMany({ orderBy: { seq: "asc" } }))[0]?.seq).toBe(161);
  });

  it("says whether its host reads the kernel's and the engine's own files, and why not", async () => {
    const reach = { metrics: { direct: true, why: null }, logs: { direct: false, why: "The log files cannot be read by this user." } };
    agent.send({ frame: "runtime", at: 0, status: { state: "up", why: null, engine: "docker", version: "20.10", apiVersion: "1.41", reach } });
    await until(() => s.fleet.host(web)?.runtime.reach !== undefined);
    expect(s.fleet.host(web)?.runtime.reach).toEqual(reach);
    await s.fleet.stop();
    await s.start();
    expect(s.fleet.host(web)?.runtime.reach).toEqual(reach);
  });
});
