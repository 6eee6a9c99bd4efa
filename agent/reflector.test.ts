import { afterEach, expect, it } from "vitest";
import type { RuntimeStatus } from "@/protocol/shapes";
import { createTestClock } from "./clock";
import { silentLog } from "./log";
import { createReflector, type Reflector } from "./reflector";
import type { EngineEvent, Runtime } from "./runtime/runtime";
import { happened } from "./spool/testing";
import { makeWitness } from "./testing";

const up: RuntimeStatus = { state: "up", why: null, engine: "docker", version: "1", apiVersion: "1.41" };
const event = (name: string, at: number): EngineEvent => ({ ...happened(name, { at, kind: "die", exitCode: 1 }), labelled: true });

let reflector: Reflector | null = null;
afterEach(() => reflector?.stop());

/** A reflector over an engine that tells these events to each who asks; and since when it was asked. */
async function reflect(events: readonly EngineEvent[], earlier: { at: number | null; events: ReturnType<typeof happened>[] }, clock = createTestClock()) {
  const asked: (number | null)[] = [];
  let end: (why: string) => void = () => {};
  const unused = () => Promise.reject(new Error("not part of this test"));
  const runtime: Runtime = {
    status: () => up,
    connect: () => Promise.resolve(up),
    ping: () => Promise.resolve(),
    list: () => Promise.resolve([]),
    look: () => Promise.resolve(null),
    inspect: unused, loss: unused, dataRoot: unused, openLog: unused, usage: unused,
    perform: () => Promise.resolve({ state: "done" }),
    follow: ({ since, onEvent }) => {
      asked.push(since);
      events.forEach(onEvent);
      return Promise.resolve({ ended: new Promise<string>((resolve) => (end = resolve)), close: () => {} });
    },
  };
  const witness = makeWitness();
  reflector = createReflector({ runtime, clock, log: silentLog, stepAt: () => null, ...witness.options, earlier });
  reflector.start();
  await expect.poll(() => asked.length).toBe(1);
  return { asked, clock, ...witness, end: (why: string) => end(why) };
}

it("an agent that was away asks for what it missed, and tells nothing that its last run has told", async () => {
  const clock = createTestClock();
  const then = clock.now() - 60_000;
  const { asked, events } = await reflect([event("told", then), event("missed", then + 30_000)], { at: then, events: [happened("told", { at: then, kind: "die" })] }, clock);
  expect(asked).toEqual([then - 1_000]);
  expect(events.map(({ name }) => name)).toEqual(["missed"]);
});

it("a first run asks for nothing that was before it; a long absence, and a clock that was set back, ask for no more than a day", async () => {
  expect((await reflect([], { at: null, events: [] })).asked).toEqual([null]);
  const clock = createTestClock();
  expect((await reflect([], { at: 1, events: [] }, clock)).asked).toEqual([clock.now() - 24 * 3_600_000 - 1_000]);
  expect((await reflect([], { at: clock.now() + 9e9, events: [] }, clock)).asked).toEqual([clock.now() - 1_000]);
});

it("the time in which the engine was away is told when it is back, with its bounds, and what it tells again is not", async () => {
  const { asked, events, gaps, clock, end } = await reflect([event("one", 5)], { at: null, events: [] });
  await expect.poll(() => reflector?.status().state).toBe("up");
  await expect.poll(() => reflector?.listedAt()).not.toBeNull();
  const listedAt = reflector?.listedAt();
  clock.advance(2_000);
  expect(gaps).toEqual([]);
  end("it was restarted");
  await expect.poll(() => asked.length).toBe(2);
  await expect.poll(() => gaps).toEqual([{ since: listedAt, until: clock.now(), why: "The engine's event stream ended: it was restarted." }]);
  expect(events).toHaveLength(1);
});
