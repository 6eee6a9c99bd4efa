import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/server/db/testing";
import { createTestGateway, testPeer, until, type TestGateway } from "@/server/domains/fleet/testing";
import { createTestClock } from "@/server/lib/clock";
import { silentLogger } from "@/server/lib/logger";
import { createHostsRepo } from "./repo";
import type { JoinProgress } from "./schema";
import { createHostsService, type HostsService, type JoinRequest } from "./service";

const PIN = "A".repeat(43);
const asked: JoinRequest = { tags: [], uses: 1, minutes: 15, createdBy: "user_1" };

describe("hosts", () => {
  let database: TestDatabase;
  let hosts: HostsService;
  let gateway: TestGateway;
  let clock: ReturnType<typeof createTestClock>;
  let publicUrl: string;
  const start = async () => {
    const service = createHostsService({ repo: createHostsRepo(database.db), gateway, clock, log: silentLogger, publicUrl: () => publicUrl, pin: PIN });
    await service.load();
    return service;
  };
  const join = async (key: string, name: string, request: Partial<JoinRequest> = {}) => {
    const { token } = await hosts.issueJoin({ ...asked, ...request });
    const admission = await hosts.admit(testPeer(key, { name, token }));
    if (!admission.accepted) throw new Error(admission.message);
    return admission;
  };
  beforeEach(async () => {
    database = await createTestDatabase();
    clock = createTestClock();
    gateway = createTestGateway(clock);
    publicUrl = "http://hub.example:3000";
    hosts = await start();
  });
  afterEach(() => database.drop());

  it("gives the last use of a token to one of two agents that race for it", async () => {
    const { token } = await hosts.issueJoin(asked);
    const answers = await Promise.all(["a", "b"].map((key) => hosts.admit(testPeer(key, { token }))));
    expect(answers.map((answer) => answer.accepted).sort()).toEqual([false, true]);
    expect(answers.find((answer) => !answer.accepted)).toMatchObject({ code: "token_used", message: expect.stringContaining("Hosts page") as string });
    expect(hosts.all()).toHaveLength(1);
  });
  it("gives the last use to one of two agents at two hubs on one database", async () => {
    const { token } = await hosts.issueJoin(asked);
    const other = await start();
    const answers = await Promise.all([hosts, other].map((hub, i) => hub.admit(testPeer(`k${i}`, { token, name: `n${i}` }))));
    expect(answers.filter((answer) => answer.accepted)).toHaveLength(1);
  });
  it("keeps one token for this machine's agent however often it starts, and shows it as no line", async () => {
    const [first, second] = [await hosts.issueJoin({ ...asked, createdBy: "local" }), await hosts.issueJoin({ ...asked, createdBy: "local" })];
    const line = await hosts.issueJoin(asked);
    expect((await hosts.joins()).map(({ id }) => id)).toEqual([line.id]);
    expect((await hosts.admit(testPeer("a", { token: first.token }))).accepted).toBe(false);
    expect((await hosts.admit(testPeer("a", { token: second.token }))).accepted).toBe(true);
  });
  it("lets one agent that knocks twice at once in as one host", async () => {
    const { token } = await hosts.issueJoin(asked);
    const answers = await Promise.all([1, 2].map(() => hosts.admit(testPeer("a", { token }))));
    expect(answers.every((answer) => answer.accepted)).toBe(true);
    expect(hosts.all()).toHaveLength(1);
  });
  it("says why a token lets nobody in", async () => {
    const expired = await hosts.issueJoin({ ...asked, minutes: 1 });
    const cancelled = await hosts.issueJoin(asked);
    await hosts.cancelJoin(cancelled.id);
    clock.advance(60_000);
    const code = async (token: string | null) => {
      const answer = await hosts.admit(testPeer("x", { token }));
      return answer.accepted ? "in" : answer.code;
    };
    expect([await code(expired.token), await code(cancelled.token), await code("nonsense"), await code(null)]).toEqual(["token_expired", "token_unknown", "token_unknown", "token_unknown"]);
  });
  it("knows a host by its key, also after a restart, and spends no token on it", async () => {
    const { hostId } = await join("a", "web", { tags: ["prod"] });
    hosts = await start();
    const { token } = await hosts.issueJoin(asked);
    expect(await hosts.admit(testPeer("a", { name: "another name", token }))).toEqual({ accepted: true, hostId, hostName: "web" });
    expect(hosts.get(hostId)?.tags).toEqual(["prod"]);
    expect(await hosts.joins()).toHaveLength(1);
  });
  it("never stores a token in clear", async () => {
    const { token } = await hosts.issueJoin(asked);
    await hosts.admit(testPeer("a", { token }));
    const rows = JSON.stringify([await database.db.host.findMany(), await database.db.joinToken.findMany()]);
    expect(rows).not.toContain(token);
  });
  it("gives cloned machines names of their own", async () => {
    const names = [];
    for (const key of ["a", "b", "c"]) names.push((await join(key, "web-1")).hostName);
    expect(names).toEqual(["web-1", "web-1-2", "web-1-3"]);
  });
  it("strips what a name cannot show safely", async () => {
    expect((await join("a", "\u202Egnp\n\u0000 x\t\uFFFF")).hostName).toBe("gnp x");
    expect((await join("b", "\u200B\u0007")).hostName).toBe("host");
    expect((await join("c", "😀".repeat(64))).hostName).toBe("😀".repeat(64));
    expect((await join("d", "😀".repeat(64))).hostName).toBe(`${"😀".repeat(63)}-2`);
  });
  it("refuses a revoked key with any token, and ends its link", async () => {
    const { hostId } = await join("a", "web");
    gateway.connect(hostId);
    await hosts.revoke(hostId);
    expect(gateway.link(hostId)).toBeUndefined();
    const { token } = await hosts.issueJoin(asked);
    for (const hub of [hosts, await start()]) expect(await hub.admit(testPeer("a", { token }))).toMatchObject({ accepted: false, code: "revoked" });
  });
  it("gives a known host a new key, and knows the old one no more", async () => {
    const { hostId } = await join("a", "web");
    await database.db.host.update({ where: { id: hostId }, data: { cursorEpoch: 9, cursorSeq: 9 } });
    await hosts.revoke(hostId);
    const again = await join("b", "something", { hostId });
    expect(again).toEqual({ accepted: true, hostId, hostName: "web" });
    expect(await hosts.admit(testPeer("a"))).toMatchObject({ accepted: false, code: "token_unknown" });
    expect((await createHostsRepo(database.db).hosts())[0]).toMatchObject({ fingerprint: "FP:b", revokedAt: null, cursor: null });
  });
  it("ends the old key's link when a new key takes over, and does not turn the new one away", async () => {
    const { hostId } = await join("a", "web");
    gateway.connect(hostId);
    await join("b", "web", { hostId });
    expect(gateway.closed).toEqual([{ hostId, why: "This host came in under a new key." }]);
    expect(gateway.disconnected).toEqual([]);
  });
  it("keeps the history of a host through a new key, and has room for what the new agent counts anew", async () => {
    const { hostId } = await join("a", "web");
    const event = { hostId, epoch: 1, seq: 1, at: new Date(0), target: "t", runtimeId: "a", kind: "die", document: "{}" };
    await database.db.eventRow.create({ data: event });
    await join("b", "web", { hostId });
    await database.db.eventRow.create({ data: event });
    expect(await database.db.eventRow.count({ where: { target: "t" } })).toBe(2);
  });
  it("gives the use back when the host of a re-enrolment is gone", async () => {
    const { hostId } = await join("a", "web");
    const { token, id } = await hosts.issueJoin({ ...asked, hostId });
    await hosts.forget(hostId);
    expect(await hosts.admit(testPeer("b", { token }))).toMatchObject({ accepted: false });
    expect((await hosts.joins()).find((open) => open.id === id)?.usesLeft).toBe(1);
  });
  it("renames, and says clearly when the name is taken", async () => {
    const { hostId } = await join("a", "web");
    await join("b", "db");
    await expect(hosts.rename(hostId, "db")).rejects.toMatchObject({ code: "conflict" });
    await hosts.rename(hostId, "front");
    expect((await createHostsRepo(database.db).hosts()).map((host) => host.name)).toEqual(["front", "db"]);
    await expect(hosts.rename("host_foreign", "x")).rejects.toMatchObject({ code: "not_found" });
  });
  it("forgets a host that is away with its containers, never one that is connected", async () => {
    const { hostId } = await join("a", "web");
    await database.db.containerRow.create({ data: { hostId, runtimeId: "a".repeat(12), document: "{}", confirmedAt: new Date(0) } });
    const drop = gateway.connect(hostId);
    await expect(hosts.forget(hostId)).rejects.toMatchObject({ code: "conflict" });
    drop();
    await hosts.forget(hostId);
    expect([await database.db.host.count(), await database.db.containerRow.count(), hosts.all().length]).toEqual([0, 0, 0]);
  });

  describe("the line to paste", () => {
    it("means itself in a shell", async () => {
      const { line } = await hosts.createJoin(asked);
      expect(line).toMatch(/^npm run agent -- --hub http:\/\/hub\.example:3000 --pin A{43} --token[ =][A-Za-z0-9_-]{32}$/);
      publicUrl = "http://[::1]:3000";
      expect((await hosts.createJoin(asked)).line).toContain("--hub 'http://[::1]:3000' ");
    });
    it.each(["http://a$(id):1", "http://a;id", "http://a'b", "http://a`id`", "http://a&b"])("is not made for the address %s", async (address) => {
      publicUrl = address;
      await expect(hosts.createJoin(asked)).rejects.toMatchObject({ code: "conflict" });
      expect(await hosts.joins()).toEqual([]);
    });
  });

  describe("the page that waits", () => {
    const watch = (id: string) => {
      const said: JoinProgress[] = [];
      const stop = new AbortController();
      const done = (async () => {
        for await (const progress of hosts.joinLive(id, stop.signal)) said.push(progress);
      })();
      return { said, last: () => said.at(-1), stop: () => (stop.abort(), done) };
    };
    it("counts silence, then hears of the arrival and of an engine that does not answer", async () => {
      const { id, token } = await hosts.issueJoin(asked);
      const page = watch(id);
      await until(() => page.said.length === 1);
      clock.advance(60_000);
      await until(() => (page.last() as { silentMs?: number }).silentMs === 60_000);
      const denied = { state: "denied", why: "Permission denied on the socket.", engine: null, version: null, apiVersion: null } as const;
      const answer = await hosts.admit(testPeer("a", { token, name: "web", runtime: denied }));
      await until(() => page.last()?.state === "arrived");
      expect(page.last()).toMatchObject({ name: "web", runtimeWhy: denied.why });
      if (answer.accepted) hosts.setRuntime(answer.hostId, { ...denied, state: "up", why: null });
      await until(() => page.last()?.state === "arrived" && (page.last() as { runtimeWhy: string | null }).runtimeWhy === null);
      await page.stop();
    });
    it("hears of an agent that was turned away with this line, and of no other", async () => {
      const mine = await hosts.issueJoin({ ...asked, minutes: 1 });
      const page = watch(mine.id);
      await until(() => page.said.length === 1);
      await hosts.admit(testPeer("z", { token: "foreign" }));
      clock.advance(61_000);
      await until(() => page.last()?.state === "expired");
      await hosts.admit(testPeer("a", { token: mine.token }));
      await until(() => page.last()?.state === "refused");
      expect(page.last()).toMatchObject({ address: "192.0.2.9", why: expect.stringContaining("too old") as string });
      expect(page.said.filter((progress) => progress.state === "refused")).toHaveLength(1);
      await page.stop();
    });
    it("stays green when the used line is tried again", async () => {
      const { id, token } = await hosts.issueJoin(asked);
      await hosts.admit(testPeer("a", { token, name: "web" }));
      await hosts.admit(testPeer("b", { token }));
      const page = watch(id);
      await until(() => page.said.length === 1);
      expect(page.last()).toMatchObject({ state: "arrived", name: "web" });
      await page.stop();
    });
  });
});
