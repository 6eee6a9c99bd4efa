/**
 * The lines of one log view: the newest 50,000 of one or more containers, merged by time. It keeps bytes and
 * offsets; a row is parsed only when somebody asks for it. No React in here.
 *
 *   const store = createLogStore();
 *   const index = createLogIndex();                        // protocol/log-text.ts, one a source
 *   followLog({ …, handlers: { onBatch: (text, form) => store.add(source, index.push(text, form)), … } });
 *
 * Each `add` is also told to the window as the event `binnacle:log-rows` (detail: LogRowsDetail), so that a
 * measurement can look at every line that arrived, also at those that left again before a paint.
 */
import type { LogGap } from "@/protocol/logs";
import type { LogChunk, LogLine } from "@/protocol/log-text";

export const LOG_ROWS_EVENT = "binnacle:log-rows";
export interface LogRowsDetail {
  source: string;
  chunk: LogChunk;
}

/** Rows kept, and the bytes kept for them. */
export const LOG_ROWS = 50_000;
export const LOG_BYTES = 64 << 20;

/** `id`: the same row keeps it for as long as it is there; no two rows share one. */
export type LogRow = { id: number; source: string; line: LogLine; gap: null } | { id: number; source: string; line: null; gap: LogGap };

export interface LogStore {
  /** Puts lines in. A promise when the store is held and full: it takes these, and wants no more until it resolves. */
  add(source: string, chunk: LogChunk): Promise<void> | undefined;
  /** Puts older lines of a source before its first row (a page). false: there is no room for them. */
  addOlder(source: string, chunk: LogChunk): boolean;
  /** Puts a gap after the source's last row; `first`: before its first one. */
  addGap(source: string, gap: LogGap, where?: "last" | "first"): void;
  /** While held nothing leaves: the view stands still. Up to twice the rows are then taken in. */
  hold(held: boolean): void;
  /** Takes out the rows of one source, or all. */
  clear(source?: string): void;
  /** Rows there are now. */
  readonly length: number;
  /** Rows that left at the front since the start: `left + index` stays a row's number while nothing is merged in before it. */
  readonly left: number;
  /** Lines that arrived in all, of one source or of all. */
  arrived(source?: string): number;
  /** Row `index` of now, parsed. Throws RangeError outside. */
  row(index: number): LogRow;
  /** Moves with each change. */
  readonly version: number;
  /** Called after changes, at most once a frame. Returns the unsubscribe. */
  subscribe(listener: () => void): () => void;
}
