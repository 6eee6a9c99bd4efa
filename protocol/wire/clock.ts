/** Time as the code sees it, so that a test can move it. Every timer of hub and agent goes through a Clock. */
export interface Clock {
  /** Milliseconds since 1970; can jump when the machine's clock is set. */
  now(): number;
  /** Milliseconds that only grow; for durations. */
  monotonic(): number;
  /** Runs `task` once after `ms`; the returned function cancels it. Does not keep the process alive. */
  after(ms: number, task: () => void): () => void;
  /** Runs `task` each `ms`; the returned function ends it. Does not keep the process alive. */
  every(ms: number, task: () => void): () => void;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
  every(ms, task) {
    const timer = setInterval(task, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};

/** A clock for tests: time passes only when `advance` is called, and timers run in their order. */
export function createTestClock(start = Date.UTC(2026, 0, 1)): Clock & { advance(ms: number): void; jump(ms: number): void } {
  let wall = start;
  let passed = 0;
  let serial = 0;
  const timers = new Map<number, { at: number; every: number | null; task: () => void }>();
  const add = (ms: number, every: number | null, task: () => void) => {
    const id = ++serial;
    timers.set(id, { at: passed + ms, every, task });
    return () => void timers.delete(id);
  };
  return {
    now: () => wall,
    monotonic: () => passed,
    after: (ms, task) => add(ms, null, task),
    every: (ms, task) => add(ms, ms, task),
    advance(ms) {
      const end = passed + ms;
      for (;;) {
        const next = [...timers.entries()].filter(([, t]) => t.at <= end).sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0];
        if (!next) break;
        const [id, timer] = next;
        wall += Math.max(0, timer.at - passed);
        passed = Math.max(passed, timer.at);
        if (timer.every === null) timers.delete(id);
        else timer.at += timer.every;
        timer.task();
      }
      wall += end - passed;
      passed = end;
    },
    jump(ms) {
      wall += ms;
    },
  };
}
