import { afterEach, beforeEach, expect, it } from "vitest";
import type { Cursor, Frame } from "@/protocol/shapes";
import type { Reflector } from "../reflector";
import type { Spool } from "../spool/spool";
import { type Ground, happened, makeGround } from "../spool/testing";
import { createTelemetryHandlers } from "./telemetry";

const reflector: Reflector = {
  start() {}, stop() {}, containers: () => new Map(), listedAt: () => 1, sighting: () => undefined, subscribe: () => () => {},
  status: () => ({ state: "up", why: null, engine: "docker", version: "1", apiVersion: "1.41" }),
};
let ground: Ground;
let spool: Spool;
let handlers: ReturnType<typeof createTelemetryHandlers>;
let abort: AbortController;
beforeEach(async () => {
  ground = makeGround();
  spool = await ground.start({ segmentBytes: 1_000 });
  handlers = createTelemetryHandlers({ reflector, spool, clock: ground.clock });
  abort = new AbortController();
});
afterEach(async () => {
  abort.abort();
  await spool.close();
  await ground.remove();
});
function read(after: Cursor | null) {
  const frames: Frame[] = [];
  const ended = handlers["telemetry.stream"]({ after }, { operation: null, signal: abort.signal, stream: { write: (frame) => Promise.resolve(void frames.push(frame as Frame)) } });
  return { frames, ended, counted: () => frames.filter(({ frame }) => frame === "event" || frame === "gap") };
}

it("a stream goes on from the hub's place, live, until the hub ends it", async () => {
  spool.append("event", happened("one"));
  spool.append("event", happened("two"));
  const stream = read({ epoch: 1, seq: 1 });
  await expect.poll(stream.counted).toMatchObject([{ event: { name: "two" } }]);
  spool.append("event", happened("three"));
  await expect.poll(stream.counted).toMatchObject([{ event: { name: "two" } }, { event: { name: "three" } }]);
  expect(stream.frames[0]).toMatchObject({ frame: "open", to: { epoch: 1, seq: 2 } });
  abort.abort();
  await stream.ended;
});

it("what the hub has stored is freed, and nothing else", async () => {
  for (let i = 0; i < 20; i++) {
    spool.append("event", happened(`e${i}`));
    await spool.written();
  }
  const before = ground.files().length;
  await handlers["telemetry.keep"]({ upTo: { epoch: 1, seq: 10 } }, { operation: null, signal: abort.signal });
  expect(ground.files().length).toBeLessThan(before);
  const stream = read({ epoch: 1, seq: 10 });
  await expect.poll(() => stream.counted().length).toBe(10);
});

it("a hub that is ahead of this agent gets places that it never saw, and an older stream does not mix them up", async () => {
  spool.append("event", happened("new"));
  const old = read(null);
  await expect.poll(() => old.counted().length).toBe(1);
  const stream = read({ epoch: 5, seq: 70 });
  await old.ended;
  await expect.poll(stream.counted).toMatchObject([{ frame: "gap", from: { epoch: 5, seq: 71 }, to: { epoch: 6, seq: 1 } }, { event: { epoch: 6, seq: 1, name: "new" } }]);
  expect(old.counted()).toHaveLength(1);
  expect(ground.remembered).toBe(6);
});
