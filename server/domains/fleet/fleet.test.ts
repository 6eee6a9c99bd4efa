import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { changed, createFleetStage, list, type Stage, testContainer, type TestStream, until, up } from "./testing";

describe("the fleet", () => {
  let s: Stage;
  beforeEach(async () => {
    s = await createFleetStage();
  });
  afterEach(() => s.drop());

  it("keeps the last state and its age when a host is cut off, and never shows less", async () => {
    const web = await s.join("web");
    const { drop } = s.connect(web, [testContainer("a"), testContainer("b")]);
    await s.linked(web);
    const heard = s.clock.now();
    drop("No byte for 15 s.");
    s.clock.advance(240_000);
    expect(s.fleet.host(web)).toMatchObject({ link: "down", linkWhy: "No byte for 15 s.", confirmedAt: heard });
    expect(s.fleet.container(web, testContainer("a").id)).toMatchObject({ state: "running", confirmedAt: heard });
  });

  it("tells the page when a host that was cut off was last confirmed, for each container", async () => {
    const web = await s.join("web");
    const agent = s.connect(web, [testContainer("a")]);
    await s.linked(web);
    const tab = s.page();
    await tab.see(() => tab.containers.size === 1);
    s.clock.advance(10_000);
    agent.send({ frame: "beat", at: 10, listedAt: 10 });
    await tab.see(() => (tab.hosts.get(web)?.confirmedAt ?? 0) >= s.clock.now() - 1_000);
    const before = tab.byName("a")?.confirmedAt ?? 0;
    agent.drop();
    await tab.see(() => tab.hosts.get(web)?.link === "down");
    await tab.see(() => (tab.byName("a")?.confirmedAt ?? 0) >= before + 9_000);
    await tab.close();
  });

  it("does not call old containers fresh before a reconnected host has listed them", async () => {
    const web = await s.join("web");
    let stream: TestStream | null = null;
    s.gateway.connect(web, { telemetry: (_, opened) => void (stream = opened) });
    await until(() => stream !== null);
    expect(s.fleet.host(web)).toMatchObject({ link: "down", linkWhy: "Connected; its containers are being read." });
    (stream as unknown as TestStream).send(list());
    await s.linked(web);
  });

  it("shows a host whose engine is down as connected, its containers as unconfirmed", async () => {
    const web = await s.join("web");
    const agent = s.connect(web, [testContainer("a")]);
    await s.linked(web);
    const confirmed = s.fleet.container(web, testContainer("a").id)?.confirmedAt;
    s.clock.advance(5_000);
    agent.send({ frame: "runtime", at: 0, status: { ...up, state: "down", why: "The engine does not answer." } }, { frame: "beat", at: 5_000, listedAt: 0 });
    await until(() => s.fleet.host(web)?.runtime.state === "down");
    expect(s.fleet.host(web)).toMatchObject({ link: "up", runtime: { why: "The engine does not answer." } });
    expect(s.fleet.container(web, testContainer("a").id)).toMatchObject({ state: "running", confirmedAt: confirmed });
  });

  it("does not take what an agent remembers for confirmed while its engine is away", async () => {
    const web = await s.join("web");
    const down = { ...up, state: "down" as const, why: "The engine does not answer." };
    s.connect(web, [], {}, (_, stream) => stream.send({ frame: "runtime", at: 90_000, status: down }, list(testContainer("a")), { frame: "beat", at: 90_000, listedAt: 30_000 }));
    await until(() => s.fleet.container(web, testContainer("a").id)?.confirmedAt === s.clock.now() - 60_000);
    expect(s.fleet.host(web)).toMatchObject({ link: "up", runtime: { state: "down" }, confirmedAt: s.clock.now() });
  });

  it("shows the last known containers as stale after a restart of the hub, until their host says more", async () => {
    const web = await s.join("web");
    s.connect(web, [testContainer("a"), testContainer("b")]);
    await s.linked(web);
    const heard = s.clock.now();
    await s.fleet.stop();
    s.clock.advance(3_600_000);
    await s.start();
    expect(s.fleet.host(web)).toMatchObject({ link: "down", confirmedAt: heard });
    expect(s.fleet.container(web, testContainer("a").id)).toMatchObject({ state: "running", confirmedAt: heard });
    s.connect(web, [testContainer("b", { state: "paused" })]);
    await s.linked(web);
    expect([s.stateOf(web, "a"), s.stateOf(web, "b")]).toEqual([undefined, "paused"]);
    await s.fleet.flush();
    expect(await s.database.db.containerRow.count()).toBe(1);
  });

  it("closes the tunnel of an agent that sends what is no frame, counts it, says why, and leaves others alone", async () => {
    const [bad, good] = [await s.join("bad"), await s.join("good")];
    const agent = s.connect(bad, [testContainer("a")]);
    const other = s.connect(good, [testContainer("b")]);
    await s.linked(bad);
    await s.linked(good);
    agent.raw("{\"frame\":\"list\",\"at\":0,\"part\":7,\"last\":true,\"containers\":[]}\n");
    await until(() => s.gateway.closed.length === 1);
    expect(s.gateway.closed[0]).toMatchObject({ hostId: bad, why: expect.stringContaining("out of turn") as string });
    expect(s.fleet.host(bad)).toMatchObject({ link: "down", linkWhy: expect.stringContaining("does not take") as string });
    expect(s.stateOf(bad, "a")).toBe("running");
    expect(s.fleet.stats().invalidFrames).toBe(1);
    other.send(changed(testContainer("b", { state: "exited" })));
    await until(() => s.stateOf(good, "b") === "exited");
  });

  it("opens a stream that ended again, and calls nothing fresh meanwhile", async () => {
    const web = await s.join("web");
    const agent = s.connect(web, [testContainer("a")]);
    await s.linked(web);
    agent.opened[0]?.stream.end();
    await until(() => s.fleet.host(web)?.link === "down");
    expect(s.fleet.host(web)?.linkWhy).toContain("not reporting");
    await until(() => (s.clock.advance(100), agent.opened.length === 2));
    await s.linked(web);
  });

  it("gives up a stream that says nothing while its link is alive", async () => {
    const web = await s.join("web");
    const agent = s.connect(web, [testContainer("a")]);
    await s.linked(web);
    s.clock.advance(25_000);
    await until(() => s.fleet.host(web)?.link === "down");
    expect(s.fleet.host(web)?.linkWhy).toContain("silent");
    await until(() => (s.clock.advance(100), agent.opened.length === 2));
    await s.linked(web);
  });

  describe("questions to a host", () => {
    it("go to it while it is there, and say when it was last confirmed while it is away", async () => {
      const web = await s.join("web");
      const { id } = testContainer("a");
      const agent = s.connect(web, [testContainer("a")], { call: async (verb) => (verb === "container.inspect" ? { document: { Id: id }, masked: 2 } : null) });
      await s.linked(web);
      expect(await s.fleet.inspect(web, id)).toEqual({ document: { Id: id }, masked: 2, at: s.clock.now() });
      agent.drop();
      s.clock.advance(240_000);
      await expect(s.fleet.inspect(web, id)).rejects.toMatchObject({ code: "host_away", message: expect.stringContaining("last confirmed 4 min ago") as string });
      await expect(s.fleet.loss(web, id)).rejects.toMatchObject({ code: "host_away" });
    });
    it("are not found for a container of another host", async () => {
      const [web, db] = [await s.join("web"), await s.join("db")];
      s.connect(web, [testContainer("a")]);
      s.connect(db, []);
      await s.linked(web);
      await expect(s.fleet.inspect(db, testContainer("a").id)).rejects.toMatchObject({ code: "not_found" });
      await expect(s.fleet.loss("host_foreign", testContainer("a").id)).rejects.toMatchObject({ code: "not_found" });
    });
  });
});
