/**
 * The order of a log view's rows: runs of lines of one batch, or one gap. Runs of several sources are merged
 * by time, each source keeping its own order; where one source is alone, no time is ever read.
 */
import type { LogGap } from "@/protocol/logs";
import type { LogChunk } from "@/protocol/log-text";

/** Lines `from` to `to` of a chunk; or a gap, which is one row. */
export interface Block {
  source: string;
  chunk: LogChunk | null;
  gap: LogGap | null;
  from: number;
  to: number;
  /** Of the chunk's line 0. */
  id: number;
  /** The row's number of its first line, counted from the start of the view; kept by createBlocks. */
  at: number;
  /** Bytes of one line, on the average. */
  size: number;
}

export const countOf = (block: Block): number => block.to - block.from;

/** The time of a row; null where it tells none. */
export function timeAt(block: Block, line: number): number | null {
  return block.chunk ? block.chunk.at(line) : (block.gap?.at ?? null);
}

/** Blocks that left are cut off the list once there are so many, so that a cut costs nothing a row. */
const CUT = 1_024;

export function createBlocks() {
  let list: Block[] = [];
  let head = 0;
  let left = 0;
  let end = 0;
  let bytes = 0;
  const sources = new Map<string, number>();

  const count = (block: Block, sign: 1 | -1) => {
    const rows = countOf(block) * sign;
    bytes += rows * block.size;
    sources.set(block.source, (sources.get(block.source) ?? 0) + rows);
    if (sources.get(block.source) === 0) sources.delete(block.source);
  };
  /** Numbers the rows from block `from` on anew. */
  const renumber = (from: number) => {
    const before = list[from - 1];
    let at = from > head && before ? before.at + countOf(before) : left;
    for (let i = from; i < list.length; i++) {
      const block = list[i] as Block;
      block.at = at;
      at += countOf(block);
    }
    end = at;
  };
  const append = (block: Block) => {
    block.at = end;
    end += countOf(block);
    list.push(block);
  };

  return {
    length: () => end - left,
    left: () => left,
    bytes: () => bytes,

    /** Puts a block in by time, after every row of its own source. */
    add(block: Block): void {
      const alone = sources.size === 0 || (sources.size === 1 && sources.has(block.source));
      count(block, 1);
      const first = alone ? null : timeAt(block, block.from);
      if (first === null) return append(block);
      let place = list.length;
      while (place > head && isAfter(list[place - 1] as Block, block.source, first)) place -= 1;
      if (place === list.length) return append(block);
      list.splice(place, list.length - place, ...merge(list.slice(place), block));
      renumber(place);
    },
    /** Puts a block before the first row of its source; at the front where there is none. */
    addBefore(block: Block): void {
      count(block, 1);
      let place = head;
      const last = timeAt(block, block.to - 1);
      // Older rows of other sources stay before it.
      while (place < list.length && last !== null && isOlder(list[place] as Block, block.source, last)) place += 1;
      list.splice(place, 0, block);
      renumber(place);
    },
    /** Takes rows off the front until there are at most so many, of at most so many bytes. The last block stays. */
    trim(rows: number, most: number): void {
      while (end - left > rows || (bytes > most && list.length - head > 1)) {
        const block = list[head] as Block;
        const over = bytes > most ? countOf(block) : Math.min(countOf(block), end - left - rows);
        const part = { ...block, to: block.from + over };
        count(part, -1);
        block.from += over;
        block.at += over;
        left += over;
        if (countOf(block) === 0) head += 1;
      }
      if (head < CUT && head < list.length) return;
      list = list.slice(head);
      head = 0;
    },
    clear(source: string | undefined): void {
      const kept = source === undefined ? [] : list.slice(head).filter((block) => block.source !== source);
      for (const block of list.slice(head)) if (source === undefined || block.source === source) count(block, -1);
      list = kept;
      head = 0;
      renumber(0);
    },
    /** Where row `index` of now is. Throws RangeError. */
    find(index: number): { block: Block; line: number } {
      const wanted = left + index;
      if (!Number.isInteger(index) || index < 0 || wanted >= end) throw new RangeError(`there is no row ${index}`);
      let low = head;
      let high = list.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if ((list[middle] as Block).at <= wanted) low = middle;
        else high = middle - 1;
      }
      const block = list[low] as Block;
      return { block, line: block.from + wanted - block.at };
    },
  };
}

/** Whether a new run of `source`, beginning at `time`, has rows that belong before the end of `block`. */
function isAfter(block: Block, source: string, time: number): boolean {
  if (block.source === source) return false;
  const last = timeAt(block, block.to - 1);
  return last !== null && last > time;
}
function isOlder(block: Block, source: string, time: number): boolean {
  if (block.source === source) return false;
  const last = timeAt(block, block.to - 1);
  return last !== null && last < time;
}

/** `tail` with the rows of `block` put among them by time. Runs stay as long as they can. */
function merge(tail: readonly Block[], block: Block): Block[] {
  const merged: Block[] = [];
  let from = block.from;
  const part = (of: Block, start: number, to: number) => void (to > start && merged.push({ ...of, from: start, to }));
  for (const old of tail) {
    let start = old.from;
    while (start < old.to && from < block.to) {
      const time = timeAt(block, from);
      const until = time === null ? start : firstWhere(old, start, (at) => at > time);
      part(old, start, until);
      start = until;
      if (start === old.to) break;
      const next = timeAt(old, start);
      const upTo = next === null ? block.to : Math.max(from + 1, firstWhere(block, from, (at) => at >= next));
      part(block, from, upTo);
      from = upTo;
    }
    part(old, start, old.to);
  }
  part(block, from, block.to);
  return merged;
}

/** The first line from `from` on of such a time; `to` where none is. Lines without a time go with those before. */
function firstWhere(block: Block, from: number, fits: (at: number) => boolean): number {
  let line = from;
  while (line < block.to) {
    const at = timeAt(block, line);
    if (at !== null && fits(at)) return line;
    line += 1;
  }
  return line;
}
