import { expect, it } from "vitest";
import { createTestClock, type Clock } from "./clock";
import { watchSilence } from "./silence";

const TIMES = { heartbeatMs: 5_000, silenceMs: 15_000 };

/** A clock whose event loop can be late: its timers fire once, whenever we let them. */
function lateClock() {
  let now = 0;
  let task: (() => void) | null = null;
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    after: () => () => undefined,
    every(_ms, run) {
      task = run;
      return () => (task = null);
    },
  };
  return { clock, turn: (ms: number) => ((now += ms), task?.()) };
}

it("tells a silence once, when the bound is reached and not before", () => {
  const clock = createTestClock();
  const told: string[] = [];
  watchSilence({ clock, ...TIMES, beat: (answered) => answered(), onSilent: (why) => told.push(why) });
  clock.advance(14_000);
  expect(told).toEqual([]);
  clock.advance(1_000);
  expect(told).toEqual(["nothing was heard for 15 s"]);
  clock.advance(60_000);
  expect(told).toHaveLength(1);
});

it("counts from the last byte", () => {
  const clock = createTestClock();
  const told: string[] = [];
  const watch = watchSilence({ clock, ...TIMES, beat: (answered) => answered(), onSilent: (why) => told.push(why) });
  clock.advance(14_500);
  watch.heard();
  expect(watch.lastByteAt()).toBe(clock.now());
  clock.advance(14_000);
  expect(told).toEqual([]);
  clock.advance(1_500);
  expect(told).toHaveLength(1);
});

it("does not count time in which our own event loop was late", () => {
  const { clock, turn } = lateClock();
  const told: string[] = [];
  watchSilence({ clock, ...TIMES, beat: (answered) => answered(), onSilent: (why) => told.push(why) });
  for (let i = 0; i < 14; i++) turn(1_000);
  turn(60_000); // stopped for a minute, e.g. a suspended machine
  turn(2_000);
  expect(told).toEqual([]);
  turn(1_000);
  expect(told).toEqual(["nothing was heard for 15 s"]);
});

it("tells of a peer that is heard but answers no ping, and has one ping out at a time", () => {
  const clock = createTestClock();
  const told: string[] = [];
  let beats = 0;
  const watch = watchSilence({ clock, ...TIMES, beat: () => (beats += 1), onSilent: (why) => told.push(why) });
  for (let i = 0; i < 19; i++) {
    clock.advance(1_000);
    watch.heard();
  }
  expect(told).toEqual([]);
  clock.advance(1_000);
  expect(told).toEqual(["a ping was not answered for 15 s"]);
  expect(beats).toBe(1);
});

it("is not moved by a wall clock that jumps", () => {
  const clock = createTestClock();
  const told: string[] = [];
  const watch = watchSilence({ clock, ...TIMES, beat: (answered) => answered(), onSilent: (why) => told.push(why) });
  for (const jump of [3_600_000, -365 * 86_400_000]) {
    clock.jump(jump);
    clock.advance(10_000);
    watch.heard();
  }
  expect(told).toEqual([]);
});
