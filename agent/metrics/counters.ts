/**
 * What is counted of one container, as a row of numbers that is filled again and again, and the figures
 * that two rows make. NaN is "not known".
 */
import type { ContainerFigures } from "@/protocol/metrics";

/** The places of a row. Counters grow over the container's life; levels are as of now. */
export const AT = 0;
export const CPU_SECONDS = 1;
export const PERIODS = 2;
export const THROTTLED_PERIODS = 3;
export const RECEIVED = 4;
export const SENT = 5;
export const READ = 6;
export const WRITTEN = 7;
export const MEMORY = 8;
export const PIDS = 9;
export const CPU_LIMIT = 10;
export const MEMORY_LIMIT = 11;
const PLACES = 12;

export type Counters = Float64Array;

/** A row of which nothing is known. */
export function newCounters(): Counters {
  return new Float64Array(PLACES).fill(Number.NaN);
}

/**
 * The figures of a container between two looks. `before`: null at the first one, whose rates are not known.
 * A counter that went back (a new cgroup under the old id, a wrapped interface) gives null once.
 */
export function figuresBetween(id: string, before: Counters | null, now: Counters): ContainerFigures {
  const cpuLimit = level(now[CPU_LIMIT]!);
  return {
    id,
    cpu: short(rate(before, now, CPU_SECONDS)),
    cpuLimit,
    throttled: cpuLimit === null ? null : short(throttledShare(before, now)),
    memory: level(now[MEMORY]!),
    memoryLimit: level(now[MEMORY_LIMIT]!),
    received: whole(rate(before, now, RECEIVED)),
    sent: whole(rate(before, now, SENT)),
    read: whole(rate(before, now, READ)),
    written: whole(rate(before, now, WRITTEN)),
    pids: level(now[PIDS]!),
  };
}

/** What a counter grew by in a second; null when it is not known or went back. */
export function rate(before: Float64Array | null, now: Float64Array, place: number): number | null {
  if (before === null) return null;
  const span = now[AT]! - before[AT]!;
  const grown = now[place]! - before[place]!;
  return span > 0 && grown >= 0 ? level((grown / span) * 1_000) : null;
}

function throttledShare(before: Counters | null, now: Counters): number | null {
  if (before === null) return null;
  const periods = now[PERIODS]! - before[PERIODS]!;
  const throttled = now[THROTTLED_PERIODS]! - before[THROTTLED_PERIODS]!;
  if (!(periods >= 0 && throttled >= 0)) return null;
  return periods === 0 ? 0 : Math.min(1, throttled / periods); // none: it had nothing to do, so nothing held it back
}

/** A number that the link carries; null for what is not known or makes no sense. */
export function level(value: number): number | null {
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : null;
}

/** Rounded so that a line stays short: a byte a second, a tenth of a thousandth of a core. */
export function whole(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}
export function short(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1e4) / 1e4;
}
