/** What a bench is. Each file of this folder that has an `export const bench: Bench` can be run by its name. */

export interface Figure {
  /** What was measured, in words: "warm start to /readyz, median". */
  name: string;
  value: number;
  /** "ms", "s", "KiB", "x" (a ratio), or "" for a count. */
  unit: string;
  /** What it must reach; null: shown for comparison only. */
  bound: { op: "<=" | ">="; value: number } | null;
}

export interface Result {
  figures: Figure[];
  /** Every single run, so that a reader can work out other figures. Printed with --json alone. */
  raw: unknown;
}

export interface Bench {
  name: string;
  /** One sentence: what it shows. */
  does: string;
  /** Sets up and takes down all it needs, also when it fails. `log` is progress for a person. */
  run(log: (line: string) => void): Promise<Result>;
}

/** The middle value; of an even number, the mean of the two in the middle. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value that the given share (0 to 1) of all values do not exceed. NaN for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Whether a figure reaches its bound; a figure without one always does, one that is no number never. */
export function reaches({ value, bound }: Figure): boolean {
  if (bound === null) return true;
  return bound.op === "<=" ? value <= bound.value : value >= bound.value;
}
