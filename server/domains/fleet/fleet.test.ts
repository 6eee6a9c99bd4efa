import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Container, Cursor, Frame, RuntimeEvent } from "@/protocol/shapes";
import { createTestDatabase, type TestDatabase } from "@/server/db/testing";
import { createHostsRepo } from "@/server/domains/hosts/repo";
import { createHostsService, type HostsService } from "@/server/domains/hosts/service";
import { createTestClock } from "@/server/lib/clock";
import { silentLogger } from "@/server/lib/logger";
import { createFleetRepo, type FleetRepo } from "./repo";
import type { ContainerView, FleetMessage, HostView } from "./schema";
import { createFleetService, type FleetService } from "./service";
import { createTestGateway, testContainer, testPeer, until, type TestAgent, type TestGateway, type TestStream } from "./testing";

const up = testPeer("x").hello.runtime;
const list = (...containers: Container[]): Frame => ({ frame: "list", at: 0, part: 0, last: true, containers });
const changed = (container: Container): Frame => ({ frame: "container", at: 0, container });
const happened = (seq: number, over: Partial<RuntimeEvent> = {}): RuntimeEvent => ({
  epoch: 1, seq, at: 1_000 * seq, kind: "die", id: testContainer("a").id, target: testContainer("a").target, name: "a", image: "busybox:1",
  exitCode: 1, signal: null, health: null, asked: false, step: null, ...over,
});

