import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LIMITS, TIMES } from "@/protocol/limits";
import { Frame, type Container, type Cursor, type RuntimeStatus } from "@/protocol/shapes";
import type { Change, Reflector } from "@/agent/reflector";
import type { Spool } from "@/agent/spool/spool";
import { type Ground, happened, makeGround } from "@/agent/spool/testing";
import { createFeed, type Feed } from "./feed";

let ground: Ground;
let spool: Spool;
beforeEach(async () => {
  ground = makeGround();
  spool = await ground.start({ maxBytes: 30_000, segmentBytes: 5_000 });
});
afterEach(async () => {
  await spool.close();
  await ground.remove();
});
const status: RuntimeStatus = { state: "up", why: null, engine: "docker", version: "1", apiVersion: "1.41" };
const id = (n: number) => n.toString(16).padStart(64, "0");
const container = (n: number, more: Partial<Container> = {}): Container => ({ id: id(n), target: { namespace: null, workload: `c${n}`, replica: null }, name: `c${n}`, image: "i", imageId: "i", state: "running", health: "none", exitCode: null, oomKilled: false, error: null, createdAt: 1, startedAt: 1, finishedAt: null, restartCount: 0, restartPolicy: "no", autoRemove: false, ports: [], labels: {}, labelsCut: 0, ...more });

/** What a feed sees of a reflector, moved by hand. */
function world(count: number, listedAt: number | null = 5) {
  const listeners = new Set<(change: Change) => void>();
  const containers = new Map<string, Container>();
  for (let n = 0; n < count; n++) containers.set(id(n), container(n));
  const reflector: Reflector = { start() {}, stop() {}, status: () => status, containers: () => containers, sighting: () => undefined, listedAt: () => listedAt, subscribe: (listener) => (listeners.add(listener), () => void listeners.delete(listener)) };
  const tell = (change: Change) => listeners.forEach((listener) => listener(change));
  return {
    listeners, reflector, containers, tell,
    feed: (after: Cursor | null = null) => createFeed({ reflector, spool, clock: ground.clock, after }),
    put(n: number, more: Partial<Container> = {}) {
      containers.set(id(n), container(n, more));
      tell({ what: "container", id: id(n) });
    },
    happen: (name = "c1") => void spool.append("event", happened(name)),
    list: () => { listedAt = 9; tell({ what: "list" }); },
  };
}
async function drain(feed: Feed): Promise<Frame[]> {
  await spool.written();
  const frames: Frame[] = [];
  for (let frame = await feed.next(); frame; frame = await feed.next()) frames.push(Frame.parse(frame));
  return frames;
}
const kinds = async (feed: Feed) => (await drain(feed)).map(({ frame }) => frame);

