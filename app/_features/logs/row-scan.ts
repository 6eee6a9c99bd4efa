/**
 * What is known of the rows in a store beyond their text: which have the level that is asked for, and which
 * hold what is looked for. Looks at rows in slices, the newest first, so that the page never stands still;
 * rows that nobody asks anything of are not looked at.
 */
import { LOG_LEVELS, type LogLevel } from "@/protocol/logs";
import type { LogLine } from "@/protocol/log-text";
import { plainText } from "./ansi";
import type { LogStore } from "./log-store";
import type { Matcher } from "./matcher";

export interface Criteria {
  level: LogLevel | null;
  matcher: Matcher | null;
}

/** The rows to be shown. */
export interface RowView {
  readonly count: number;
  /** The store's index of a shown row. */
  index(at: number): number;
  /** Places among the shown rows, ascending, that hold what is looked for. */
  readonly hits: readonly number[];
  /** Rows whose level is too low or not told. */
  readonly hidden: number;
  /** Rows not yet looked at: no hits yet, and not shown while a level is asked for. */
  readonly waiting: number;
}

export interface RowScan {
  /** Other criteria: all rows are looked at again. */
  ask(criteria: Criteria): void;
  /** Looks at rows until the time is over; whether all were looked at. */
  work(until: number): boolean;
  view(): RowView;
}

/** Rows between two looks at the clock. */
const SLICE = 64;
/** What is remembered of a row: its level's number plus one, and these. */
const HIT = 8;
const GOES_ON = 16;
const LEVEL = 7;
/** Rows remembered beyond those that are there, before the others are forgotten. */
const SPARE = 20_000;
/** A line that belongs to the one before it: part of a stack trace. It has that one's level. */
const CONTINUATION = /^(?:\s+\S|Caused by: |Traceback \(|\.\.\. \d+ more|goroutine \d+ \[)/;

export function createRowScan(store: LogStore, levelOf: (text: string) => LogLevel | null, now: () => number): RowScan {
  let criteria: Criteria = { level: null, matcher: null };
  let marks = new Map<number, number>();
  /** At this version every row was looked at. */
  let wholeAt = -1;

  const isIdle = () => criteria.level === null && criteria.matcher === null;

  function look(line: LogLine): number {
    const text = plainText(line.text);
    const level = criteria.level === null ? null : levelOf(text);
    return (level === null ? (CONTINUATION.test(text) ? GOES_ON : 0) : LOG_LEVELS.indexOf(level) + 1) | (criteria.matcher?.test(text) ? HIT : 0);
  }

  function forgetGone(): void {
    if (marks.size <= store.length + SPARE) return;
    const kept = new Map<number, number>();
    for (let index = 0; index < store.length; index++) {
      const { id } = store.head(index);
      const mark = marks.get(id);
      if (mark !== undefined) kept.set(id, mark);
    }
    marks = kept;
  }

  function collect(): RowView {
    const least = criteria.level === null ? 0 : LOG_LEVELS.indexOf(criteria.level) + 1;
    const shown: number[] = [];
    const hits: number[] = [];
    let hidden = 0;
    let waiting = 0;
    const before = new Map<string, number>();
    for (let index = 0; index < store.length; index++) {
      const { id, source, isGap } = store.head(index);
      const mark = isGap ? LEVEL : marks.get(id);
      if (mark === undefined) {
        waiting++;
        // It may have the level or not; where none is asked for it stands there already.
        if (least === 0) shown.push(index);
        continue;
      }
      const level = mark & GOES_ON ? (before.get(source) ?? 0) : mark & LEVEL;
      if (!isGap) before.set(source, level);
      if (level < least) {
        hidden++;
        continue;
      }
      if (mark & HIT) hits.push(shown.length);
      shown.push(index);
    }
    return { count: shown.length, index: (at) => shown[at] ?? -1, hits, hidden, waiting };
  }

  return {
    ask(next) {
      if (next.level === criteria.level && next.matcher === criteria.matcher) return;
      criteria = next;
      marks = new Map();
      wholeAt = -1;
    },
    work(until) {
      if (isIdle() || wholeAt === store.version) return true;
      forgetGone();
      for (let index = store.length - 1, looked = 0; index >= 0; index--) {
        const { id, isGap } = store.head(index);
        if (isGap || marks.has(id)) continue;
        const { line } = store.row(index);
        if (line) marks.set(id, look(line));
        if (++looked % SLICE === 0 && now() >= until) return false;
      }
      wholeAt = store.version;
      return true;
    },
    view: () => (isIdle() ? { count: store.length, index: (at) => at, hits: [], hidden: 0, waiting: 0 } : collect()),
  };
}