describe("the fleet", () => {
  let database: TestDatabase;
  let clock: ReturnType<typeof createTestClock>;
  let gateway: TestGateway;
  let hosts: HostsService;
  let fleet: FleetService;
  let repo: FleetRepo;

  async function start(over: Partial<FleetRepo> = {}): Promise<void> {
    gateway = createTestGateway(clock);
    hosts = createHostsService({ repo: createHostsRepo(database.db), gateway, clock, log: silentLogger, publicUrl: () => "http://hub:1", pin: "A".repeat(43) });
    await hosts.load();
    repo = { ...createFleetRepo(database.db), ...over };
    fleet = createFleetService({ repo, hosts, gateway, clock, log: silentLogger, random: () => 0.5 });
    await fleet.start();
  }
  async function join(name: string): Promise<string> {
    const { token } = await hosts.issueJoin({ tags: [], uses: 1, minutes: 15, createdBy: "user_1" });
    const admission = await hosts.admit(testPeer(name, { name, token }));
    if (!admission.accepted) throw new Error(admission.message);
    return admission.hostId;
  }
  /** Connects a host whose agent lists these containers at once. */
  function connect(hostId: string, containers: Container[], agent: TestAgent = {}, report?: (after: Cursor | null, stream: TestStream) => void) {
    const opened: { after: Cursor | null; stream: TestStream }[] = [];
    const drop = gateway.connect(hostId, {
      telemetry(after, stream) {
        opened.push({ after, stream });
        if (report) report(after, stream);
        else stream.send({ frame: "runtime", at: 0, status: up }, list(...containers));
      },
      ...agent,
    });
    return { drop, opened, send: (...frames: Frame[]) => opened.at(-1)?.stream.send(...frames), raw: (text: string) => opened.at(-1)?.stream.raw(text) };
  }
  const linked = (hostId: string) => until(() => fleet.host(hostId)?.link === "up", "the host to be up");
  const stateOf = (hostId: string, name: string) => fleet.container(hostId, testContainer(name).id)?.state;

  function page() {
    const held = { hosts: new Map<string, HostView>(), containers: new Map<string, ContainerView>(), messages: [] as FleetMessage[] };
    const stop = new AbortController();
    const done = (async () => {
      for await (const message of fleet.live(stop.signal)) {
        held.messages.push(message);
        if (message.type === "snapshot" && message.first) [held.hosts, held.containers] = [new Map(), new Map()];
        for (const host of message.hosts) held.hosts.set(host.id, host);
        for (const container of message.containers) held.containers.set(container.key, container);
        if (message.type === "patch") {
          for (const id of message.goneHosts) held.hosts.delete(id);
          for (const { hostId, id } of message.gone) for (const [key, c] of held.containers) if (c.hostId === hostId && c.id === id) held.containers.delete(key);
        }
      }
    })();
    return Object.assign(held, {
      see: (condition: () => boolean) => until(() => (clock.advance(5), condition()), "the page to see it"),
      byName: (name: string) => [...held.containers.values()].find((container) => container.name === name),
      close: () => (stop.abort(), clock.advance(50), done),
    });
  }

  beforeEach(async () => {
    database = await createTestDatabase();
    clock = createTestClock();
    await start();
  });
  afterEach(async () => {
    await fleet.stop();
    await database.drop();
  });

  it("keeps the last state and its age when a host is cut off, and never shows less", async () => {
    const web = await join("web");
    const { drop } = connect(web, [testContainer("a"), testContainer("b")]);
    await linked(web);
    const heard = clock.now();
    drop("No byte for 15 s.");
    clock.advance(240_000);
    expect(fleet.host(web)).toMatchObject({ link: "down", linkWhy: "No byte for 15 s.", confirmedAt: heard });
    expect(fleet.container(web, testContainer("a").id)).toMatchObject({ state: "running", confirmedAt: heard });
  });

  it("tells the page when a host that was cut off was last confirmed, for each container", async () => {
    const web = await join("web");
    const agent = connect(web, [testContainer("a")]);
    await linked(web);
    const tab = page();
    await tab.see(() => tab.containers.size === 1);
    clock.advance(10_000);
    agent.send({ frame: "beat", at: 10, listedAt: 10 });
    await tab.see(() => (tab.hosts.get(web)?.confirmedAt ?? 0) >= clock.now() - 1_000);
    const before = tab.byName("a")?.confirmedAt ?? 0;
    agent.drop();
    await tab.see(() => tab.hosts.get(web)?.link === "down");
    await tab.see(() => (tab.byName("a")?.confirmedAt ?? 0) >= before + 9_000);
    await tab.close();
  });

  it("does not call old containers fresh before a reconnected host has listed them", async () => {
    const web = await join("web");
    let stream: TestStream | null = null;
    gateway.connect(web, { telemetry: (_, opened) => void (stream = opened) });
    await until(() => stream !== null);
    expect(fleet.host(web)).toMatchObject({ link: "down", linkWhy: "Connected; its containers are being read." });
    (stream as unknown as TestStream).send(list());
    await linked(web);
  });

  it("shows a host whose engine is down as connected, its containers as unconfirmed", async () => {
    const web = await join("web");
    const agent = connect(web, [testContainer("a")]);
    await linked(web);
    const confirmed = fleet.container(web, testContainer("a").id)?.confirmedAt;
    clock.advance(5_000);
    agent.send({ frame: "runtime", at: 0, status: { ...up, state: "down", why: "The engine does not answer." } }, { frame: "beat", at: 5_000, listedAt: 0 });
    await until(() => fleet.host(web)?.runtime.state === "down");
    expect(fleet.host(web)).toMatchObject({ link: "up", runtime: { why: "The engine does not answer." } });
    expect(fleet.container(web, testContainer("a").id)).toMatchObject({ state: "running", confirmedAt: confirmed });
  });

  it("does not take what an agent remembers for confirmed while its engine is away", async () => {
    const web = await join("web");
    const down = { ...up, state: "down" as const, why: "The engine does not answer." };
    connect(web, [], {}, (_, stream) => stream.send({ frame: "runtime", at: 90_000, status: down }, list(testContainer("a")), { frame: "beat", at: 90_000, listedAt: 30_000 }));
    await until(() => fleet.container(web, testContainer("a").id)?.confirmedAt === clock.now() - 60_000);
    expect(fleet.host(web)).toMatchObject({ link: "up", runtime: { state: "down" }, confirmedAt: clock.now() });
  });

  it("shows the last known containers as stale after a restart of the hub, until their host says more", async () => {
    const web = await join("web");
    connect(web, [testContainer("a"), testContainer("b")]);
    await linked(web);
    const heard = clock.now();
    await fleet.stop();
    clock.advance(3_600_000);
    await start();
    expect(fleet.host(web)).toMatchObject({ link: "down", confirmedAt: heard });
    expect(fleet.container(web, testContainer("a").id)).toMatchObject({ state: "running", confirmedAt: heard });
    connect(web, [testContainer("b", { state: "paused" })]);
    await linked(web);
    expect([stateOf(web, "a"), stateOf(web, "b")]).toEqual([undefined, "paused"]);
    await fleet.flush();
    expect(await database.db.containerRow.count()).toBe(1);
  });

  it("closes the tunnel of an agent that sends what is no frame, counts it, says why, and leaves others alone", async () => {
    const [bad, good] = [await join("bad"), await join("good")];
    const agent = connect(bad, [testContainer("a")]);
    const other = connect(good, [testContainer("b")]);
    await linked(bad);
    await linked(good);
    agent.raw("{\"frame\":\"list\",\"at\":0,\"part\":7,\"last\":true,\"containers\":[]}\n");
    await until(() => gateway.closed.length === 1);
    expect(gateway.closed[0]).toMatchObject({ hostId: bad, why: expect.stringContaining("out of turn") as string });
    expect(fleet.host(bad)).toMatchObject({ link: "down", linkWhy: expect.stringContaining("does not take") as string });
    expect(stateOf(bad, "a")).toBe("running");
    expect(fleet.stats().invalidFrames).toBe(1);
    other.send(changed(testContainer("b", { state: "exited" })));
    await until(() => stateOf(good, "b") === "exited");
  });

  it("opens a stream that ended again, and calls nothing fresh meanwhile", async () => {
    const web = await join("web");
    const agent = connect(web, [testContainer("a")]);
    await linked(web);
    agent.opened[0]?.stream.end();
    await until(() => fleet.host(web)?.link === "down");
    expect(fleet.host(web)?.linkWhy).toContain("not reporting");
    await until(() => (clock.advance(100), agent.opened.length === 2));
    await linked(web);
  });

  it("gives up a stream that says nothing while its link is alive", async () => {
    const web = await join("web");
    const agent = connect(web, [testContainer("a")]);
    await linked(web);
    clock.advance(25_000);
    await until(() => fleet.host(web)?.link === "down");
    expect(fleet.host(web)?.linkWhy).toContain("silent");
    await until(() => (clock.advance(100), agent.opened.length === 2));
    await linked(web);
  });

  describe("events", () => {
    it("are stored once, however often they come, and read on from where they were stored", async () => {
      const web = await join("web");
      const agent = connect(web, [testContainer("a")]);
      await linked(web);
      agent.send({ frame: "event", event: happened(1) }, { frame: "event", event: happened(2) }, { frame: "event", event: happened(1) }, { frame: "event", event: happened(9) });
      await until(() => fleet.stats().unsavedEvents === 3);
      await fleet.stop();
      expect(await database.db.eventRow.count()).toBe(3);
      await start();
      const again = connect(web, []);
      await until(() => again.opened.length === 1);
      expect(again.opened[0]?.after).toEqual({ epoch: 1, seq: 9 });
      again.send({ frame: "event", event: happened(2) });
      await fleet.flush();
      expect(await database.db.eventRow.count()).toBe(3);
    });
    it("are asked for from the beginning when the agent counts anew", async () => {
      const web = await join("web");
      await database.db.host.update({ where: { id: web }, data: { cursorEpoch: 50, cursorSeq: 7 } });
      await fleet.stop();
      await start();
      const agent = connect(web, []);
      await until(() => agent.opened.length === 1);
      expect(agent.opened[0]?.after).toBeNull();
    });
    it("that could not be stored are read from the agent again", async () => {
      const real = createFleetRepo(database.db);
      let full = true;
      await fleet.stop();
      await start({ saveEvents: (events, cursors) => (full ? Promise.reject(new Error("database or disk is full")) : real.saveEvents(events, cursors)) });
      const web = await join("web");
      const sent = 20_100;
      const agent = connect(web, [], {}, (after, stream) => {
        stream.send(list());
        for (let seq = (after?.seq ?? 0) + 1; seq <= sent; seq += 1) stream.send({ frame: "event", event: happened(seq) });
      });
      await until(() => fleet.stats().behind === 1, "the buffer to be full");
      expect(fleet.stats().unsavedEvents).toBe(20_000);
      await fleet.flush();
      expect(fleet.host(web)?.link).toBe("up");
      full = false;
      await until(async () => {
        await fleet.flush();
        clock.advance(100);
        return (await database.db.eventRow.count()) === sent;
      });
      expect(agent.opened.at(-1)?.after).toEqual({ epoch: 1, seq: 20_000 });
    }, 20_000);
    it("are paged backwards without losing those of one moment", async () => {
      const web = await join("web");
      const agent = connect(web, [testContainer("a")]);
      await linked(web);
      for (let seq = 1; seq <= 250; seq += 1) agent.send({ frame: "event", event: happened(seq, { at: 1_000 * Math.ceil(seq / 3) + 0.25 }) });
      await until(() => fleet.stats().unsavedEvents === 250);
      const key = `${web}/-/a/-`;
      const seen: number[] = [];
      for (let before: number | undefined; ; ) {
        const { events, next } = await fleet.history(key, before);
        seen.push(...events.map((event) => event.seq));
        expect(events.length).toBeLessThanOrEqual(100);
        if (next === null) break;
        before = next;
      }
      expect(seen).toEqual(Array.from({ length: 250 }, (_, i) => 250 - i));
      await expect(fleet.history("nonsense")).rejects.toMatchObject({ code: "bad_input" });
      await expect(fleet.history("host_foreign/-/a/-")).rejects.toMatchObject({ code: "not_found" });
    });
    it("are kept for thirty days", async () => {
      const web = await join("web");
      const agent = connect(web, []);
      await linked(web);
      const now = clock.now();
      agent.send(...[31, 29, 1].map((days, i): Frame => ({ frame: "event", event: happened(i + 1, { at: now - days * 86_400_000 }) })));
      await until(() => fleet.stats().unsavedEvents === 3);
      await fleet.flush();
      expect(await fleet.sweepEvents()).toBe(1);
      expect((await database.db.eventRow.findMany()).map((row) => row.seq).sort()).toEqual([2, 3]);
    });
    it("are kept up to a number", async () => {
      const web = await join("web");
      const agent = connect(web, []);
      await linked(web);
      agent.send(...Array.from({ length: 10 }, (_, i): Frame => ({ frame: "event", event: happened(i + 1) })));
      await until(() => fleet.stats().unsavedEvents === 10);
      await fleet.flush();
      expect(await repo.sweepEvents(0, 4, 100)).toBe(6);
      expect((await database.db.eventRow.findMany()).map((row) => row.seq).sort((a, b) => a - b)).toEqual([7, 8, 9, 10]);
    });
  });

  describe("a page", () => {
    it("gets everything in parts, then what changes", async () => {
      const web = await join("web");
      const many = Array.from({ length: 1_200 }, (_, i) => testContainer(`c${i}`));
      const agent = connect(web, [], {}, (_, stream) => {
        for (let part = 0; part < 12; part += 1) stream.send({ frame: "list", at: 0, part, last: part === 11, containers: many.slice(part * 100, part * 100 + 100) });
      });
      await linked(web);
      const tab = page();
      await tab.see(() => tab.containers.size === 1_200);
      const parts = tab.messages.filter((message) => message.type === "snapshot");
      expect(parts.map((part) => [part.containers.length, part.first, part.last])).toEqual([[500, true, false], [500, false, false], [200, false, true]]);
      agent.send(changed(testContainer("c3", { state: "exited" })), { frame: "gone", at: 0, id: testContainer("c4").id });
      await tab.see(() => tab.byName("c3")?.state === "exited" && !tab.byName("c4"));
      await hosts.setTags(web, ["prod"]);
      await tab.see(() => tab.hosts.get(web)?.tags[0] === "prod");
      agent.drop();
      await hosts.forget(web);
      await tab.see(() => tab.hosts.size === 0);
      await tab.close();
      expect(fleet.stats().readers).toBe(0);
    });
    it("gets a burst about one container as one patch with its last state", async () => {
      const web = await join("web");
      const agent = connect(web, [testContainer("a")]);
      await linked(web);
      const tab = page();
      await tab.see(() => tab.containers.size === 1);
      for (let i = 0; i < 500; i += 1) agent.send(changed(testContainer("a", { restartCount: i })));
      await tab.see(() => tab.byName("a")?.restartCount === 499);
      expect(tab.messages.filter((message) => message.type === "patch" && message.containers.length > 0).length).toBeLessThan(10);
      await tab.close();
    });
    it("hears of a heartbeat once, however fast an agent beats", async () => {
      const web = await join("web");
      const agent = connect(web, []);
      await linked(web);
      const tab = page();
      await tab.see(() => tab.hosts.size === 1);
      const before = tab.messages.length;
      for (let beat = 0; beat < 200; beat += 1) agent.send({ frame: "beat", at: beat, listedAt: beat });
      await until(() => fleet.stats().frames >= 200);
      for (let i = 0; i < 100; i += 1) await tab.see(() => true);
      expect(tab.messages.length - before).toBeLessThanOrEqual(2);
      await tab.close();
    });
    it("that does not read is held no more than the fleet's own size, and sees the truth when it does", async () => {
      const web = await join("web");
      const agent = connect(web, [testContainer("keep")]);
      await linked(web);
      const slow = fleet.live();
      await slow.next();
      for (let i = 0; i < 21_000; i += 1) {
        const c = testContainer(`t${i}`);
        agent.send(changed(c), { frame: "gone", at: 0, id: c.id });
      }
      await until(() => fleet.stats().frames >= 42_000);
      const next = await slow.next();
      expect(next.value).toMatchObject({ type: "snapshot", first: true, last: true, containers: [{ name: "keep" }] });
      await slow.return(undefined);
    }, 20_000);
  });

  describe("questions to a host", () => {
    it("go to it while it is there, and say when it was last confirmed while it is away", async () => {
      const web = await join("web");
      const { id } = testContainer("a");
      const agent = connect(web, [testContainer("a")], { call: async (verb) => (verb === "container.inspect" ? { document: { Id: id }, masked: 2 } : null) });
      await linked(web);
      expect(await fleet.inspect(web, id)).toEqual({ document: { Id: id }, masked: 2, at: clock.now() });
      agent.drop();
      clock.advance(240_000);
      await expect(fleet.inspect(web, id)).rejects.toMatchObject({ code: "host_away", message: expect.stringContaining("last confirmed 4 min ago") as string });
      await expect(fleet.loss(web, id)).rejects.toMatchObject({ code: "host_away" });
    });
    it("are not found for a container of another host", async () => {
      const [web, db] = [await join("web"), await join("db")];
      connect(web, [testContainer("a")]);
      connect(db, []);
      await linked(web);
      await expect(fleet.inspect(db, testContainer("a").id)).rejects.toMatchObject({ code: "not_found" });
      await expect(fleet.loss("host_foreign", testContainer("a").id)).rejects.toMatchObject({ code: "not_found" });
    });
  });
});
