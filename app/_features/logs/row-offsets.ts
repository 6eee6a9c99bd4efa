/** Where rows stand in a list of which only those in the window are drawn. Pixels from the list's top. */

export interface RowOffsets {
  readonly count: number;
  readonly total: number;
  /** Where row `index` begins; `count` gives the end. */
  of(index: number): number;
  /** The row at a place; the nearest one outside. -1 in an empty list. */
  at(pixels: number): number;
}

/** All rows of one height. */
export function evenRows(count: number, height: number): RowOffsets {
  return {
    count,
    total: count * height,
    of: (index) => Math.min(count, Math.max(0, index)) * height,
    at: (pixels) => (count === 0 ? -1 : Math.min(count - 1, Math.max(0, Math.floor(pixels / height)))),
  };
}

/** Rows that were measured, by id; the others have `height` until they are. */
export function measuredRows(count: number, height: number, idOf: (index: number) => number, sizes: RowSizes): RowOffsets {
  const starts = new Float64Array(count + 1);
  let sum = 0;
  for (let index = 0; index < count; index++) {
    sum += sizes.get(idOf(index)) ?? height;
    starts[index + 1] = sum;
  }
  return {
    count,
    total: sum,
    of: (index) => starts[Math.min(count, Math.max(0, index))] ?? 0,
    at(pixels) {
      let [low, high] = [0, count - 1];
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if ((starts[middle] ?? 0) <= pixels) low = middle;
        else high = middle - 1;
      }
      return count === 0 ? -1 : low;
    },
  };
}

/** Heights by row id, for as long as the width stays. */
export interface RowSizes {
  get(id: number): number | undefined;
  /** Takes heights in; whether one is new or another than before. */
  take(heights: Iterable<readonly [id: number, height: number]>): boolean;
  clear(): void;
}
/** Heights remembered; far more than rows in view, fewer than would be felt. */
const MOST_SIZES = 120_000;

export function createRowSizes(): RowSizes {
  const known = new Map<number, number>();
  return {
    get: (id) => known.get(id),
    take(heights) {
      let changed = false;
      for (const [id, height] of heights) {
        if (known.get(id) === height) continue;
        if (known.size >= MOST_SIZES) known.clear();
        known.set(id, height);
        changed = true;
      }
      return changed;
    },
    clear: () => known.clear(),
  };
}

/**
 * Where a row that stood at `index` stands now: the same place, or near it on either side, since rows come in
 * before it and leave at the front. -1 when it has gone.
 */
export function indexOfId(count: number, idOf: (index: number) => number, id: number, index: number): number {
  for (let step = 0; step <= Math.max(index, count - index); step++) {
    const [after, before] = [index + step, index - step];
    if (after >= 0 && after < count && idOf(after) === id) return after;
    if (step > 0 && before >= 0 && before < count && idOf(before) === id) return before;
  }
  return -1;
}
