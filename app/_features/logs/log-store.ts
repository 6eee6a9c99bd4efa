/**
 * The lines of one log view: the newest 50,000 of one or more containers, merged by time. It keeps bytes and
 * offsets; a row is parsed only when somebody asks for it. No React in here.
 *
 *   const store = createLogStore();
 *   const index = createLogIndex();                        // protocol/log-text.ts, one a source
 *   followLog({ …, handlers: { onBatch: (text, form) => store.add(source, index.push(text, form)), … } });
 *
 * Each `add` is also told to the window as the event LOG_ROWS_EVENT, so that a measurement can look at every
 * line that arrived, also at those that left again before a paint.
 */
import type { LogGap } from "@/protocol/logs";
import type { LogChunk, LogLine } from "@/protocol/log-text";
import { createBlocks, type Block } from "./log-blocks";

/** A CustomEvent<LogRowsDetail> of the window. */
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
  /** Puts a gap after the source's last row; "first": before its first one. */
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
  /** What is known of it without parsing. Throws RangeError outside. */
  head(index: number): { id: number; source: string; isGap: boolean };
  /** Moves with each change. */
  readonly version: number;
  /** Called after changes, at most once a frame. Returns the unsubscribe. */
  subscribe(listener: () => void): () => void;
}

export interface LogStoreOptions {
  rows?: number;
  bytes?: number;
  /** Calls back when it is time to paint. */
  nextFrame?: (paint: () => void) => void;
}

/** A frame of the browser, or soon where nothing is painted: a hidden tab has no frames, and its counts go on. */
const nextFrameHere = (paint: () => void): void => {
  if (typeof requestAnimationFrame === "function" && document.visibilityState === "visible") requestAnimationFrame(paint);
  else setTimeout(paint, 250);
};

export function createLogStore({ rows = LOG_ROWS, bytes = LOG_BYTES, nextFrame = nextFrameHere }: LogStoreOptions = {}): LogStore {
  const blocks = createBlocks();
  const arrived = new Map<string, number>();
  const listeners = new Set<() => void>();
  let version = 0;
  let nextId = 0;
  let held = false;
  let isTelling = false;
  /** Sources that wait for the hold to end. */
  const release: (() => void)[] = [];

  const changed = () => {
    version += 1;
    if (isTelling || listeners.size === 0) return;
    isTelling = true;
    nextFrame(() => {
      isTelling = false;
      for (const listener of [...listeners]) listener();
    });
  };
  const isFull = () => blocks.length() >= 2 * rows || blocks.bytes() >= 2 * bytes;
  const trim = () => {
    if (!held) blocks.trim(rows, bytes);
  };
  const blockOf = (source: string, content: { chunk: LogChunk } | { gap: LogGap }): Block => {
    const chunk = "chunk" in content ? content.chunk : null;
    const count = chunk?.lines ?? 1;
    const block: Block = { source, chunk, gap: "gap" in content ? content.gap : null, from: 0, to: count, id: nextId, at: 0, size: (chunk?.bytes.length ?? 0) / (count || 1) };
    nextId += count;
    return block;
  };
  const tell = (source: string, chunk: LogChunk) => {
    arrived.set(source, (arrived.get(source) ?? 0) + chunk.lines);
    if (typeof window !== "undefined") window.dispatchEvent(new CustomEvent<LogRowsDetail>(LOG_ROWS_EVENT, { detail: { source, chunk } }));
  };

  return {
    add(source, chunk) {
      if (chunk.lines === 0) return undefined;
      tell(source, chunk);
      blocks.add(blockOf(source, { chunk }));
      trim();
      changed();
      return held && isFull() ? new Promise((resolve) => release.push(resolve)) : undefined;
    },
    addOlder(source, chunk) {
      if (chunk.lines === 0) return true;
      if (blocks.length() + chunk.lines > (held ? 2 : 1) * rows) return false;
      blocks.addBefore(blockOf(source, { chunk }));
      changed();
      return true;
    },
    addGap(source, gap, where = "last") {
      const block = blockOf(source, { gap });
      if (where === "first") blocks.addBefore(block);
      else blocks.add(block);
      trim();
      changed();
    },
    hold(next) {
      held = next;
      if (held) return;
      trim();
      changed();
      for (const go of release.splice(0)) go();
    },
    clear(source) {
      blocks.clear(source);
      changed();
      for (const go of release.splice(0)) go();
    },
    get length() {
      return blocks.length();
    },
    get left() {
      return blocks.left();
    },
    arrived: (source) => (source === undefined ? [...arrived.values()].reduce((sum, count) => sum + count, 0) : (arrived.get(source) ?? 0)),
    head(index) {
      const { block, line } = blocks.find(index);
      return { id: block.id + line, source: block.source, isGap: block.chunk === null };
    },
    row(index) {
      const { block, line } = blocks.find(index);
      const head = { id: block.id + line, source: block.source };
      return block.chunk ? { ...head, line: block.chunk.line(line), gap: null } : { ...head, line: null, gap: block.gap as LogGap };
    },
    get version() {
      return version;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
