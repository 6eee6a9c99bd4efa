import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Sample } from "@/protocol/metrics";
import { createFleetStage, list, measured, sampled, type Stage, testContainer, type TestStream, until } from "@/server/domains/fleet/testing";
import { silentLogger } from "@/server/lib/logger";
import { createMetricsRepo } from "./repo";
import type { TableMessage } from "./schema";
import { createMetricsService, type MetricsService } from "./service";

const a = testContainer("a");
const key = (hostId: string, name: string) => `${hostId}/-/${name}/-`;

describe("figures", () => {
  let s: Stage;
  let metrics: MetricsService;
  let start: number;
  beforeEach(async () => {
    s = await createFleetStage();
    start = s.clock.now();
    begin();
  });
  afterEach(async () => {
    await metrics.stop();
    await s.drop();
  });

  function begin(): void {
    metrics = createMetricsService({ repo: createMetricsRepo(s.database.db), hosts: s.hosts, fleet: s.fleet, gateway: s.gateway, clock: s.clock, log: silentLogger, random: () => 0.5 });
    metrics.start();
  }
  /** A host with container "a", and the streams of measurements that were opened on it. */
  async function join(name: string) {
    const hostId = await s.join(name);
    const live: { stream: TestStream; gone: AbortSignal }[] = [];
    const connect = () => s.connect(hostId, [a], { live: (stream, gone) => void live.push({ stream, gone }) });
    const agent = connect();
    await s.linked(hostId);
    return { hostId, live, agent, connect };
  }
  /** What a viewer has seen so far. */
  function look<T>(open: (signal: AbortSignal) => AsyncIterable<T>) {
    const seen: T[] = [];
    const stop = new AbortController();
    const done = (async () => {
      for await (const message of open(stop.signal)) seen.push(message);
    })();
    return { seen, close: () => (stop.abort(), s.clock.advance(200), done) };
  }
  const line = (sample: Sample) => `${JSON.stringify(sample)}\n`;

  it("of the last 15 minutes are there, also after a restart of the hub, with what was filled in marked", async () => {
    const { hostId, agent, connect } = await join("web");
    for (let i = 1; i <= 6; i += 1) {
      s.clock.advance(10_000);
      agent.send(sampled(i, measured(start + i * 10_000, [{ id: a.id, cpu: i, memory: 50 }])));
      await until(() => s.fleet.stats().unsavedRecords > 0);
      await s.fleet.flush();
    }
    agent.drop();
    s.clock.advance(60_000);
    const again = connect();
    again.send({ frame: "open", at: 1, to: { epoch: 1, seq: 12 } }, { frame: "gap", at: s.clock.now(), from: { epoch: 1, seq: 7 }, to: { epoch: 1, seq: 9 }, since: start + 65_000, until: start + 85_000, why: "The disk was full." });
    for (let i = 9; i <= 13; i += 1) again.send(sampled(i, measured(start + i * 10_000, [{ id: a.id, cpu: i, memory: 50 }])));
    await until(() => s.fleet.stats().unsavedRecords === 6);
    const window = await metrics.window(hostId, key(hostId, "a"));
    expect(window).toMatchObject({ of: "container", stepMs: 10_000, gaps: [{ since: start + 65_000, until: start + 85_000, why: "The disk was full." }] });
    expect(window.points.map(({ cpu, late }) => [cpu, late])).toEqual([...[1, 2, 3, 4, 5, 6].map((i) => [i, false]), ...[9, 10, 11, 12].map((i) => [i, true]), [13, false]]);
    const host = await metrics.window(hostId);
    expect(host.of === "host" && [host.points.length, host.disks]).toEqual([11, [{ mount: "/", used: 1, total: 2 }]]);

    await metrics.stop();
    await s.fleet.stop();
    await s.start();
    begin();
    // What comes while the stored ones are being read follows them.
    connect().send(sampled(14, measured(start + 140_000, [{ id: a.id, cpu: 14, memory: 50 }])));
    await until(() => s.fleet.stats().unsavedRecords === 1);
    await metrics.restored();
    const restored = await metrics.window(hostId, key(hostId, "a"));
    expect(restored.points.slice(0, -1)).toEqual(window.points);
    expect(restored.points.at(-1)).toMatchObject({ cpu: 14 });
    expect(restored.gaps).toEqual(window.gaps);
  });

  it("of a container that is gone are found under its target after a restart", async () => {
    const { hostId, agent } = await join("web");
    const gone = testContainer("gone");
    agent.send({ frame: "container", at: 1, container: gone }, { frame: "event", event: { epoch: 1, seq: 1, at: start, kind: "start", id: gone.id, target: gone.target, name: "gone", image: "i", exitCode: null, signal: null, health: null, asked: false, step: null } });
    agent.send(sampled(2, measured(start, [{ id: gone.id, cpu: 7 }])), { frame: "gone", at: 2, id: gone.id });
    await until(() => s.fleet.stats().unsavedRecords === 2 && s.fleet.container(hostId, gone.id) === undefined);
    expect((await metrics.window(hostId, key(hostId, "gone"))).points).toMatchObject([{ cpu: 7 }]);
    await metrics.stop();
    await s.fleet.stop();
    await s.start();
    begin();
    expect((await metrics.window(hostId, key(hostId, "gone"))).points).toMatchObject([{ cpu: 7 }]);
  });

  it("are refused for what is no host and no container of it", async () => {
    const { hostId } = await join("web");
    await expect(metrics.window("host_foreign")).rejects.toMatchObject({ code: "not_found" });
    await expect(metrics.window(hostId, key("host_other", "a"))).rejects.toMatchObject({ code: "not_found" });
    await expect(metrics.window(hostId, "nonsense")).rejects.toMatchObject({ code: "bad_input" });
    await expect(metrics.live("host_foreign").next()).rejects.toMatchObject({ code: "not_found" });
  });

  describe("each second", () => {
    it("cost one stream a host however many look, and none when nobody does", async () => {
      const { hostId, live } = await join("web");
      expect(live).toHaveLength(0);
      const viewers = [look((signal) => metrics.live(hostId, undefined, signal)), look((signal) => metrics.live(hostId, key(hostId, "a"), signal)), look((signal) => metrics.live(hostId, key(hostId, "b"), signal))];
      await until(() => live.length === 1 && metrics.stats().viewers === 3);
      live[0]?.stream.raw(line(measured(start, [{ id: a.id, cpu: 1 }])));
      await until(() => viewers.every(({ seen }) => seen.length === 1));
      expect(viewers.map(({ seen }) => seen[0]?.containers.length)).toEqual([1, 1, 0]);
      await viewers[0]?.close();
      await viewers[1]?.close();
      expect([live.length, live[0]?.gone.aborted]).toEqual([1, false]);
      await viewers[2]?.close();
      await until(() => live[0]?.gone.aborted === true);
      expect(metrics.stats()).toMatchObject({ looked: 0, viewers: 0 });
      const late = look((signal) => metrics.live(hostId, undefined, signal));
      await until(() => live.length === 2);
      await late.close();
    });

    it("go on after a lost link and a stream that ended, and meanwhile come each 10 s", async () => {
      const { hostId, live, agent, connect } = await join("web");
      const viewer = look((signal) => metrics.live(hostId, undefined, signal));
      await until(() => live.length === 1);
      live[0]?.stream.raw(line(measured(start + 1_000)));
      await until(() => viewer.seen.length === 1);
      // Not beside the faster ones.
      agent.send(sampled(1, measured(start + 1_500)));
      await until(() => s.fleet.stats().unsavedRecords === 1);
      live[0]?.stream.end();
      await until(() => (s.clock.advance(50), live.length === 2));
      agent.drop();
      s.clock.advance(20_000);
      const again = connect();
      await until(() => live.length === 3);
      again.send({ frame: "open", at: 1, to: { epoch: 1, seq: 2 } }, sampled(2, measured(start + 10_000)), sampled(3, measured(start + 20_000)));
      await until(() => viewer.seen.length === 2);
      live[2]?.stream.raw(line(measured(start + 21_000)));
      await until(() => viewer.seen.length === 3);
      // What was filled in is no news of now.
      expect(viewer.seen.map(({ at }) => at - start)).toEqual([1_000, 20_000, 21_000]);
      await viewer.close();
    });

    it("come to a host's page that was opened while the host was away, once it is back", async () => {
      const { hostId, live, agent, connect } = await join("web");
      agent.drop();
      const viewer = look((signal) => metrics.live(hostId, undefined, signal));
      await until(() => metrics.stats().viewers === 1);
      expect(live).toHaveLength(0);
      connect();
      await until(() => live.length === 1);
      await viewer.close();
    });

    it.each([
      ["NaN", '{"at":1,"spanMs":1,"host":null,"containers":[{"id":"aaaaaaaaaaaa","cpu":NaN}]}'],
      ["1e400", line(measured(1, [{ id: a.id, cpu: 7.5 }])).replace("7.5", "1e400").trim()],
      ["a negative figure", line(measured(1, [{ id: a.id, memory: -1 }])).trim()],
      ["an id that is a path", line(measured(1, [{ id: "../../version" }])).trim()],
      ["more containers than a sample takes", JSON.stringify(measured(1, Array.from({ length: 2_001 }, () => ({ id: a.id }))))],
      ["no JSON", "<html>"],
    ])("that hold %s end the tunnel of their host, and nothing else", async (_, text) => {
      const { hostId, live } = await join("web");
      const other = await join("db");
      const viewer = look((signal) => metrics.live(hostId, undefined, signal));
      await until(() => live.length === 1);
      live[0]?.stream.raw(`${text}\n`);
      await until(() => s.fleet.host(hostId)?.link === "down");
      expect(s.fleet.host(hostId)?.linkWhy).toContain("does not take");
      expect(metrics.stats().invalidSamples).toBe(1);
      expect(s.fleet.host(other.hostId)?.link).toBe("up");
      expect(viewer.seen).toEqual([]);
      await viewer.close();
    });

    it("end the tunnel also where they come among all else", async () => {
      const { hostId, agent } = await join("web");
      agent.raw(`${JSON.stringify(sampled(1, measured(1, [{ id: a.id, cpu: 7.5 }]))).replace("7.5", "1e400")}\n`);
      await until(() => s.fleet.host(hostId)?.link === "down");
      expect(await s.database.db.sampleRow.count()).toBe(0);
    });
  });

  describe("in tables", () => {
    const rowsOf = (messages: TableMessage[]) => messages.flatMap((message) => (message.type === "snapshot" ? message.rows : []));

    it("begin with 15 minutes of all that runs, then are each host's newest", async () => {
      const { hostId, agent } = await join("web");
      agent.send(sampled(1, measured(start, [{ id: a.id, cpu: 1, memory: 10, memoryLimit: 100 }, { id: testContainer("old").id, cpu: 1 }])));
      await until(() => s.fleet.stats().unsavedRecords === 1);
      s.clock.advance(10_000);
      agent.send(sampled(2, measured(start + 10_000, [{ id: a.id, cpu: 3, memory: 20, memoryLimit: 100 }])));
      await until(() => s.fleet.stats().unsavedRecords === 2);
      const tab = look((signal) => metrics.table(signal));
      await until(() => tab.seen.length === 1);
      expect(tab.seen[0]).toMatchObject({ type: "snapshot", stepMs: 30_000, first: true, last: true });
      const rows = rowsOf(tab.seen);
      expect(rows.map(({ id }) => id)).toEqual([null, a.id]);
      expect(rows[1]).toMatchObject({ hostId, cpu: 3, cpuLimit: null, memory: 20, memoryLimit: 100 });
      expect([rows[1]?.cpuPoints.length, rows[1]?.cpuPoints.at(-1), rows[1]?.memoryPoints.at(-1), rows[1]?.cpuPoints[0]]).toEqual([30, 2, 15, null]);
      expect(rows[0]).toMatchObject({ cpuLimit: 2, memoryLimit: 2 ** 31 });
      agent.send(sampled(3, measured(start + 20_000, [{ id: a.id, cpu: 5, memory: 30 }])));
      await until(() => (s.clock.advance(10), tab.seen.length === 2));
      expect(tab.seen[1]).toMatchObject({ type: "patch", hosts: [{ hostId, at: start + 20_000, figures: [{ id: null }, { id: a.id, cpu: 5, memory: 30 }] }] });
      await tab.close();
      expect(metrics.stats().readers).toBe(0);
    });

    it("come in parts, and merged to who is slow", async () => {
      const { agent } = await join("web");
      const many = Array.from({ length: 1_200 }, (_, i) => ({ id: i.toString(16).padStart(64, "0"), cpu: i }));
      agent.send(sampled(1, measured(start, many)));
      await until(() => s.fleet.stats().unsavedRecords === 1);
      const slow = metrics.table();
      const parts: TableMessage[] = [];
      for (let i = 0; i < 3; i += 1) parts.push((await slow.next()).value as TableMessage);
      expect(parts.map((part) => part.type === "snapshot" && [part.rows.length, part.first, part.last])).toEqual([[500, true, false], [500, false, false], [201, false, true]]);
      for (let seq = 2; seq <= 40; seq += 1) agent.send(sampled(seq, measured(start + seq, many.map(({ id }) => ({ id, cpu: seq })))));
      await until(() => s.fleet.stats().unsavedRecords === 40);
      const patch = (await slow.next()).value as TableMessage;
      expect(patch.type === "patch" && patch.hosts[0]?.figures.every(({ id, cpu }) => id === null || cpu === 40)).toBe(true);
      await slow.return(undefined);
    });

    it("leave out a host whose last figures are older than the window", async () => {
      const { agent } = await join("web");
      agent.send(sampled(1, measured(start, [{ id: a.id, cpu: 1 }])));
      await until(() => s.fleet.stats().unsavedRecords === 1);
      s.clock.advance(16 * 60_000);
      const tab = look((signal) => metrics.table(signal));
      await until(() => tab.seen.length === 1);
      expect(rowsOf(tab.seen)).toEqual([]);
      await tab.close();
    });
  });

  it("of a host that is forgotten are forgotten", async () => {
    const { hostId, agent } = await join("web");
    agent.send(list(a), sampled(1, measured(start, [{ id: a.id, cpu: 1 }])));
    await until(() => metrics.stats().rows === 1);
    agent.drop();
    await s.hosts.forget(hostId);
    expect(metrics.stats().rows).toBe(0);
    await expect(metrics.window(hostId)).rejects.toMatchObject({ code: "not_found" });
  });
});
