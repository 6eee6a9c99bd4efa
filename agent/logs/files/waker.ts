/**
 * Waiting until a log may have grown. A quiet log costs a watch and a look now and then. A busy one is looked
 * at on a short beat instead, so that it is read in big pieces and its writer does not wake the agent for
 * each line.
 */
import { type FSWatcher, watch } from "node:fs";
import type { Clock } from "../../clock";

/** At least so long between two looks. */
const PACE_MS = 5;
const BEAT_MS = 10;
/** A watch that says more than so much in so long is given up for the beat. */
const BUSY_EVENTS = 64;
const BUSY_MS = 200;
/** Beats without anything new until it is watched again. */
const QUIET_BEATS = 30;
/** A look without being told to, for what a watch misses; and where no watch can be had. */
const SAFETY_MS = 5_000;
const BLIND_MS = 250;

export interface Waker {
  /** Resolves when it is time to look again. `found`: the last look found something new. Rejects when the signal is aborted. */
  wait(found: boolean, signal: AbortSignal): Promise<void>;
  /**
   * From now on counts how often the watched file was replaced, until `replaced` is asked. That is null when
   * not every moment since was watched.
   */
  count(): void;
  replaced(): Promise<number | null>;
  close(): void;
}

/** `always`: the watch is kept also while the log is busy, because its count is needed. */
export function createWaker({ path, base, clock, always }: { path: string; base: string; clock: Clock; always: boolean }): Waker {
  let watcher: FSWatcher | null = null;
  let blind = false;
  let closed = false;
  let told = true;
  let tell: (() => void) | null = null;
  let events = 0;
  let eventsSince = 0;
  let quietBeats = 0;
  let names: number | null = null;
  let lastLook = -Infinity;

  function open(): void {
    try {
      watcher = watch(path, { persistent: false }, (event, name) => {
        events++;
        if (event === "rename" && name === base && names !== null) names++;
        told = true;
        tell?.();
      });
      watcher.on("error", drop);
      told = true; // what came before the watch was there
    } catch {
      blind = true;
    }
  }
  function shut(): void {
    watcher?.close();
    watcher = null;
    names = null;
  }
  function drop(): void {
    shut();
    blind = true;
    tell?.();
  }
  function tooBusy(): boolean {
    const now = clock.monotonic();
    if (now - eventsSince > BUSY_MS) {
      events = 0;
      eventsSince = now;
    }
    return !always && events > BUSY_EVENTS;
  }
  function pause(ms: number, early: boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = () => {
        cancel();
        signal.removeEventListener("abort", done);
        tell = null;
        if (signal.aborted) reject(signal.reason);
        else resolve();
      };
      const cancel = clock.after(ms, done);
      if (early) tell = done;
      signal.addEventListener("abort", done);
      if (signal.aborted || closed) done();
    });
  }

  return {
    async wait(found, signal) {
      if (found) quietBeats = 0;
      if (!watcher && !blind && (quietBeats++ >= QUIET_BEATS || (lastLook === -Infinity && quietBeats > 0))) open();
      if (watcher && tooBusy()) {
        shut();
        quietBeats = 0;
      }
      if (!watcher) await pause(blind ? BLIND_MS : BEAT_MS, false, signal);
      else {
        if (!told) await pause(SAFETY_MS, true, signal);
        const early = lastLook + PACE_MS - clock.monotonic();
        if (early > 0) await pause(early, false, signal);
      }
      told = false;
      lastLook = clock.monotonic();
    },
    count() {
      if (always && !watcher && !blind && !closed) open();
      names = watcher ? 0 : null;
    },
    async replaced() {
      // What the kernel has to say by now is read in the next turns of the event loop.
      for (let i = 0; i < 3; i++) await new Promise(setImmediate);
      return names === null ? null : Math.ceil(names / 2);
    },
    close() {
      closed = true;
      shut();
      tell?.();
    },
  };
}
