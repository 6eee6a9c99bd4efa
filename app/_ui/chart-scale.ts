/** The arithmetic of charts: where lines break, where scales end, what stands at their ticks. Times are milliseconds since 1970. */

/** One line's figures, one for each time; null: not known then, which is a break in the line and never a zero. */
export type Column = readonly (number | null)[];

/**
 * Times and columns with a row of nulls wherever two times lie further apart than `longestMs`: what was not
 * measured is a break and not a bridge.
 */
export function withBreaks(times: readonly number[], columns: readonly Column[], longestMs: number): { times: number[]; columns: (number | null)[][] } {
  const outTimes: number[] = [];
  const out: (number | null)[][] = columns.map(() => []);
  times.forEach((time, index) => {
    const before = times[index - 1];
    if (before !== undefined && time - before > longestMs) {
      outTimes.push((before + time) / 2);
      for (const column of out) column.push(null);
    }
    outTimes.push(time);
    columns.forEach((column, at) => out[at]?.push(column[index] ?? null));
  });
  return { times: outTimes, columns: out };
}

/** The largest known figure of some columns; null when none is known. */
export function highest(columns: readonly Column[]): number | null {
  let found: number | null = null;
  for (const column of columns) for (const value of column) if (value !== null && (found === null || value > found)) found = value;
  return found;
}

/** decimal: steps of 1, 2, 5 · 10ⁿ. binary: the same within powers of 1024, as sizes are read. */
export type Base = "decimal" | "binary";
const STEPS = [1, 2, 5, 10];
const BINARY_STEPS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** The smallest round step of which `count` reach `top`. */
function roundStep(top: number, base: Base, count: number): number {
  const least = top / count;
  const unit = base === "binary" ? 1024 ** Math.max(0, Math.floor(Math.log2(least) / 10)) : 10 ** Math.floor(Math.log10(least));
  const steps = base === "binary" ? BINARY_STEPS : STEPS;
  return unit * (steps.find((step) => step * unit >= least * (1 - 1e-9)) ?? steps.at(-1) ?? 1);
}

/** A limit is in the picture once the figures reach this share of it; before that it would press them flat. */
const LIMIT_IN_SIGHT = 0.25;
/** Room above the highest figure. */
const HEADROOM = 1.08;

export interface ValueScale {
  /** The upper end; the lower one is 0. */
  top: number;
  ticks: number[];
}

/**
 * A scale from 0 to above the highest figure and never below `least`, with about `count` round ticks. The
 * limit is within it where the figures come near it.
 */
export function valueScale(peak: number | null, options: { base: Base; least: number; limit: number | null; count?: number }): ValueScale {
  const { base, least, limit, count = 3 } = options;
  const wanted = Math.max((peak ?? 0) * HEADROOM, least);
  const top = limit !== null && limit > 0 && (peak ?? 0) >= limit * LIMIT_IN_SIGHT ? Math.max(wanted, limit * HEADROOM) : wanted;
  const step = roundStep(top, base, count);
  const ticks: number[] = [];
  for (let index = 0; index * step <= top * (1 + 1e-9) && index <= count * 2; index++) ticks.push(index * step);
  return { top, ticks };
}

/** Whole steps of time that people count in. */
const TIME_STEPS = [1, 5, 15, 30, 60, 300, 600, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400].map((seconds) => seconds * 1_000);

/** Round moments between two, at most `count`. Every zone's offset is a multiple of 15 minutes, so shorter steps are round everywhere. */
export function timeTicks(from: number, to: number, count: number): number[] {
  const step = TIME_STEPS.find((candidate) => (to - from) / candidate <= count) ?? to - from;
  const ticks: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return ticks;
}

/** The index of the time nearest to `at`; null when there is none. `times` grow. */
export function nearestIndex(times: readonly number[], at: number): number | null {
  if (times.length === 0) return null;
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low > 0 && at - (times[low - 1] ?? 0) <= (times[low] ?? 0) - at ? low - 1 : low;
}

/** Where figures stand alone between two breaks. */
export function isolated(column: Column): number[] {
  return column.flatMap((value, index) => (value !== null && (column[index - 1] ?? null) === null && (column[index + 1] ?? null) === null ? [index] : []));
}

/** What a column says in one breath: its last known figure, its lowest, its highest and when; null when it knows nothing. */
export function extremes(times: readonly number[], column: Column): Extremes | null {
  let result: Extremes | null = null;
  for (const [index, value] of column.entries()) {
    if (value === null) continue;
    const at = times[index] ?? 0;
    if (!result) result = { last: value, low: value, high: value, highAt: at };
    result.last = value;
    result.low = Math.min(result.low, value);
    if (value > result.high) Object.assign(result, { high: value, highAt: at });
  }
  return result;
}
export interface Extremes {
  last: number;
  low: number;
  high: number;
  highAt: number;
}

/** An SVG path over figures within 0…`top`, in a box of `width` × `height`; a break in the figures begins a new piece. `closed` goes down to the ground for a filled area. */
export function sparkPath(times: readonly number[], column: Column, box: { from: number; to: number; top: number; width: number; height: number }, longestMs: number): { line: string; area: string } {
  const x = (at: number) => ((at - box.from) / Math.max(1, box.to - box.from)) * box.width;
  const y = (value: number) => box.height - 1 - (Math.min(value, box.top) / Math.max(box.top, Number.MIN_VALUE)) * (box.height - 2);
  const round = (value: number) => Math.round(value * 10) / 10;
  let line = "";
  let area = "";
  let before: number | null = null;
  let startX = 0;
  let lastX = 0;
  const close = () => {
    if (before !== null) area += `L${lastX} ${box.height}L${startX} ${box.height}Z`;
    // A figure alone is a dot: a line of no length with round ends.
    if (before !== null && startX === lastX) line += "h0";
    before = null;
  };
  column.forEach((value, index) => {
    const at = times[index] ?? 0;
    if (value === null || at < box.from) return close();
    if (before !== null && at - before > longestMs) close();
    const point = `${round(x(at))} ${round(y(value))}`;
    lastX = round(x(at));
    if (before === null) startX = lastX;
    line += (before === null ? "M" : "L") + point;
    area += (before === null ? "M" : "L") + point;
    before = at;
  });
  close();
  return { line, area };
}
