import { describe, expect, it } from "vitest";
import { LIMITS, TIMES } from "@/protocol/limits";
import { Frame, type Container, type Cursor, type RuntimeStatus } from "@/protocol/shapes";
import { createTestClock } from "@/agent/clock";
import type { Change, Reflector } from "@/agent/reflector";
import { createEventLog } from "./event-log";
import { createFeed, type Feed } from "./feed";

const clock = createTestClock();
const status: RuntimeStatus = { state: "up", why: null, engine: "docker", version: "1", apiVersion: "1.41" };
const id = (n: number) => n.toString(16).padStart(64, "0");
const container = (n: number, more: Partial<Container> = {}): Container => ({ id: id(n), target: { namespace: null, workload: `c${n}`, replica: null }, name: `c${n}`, image: "i", imageId: "i", state: "running", health: "none", exitCode: null, oomKilled: false, error: null, createdAt: 1, startedAt: 1, finishedAt: null, restartCount: 0, restartPolicy: "no", autoRemove: false, ports: [], labels: {}, labelsCut: 0, ...more });

/** What a feed sees of a reflector, moved by hand. */
function world(count: number, listedAt: number | null = 5) {
  const listeners = new Set<(change: Change) => void>();
  const containers = new Map<string, Container>();
  for (let n = 0; n < count; n++) containers.set(id(n), container(n));
  const events = createEventLog({ epoch: 1, capacity: 10 });
  const reflector: Reflector = { start() {}, stop() {}, status: () => status, containers: () => containers, listedAt: () => listedAt, events, subscribe: (listener) => (listeners.add(listener), () => void listeners.delete(listener)) };
  const tell = (change: Change) => listeners.forEach((listener) => listener(change));
  return {
    listeners, reflector, containers, tell,
    feed: (after: Cursor | null = null) => createFeed({ reflector, clock, after }),
    put(n: number, more: Partial<Container> = {}) {
      containers.set(id(n), container(n, more));
      tell({ what: "container", id: id(n) });
    },
    happen() {
      events.append({ at: 1, kind: "start", id: id(1), target: { namespace: null, workload: "c1", replica: null }, name: "c1", image: "i", exitCode: null, signal: null, health: null, asked: false, step: null });
      tell({ what: "event" });
    },
    list: () => { listedAt = 9; tell({ what: "list" }); },
  };
}
function drain(feed: Feed): Frame[] {
  const frames: Frame[] = [];
  for (let frame = feed.next(); frame; frame = feed.next()) frames.push(Frame.parse(frame));
  return frames;
}
const kinds = (feed: Feed) => drain(feed).map(({ frame }) => frame);

describe("a reader of telemetry", () => {
  it("gets runtime, the whole list in parts, a beat, then what changes, each once", () => {
    const { feed: open, put } = world(250);
    const feed = open();
    const frames = drain(feed);
    expect(frames.map(({ frame }) => frame)).toEqual(["runtime", "list", "list", "list", "beat"]);
    const parts = frames.flatMap((frame) => (frame.frame === "list" ? [frame] : []));
    expect(parts.map(({ part, last, containers }) => [part, last, containers.length])).toEqual([[0, false, 100], [1, false, 100], [2, true, 50]]);
    put(3, { state: "exited" });
    expect(drain(feed)).toMatchObject([{ frame: "container", container: { name: "c3", state: "exited" } }]);
    expect(feed.next()).toBeNull();
    feed.close();
  });

  it("gets an empty list where there is nothing, and none while nothing is known", () => {
    expect(drain(world(0).feed())).toMatchObject([{ frame: "runtime" }, { frame: "list", part: 0, last: true, containers: [] }, { frame: "beat", listedAt: 5 }]);
    const unknown = world(0, null);
    const feed = unknown.feed();
    expect(drain(feed)).toMatchObject([{ frame: "runtime" }, { frame: "beat", listedAt: null }]);
    unknown.list();
    expect(kinds(feed)).toEqual(["list", "beat"]);
  });

  it("that is slow gets the latest of each container and the gap in its events, for the price of a set of ids", () => {
    const { feed: open, put, happen } = world(3);
    const feed = open();
    drain(feed);
    for (let i = 0; i < 10_000; i++) {
      put(1, { restartCount: i });
      happen();
    }
    const frames = drain(feed);
    expect(frames.filter(({ frame }) => frame === "container")).toMatchObject([{ container: { restartCount: 9_999 } }]);
    expect(frames[0]).toMatchObject({ frame: "gap", from: { seq: 1 }, to: { seq: 9_991 } });
    expect(frames.filter(({ frame }) => frame === "event")).toHaveLength(10);
  });

  it("is told that a container is gone, also when it came and went unread", () => {
    const { feed: open, containers, put, tell } = world(3);
    const feed = open();
    drain(feed);
    put(7);
    containers.delete(id(7));
    tell({ what: "container", id: id(7) });
    expect(drain(feed)).toMatchObject([{ frame: "gone", id: id(7) }]);
  });

  it("misses nothing that changes while the list is on its way", () => {
    const { feed: open, put } = world(150);
    const feed = open();
    expect([feed.next()?.frame, feed.next()?.frame]).toEqual(["runtime", "list"]);
    put(0, { state: "paused" });
    put(149, { state: "paused" });
    expect(kinds(feed)).toEqual(["list", "beat", "container", "container"]);
  });

  it("gets a beat each heartbeat, also while other news keep coming", () => {
    const { feed: open, happen } = world(1);
    const feed = open();
    drain(feed);
    for (let i = 0; i < 5; i++) happen();
    clock.advance(TIMES.heartbeatMs);
    expect(feed.next()?.frame).toBe("beat");
    feed.close();
  });

  it("gets no line over the limit, whatever the labels hold", () => {
    const labels = Object.fromEntries(Array.from({ length: LIMITS.labels }, (_, i) => [`${i}${"\u0001".repeat(500)}`, "\u0001".repeat(512)]));
    const { feed: open, put } = world(0);
    for (let n = 0; n < 40; n++) put(n, { labels });
    const parts = drain(open()).filter(({ frame }) => frame === "list");
    expect(parts.length).toBeGreaterThan(10);
    for (const part of parts) expect(Buffer.byteLength(JSON.stringify(part))).toBeLessThan(LIMITS.lineBytes);
  });

  it("leaves nothing behind when it goes, and others go on", async () => {
    const { feed: open, listeners, put } = world(1);
    const one = open();
    const two = open();
    drain(two);
    const woken = one.waken();
    one.close();
    await woken;
    expect(listeners.size).toBe(1);
    const waiting = two.waken();
    put(0, { state: "dead" });
    await waiting;
    expect(kinds(two)).toEqual(["container"]);
  });
});
