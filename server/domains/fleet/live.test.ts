import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { changed, createFleetStage, type Stage, testContainer, until } from "./testing";

describe("a page of the fleet", () => {
  let s: Stage;
  beforeEach(async () => {
    s = await createFleetStage();
  });
  afterEach(() => s.drop());

  it("gets everything in parts, then what changes", async () => {
    const web = await s.join("web");
    const many = Array.from({ length: 1_200 }, (_, i) => testContainer(`c${i}`));
    const agent = s.connect(web, [], {}, (_, stream) => {
      for (let part = 0; part < 12; part += 1) stream.send({ frame: "list", at: 0, part, last: part === 11, containers: many.slice(part * 100, part * 100 + 100) });
    });
    await s.linked(web);
    const tab = s.page();
    await tab.see(() => tab.containers.size === 1_200);
    const parts = tab.messages.filter((message) => message.type === "snapshot");
    expect(parts.map((part) => [part.containers.length, part.first, part.last])).toEqual([[500, true, false], [500, false, false], [200, false, true]]);
    agent.send(changed(testContainer("c3", { state: "exited" })), { frame: "gone", at: 0, id: testContainer("c4").id });
    await tab.see(() => tab.byName("c3")?.state === "exited" && !tab.byName("c4"));
    await s.hosts.setTags(web, ["prod"]);
    await tab.see(() => tab.hosts.get(web)?.tags[0] === "prod");
    agent.drop();
    await s.hosts.forget(web);
    await tab.see(() => tab.hosts.size === 0);
    await tab.close();
    expect(s.fleet.stats().readers).toBe(0);
  });
  it("gets a burst about one container as one patch with its last state", async () => {
    const web = await s.join("web");
    const agent = s.connect(web, [testContainer("a")]);
    await s.linked(web);
    const tab = s.page();
    await tab.see(() => tab.containers.size === 1);
    for (let i = 0; i < 500; i += 1) agent.send(changed(testContainer("a", { restartCount: i })));
    await tab.see(() => tab.byName("a")?.restartCount === 499);
    expect(tab.messages.filter((message) => message.type === "patch" && message.containers.length > 0).length).toBeLessThan(10);
    await tab.close();
  });
  it("hears of a heartbeat once, however fast an agent beats", async () => {
    const web = await s.join("web");
    const agent = s.connect(web, []);
    await s.linked(web);
    const tab = s.page();
    await tab.see(() => tab.hosts.size === 1);
    const before = tab.messages.length;
    for (let beat = 0; beat < 200; beat += 1) agent.send({ frame: "beat", at: beat, listedAt: beat });
    await until(() => s.fleet.stats().frames >= 200);
    for (let i = 0; i < 100; i += 1) await tab.see(() => true);
    expect(tab.messages.length - before).toBeLessThanOrEqual(2);
    await tab.close();
  });
  it("that does not read is held no more than the fleet's own size, and sees the truth when it does", async () => {
    const web = await s.join("web");
    const agent = s.connect(web, [testContainer("keep")]);
    await s.linked(web);
    const slow = s.fleet.live();
    await slow.next();
    for (let i = 0; i < 21_000; i += 1) {
      const c = testContainer(`t${i}`);
      agent.send(changed(c), { frame: "gone", at: 0, id: c.id });
    }
    await until(() => s.fleet.stats().frames >= 42_000);
    const next = await slow.next();
    expect(next.value).toMatchObject({ type: "snapshot", first: true, last: true, containers: [{ name: "keep" }] });
    await slow.return(undefined);
  }, 20_000);
});