describe("a reader of telemetry", () => {
  it("gets runtime, the whole list in parts, a beat, then what changes, each once", async () => {
    const { feed: open, put } = world(250);
    const feed = open();
    const frames = await drain(feed);
    expect(frames.map(({ frame }) => frame)).toEqual(["open", "runtime", "list", "list", "list", "beat"]);
    const parts = frames.flatMap((frame) => (frame.frame === "list" ? [frame] : []));
    expect(parts.map(({ part, last, containers }) => [part, last, containers.length])).toEqual([[0, false, 100], [1, false, 100], [2, true, 50]]);
    put(3, { state: "exited" });
    expect(await drain(feed)).toMatchObject([{ frame: "container", container: { name: "c3", state: "exited" } }]);
    expect(await feed.next()).toBeNull();
    feed.close();
  });

  it("gets an empty list where there is nothing, and none while nothing is known", async () => {
    expect(await drain(world(0).feed())).toMatchObject([{ frame: "open" }, { frame: "runtime" }, { frame: "list", part: 0, last: true, containers: [] }, { frame: "beat", listedAt: 5 }]);
    const unknown = world(0, null);
    const feed = unknown.feed();
    expect(await drain(feed)).toMatchObject([{ frame: "open" }, { frame: "runtime" }, { frame: "beat", listedAt: null }]);
    unknown.list();
    expect(await kinds(feed)).toEqual(["list", "beat"]);
  });

  it("that is slow gets the latest of each container and the gap in its events, for the price of a set of ids", async () => {
    const { feed: open, put, happen } = world(3);
    happen();
    const feed = open({ epoch: 1, seq: 0 });
    await drain(feed);
    for (let i = 0; i < 1_000; i++) {
      put(1, { restartCount: i });
      happen("x".repeat(100));
      if (i % 20 === 0) await spool.written();
    }
    const frames = await drain(feed);
    expect(frames.filter(({ frame }) => frame === "container")).toMatchObject([{ container: { restartCount: 999 } }]);
    expect(frames.filter(({ frame }) => frame === "gap")).toMatchObject([{ from: { seq: 2 } }]);
    expect(frames.at(-1)).toMatchObject({ event: { seq: 1_001 } });
  });

  it("learns first what was counted before it came, and what is true now before a long replay is over", async () => {
    const { feed: open, put, happen } = world(1);
    for (let i = 0; i < 20; i++) happen();
    await spool.written();
    const feed = open();
    expect(await feed.next()).toMatchObject({ frame: "open", to: { epoch: 1, seq: 20 } });
    put(0, { state: "exited" });
    const rest = await kinds(feed);
    expect(rest.indexOf("container")).toBeLessThan(rest.indexOf("event") + 3);
    expect(rest.filter((frame) => frame === "event")).toHaveLength(20);
    feed.close();
  });

  it("is roused by what came while it looked", async () => {
    const { feed: open, put } = world(1);
    const feed = open();
    await drain(feed);
    const looking = feed.next();
    put(0, { state: "dead" });
    const frame = (await looking) ?? (await feed.waken(), await feed.next());
    expect(frame).toMatchObject({ frame: "container", container: { state: "dead" } });
    feed.close();
  });

  it("is told that a container is gone, also when it came and went unread", async () => {
    const { feed: open, containers, put, tell } = world(3);
    const feed = open();
    await drain(feed);
    put(7);
    containers.delete(id(7));
    tell({ what: "container", id: id(7) });
    expect(await drain(feed)).toMatchObject([{ frame: "gone", id: id(7) }]);
  });

  it("misses nothing that changes while the list is on its way", async () => {
    const { feed: open, put } = world(150);
    const feed = open();
    expect([(await feed.next())?.frame, (await feed.next())?.frame, (await feed.next())?.frame]).toEqual(["open", "runtime", "list"]);
    put(0, { state: "paused" });
    put(149, { state: "paused" });
    expect(await kinds(feed)).toEqual(["list", "beat", "container", "container"]);
  });

  it("gets a beat each heartbeat, also while other news keep coming", async () => {
    const { feed: open, happen } = world(1);
    const feed = open();
    await drain(feed);
    for (let i = 0; i < 5; i++) happen();
    ground.clock.advance(TIMES.heartbeatMs);
    expect((await feed.next())?.frame).toBe("beat");
    feed.close();
  });

  it("gets no line over the limit, whatever the labels hold", async () => {
    const labels = Object.fromEntries(Array.from({ length: LIMITS.labels }, (_, i) => [`${i}${"\u0001".repeat(500)}`, "\u0001".repeat(512)]));
    const { feed: open, put } = world(0);
    for (let n = 0; n < 40; n++) put(n, { labels });
    const parts = (await drain(open())).filter(({ frame }) => frame === "list");
    expect(parts.length).toBeGreaterThan(10);
    for (const part of parts) expect(Buffer.byteLength(JSON.stringify(part))).toBeLessThan(LIMITS.lineBytes);
  });

  it("leaves nothing behind when it goes, and others go on", async () => {
    const { feed: open, listeners, put } = world(1);
    const one = open();
    const two = open();
    await drain(two);
    const woken = one.waken();
    one.close();
    await woken;
    expect(listeners.size).toBe(1);
    const waiting = two.waken();
    put(0, { state: "dead" });
    await waiting;
    expect(await kinds(two)).toEqual(["container"]);
  });
});
