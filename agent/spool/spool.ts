/**
 * Everything that is counted (what happened, what was measured, how steps ended) on its way to the hub: each
 * record gets the next place of this run, goes to the disk, and stays until the hub has it, within a bound.
 * Nothing here ever stops the agent: what the disk does not take is held in memory within another bound,
 * and what is lost then is told as a gap.
 */
import { join } from "node:path";
import { LIMITS } from "@/protocol/limits";
import type { Cursor } from "@/protocol/shapes";
import type { Clock } from "../clock";
import type { createAppendFile } from "../durable-file";
import type { Log } from "../log";
import { type Earlier, lookBack } from "./earlier";
import { createReader, type SpoolReader } from "./reader";
import { type Body, bodyOf, compare, type Counted, type CountedKind, type Gap, span, timeOf, writeLine } from "./record";
import { openSegments } from "./segments";

const SEGMENT_BYTES = 2 << 20;
/** One write to the disk. */
const WRITE_BYTES = 256 * 1024;
/** Records that wait for the disk. */
const WAITING_BYTES = 4 << 20;
/** Records that are written and still in memory, for the reader that follows closely. */
const FRESH_BYTES = 64 * 1024;
/** From a record that must survive the power's end to the call that makes it so; others join it. */
const SYNC_MS = 100;
/** Between attempts while the disk takes nothing. */
const RETRY_MS = 5_000;
/** The hub's database takes 32 bits; so far from their end no honest count is. */
const EPOCHS = 2 ** 31 - 2 ** 20;

export interface Spool {
  /**
   * Counts a record. It is told to readers once it is written; a sample may be lost when the power goes, the
   * other kinds are on the disk soon after. Never throws. A record that is too long to send becomes a gap.
   */
  append<K extends CountedKind>(kind: K, value: Counted[K]): Cursor;
  /** Counts a stretch of time in which something may have happened that nobody saw. */
  noteGap(gap: Gap): Cursor;
  /** The place of the last record; seq 0 when this run has none. */
  last(): Cursor;
  /** What comes after `after`, or everything there is when that is null. Costs nothing while it waits. */
  reader(after: Cursor | null): SpoolReader;
  /** The hub has everything up to there: it need not be kept. */
  keep(upTo: Cursor): Promise<void>;
  /**
   * Goes on beyond this place, where it is one that was never given: the agent's directory is older than the hub's
   * data. This run's records get other places, what earlier runs left is forgotten. Rejects when that cannot be kept.
   */
  surpass(cursor: Cursor): Promise<void>;
  /** What earlier runs left on the disk. */
  readonly earlier: Earlier;
  /** Tells when there may be more to read. Returns the unsubscribe. */
  subscribe(listener: () => void): () => void;
  /** Resolves when the disk has taken what was appended so far, or has refused it. */
  written(): Promise<void>;
  /** Writes what waits, and ends. */
  close(): Promise<void>;
}

export interface SpoolOptions {
  /** The agent's directory; the records lie in one below it. */
  dir: string;
  epoch: number;
  /** Puts another number for this run on the disk. Throws when it cannot. */
  rememberEpoch(epoch: number): void;
  clock: Clock;
  log: Log;
  maxBytes?: number;
  segmentBytes?: number;
  waitingBytes?: number;
  createFile?: typeof createAppendFile;
}

interface Line {
  seq: number;
  line: Buffer;
  at: number;
  synced: boolean;
}

export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const { dir, rememberEpoch, clock, log, maxBytes = LIMITS.spoolBytes, segmentBytes = SEGMENT_BYTES, waitingBytes = WAITING_BYTES, createFile } = options;
  const segments = await openSegments({ dir: join(dir, "spool"), maxBytes, segmentBytes, log, ...(createFile && { createFile }) });
  const earlier = await lookBack(segments);
  let { epoch } = options;
  let seq = 0;
  /** Each follows the one before it: first those that are written, then those that wait. */
  const lines: Line[] = [];
  let written = 0;
  let bytes = 0;
  let version = 0;
  let kept: Cursor | null = null;
  let failing = false;
  let lost = false;
  let closed = false;
  const listeners = new Set<() => void>();

  const change = () => {
    version++;
    for (const listener of listeners) listener();
  };
  const shift = () => {
    bytes -= lines.shift()?.line.length ?? 0;
    if (written > 0) written--;
    else lost = true;
  };
  function push(body: Body, synced: boolean): Cursor {
    const line = writeLine(seq + 1, body);
    if (!line) return push({ frame: "gap", at: clock.now(), since: timeOf(body), until: timeOf(body), why: `A record of the kind "${body.frame}" was too long to be kept.`, after: null }, synced);
    lines.push({ seq: ++seq, line, at: timeOf(body), synced });
    bytes += line.length;
    while (bytes > waitingBytes && lines.length > 1) shift();
    if (failing) change();
    else write();
    return { epoch, seq };
  }

  // ---- to the disk, one thing at a time
  let busy: Promise<void> = Promise.resolve();
  let writing = false;
  const serially = (task: () => Promise<void>) => (busy = busy.then(task));
  function write(): void {
    if (writing || closed) return;
    writing = true;
    void serially(async () => {
      try {
        while (written < lines.length) await writeSome();
      } catch (error) {
        failed(error);
      } finally {
        writing = false;
      }
    });
  }
  async function writeSome(): Promise<void> {
    const batch: Line[] = [];
    let length = 0;
    for (const line of lines.slice(written)) {
      if (batch.length > 0 && length + line.line.length > WRITE_BYTES) break;
      batch.push(line);
      length += line.line.length;
    }
    const [first] = batch;
    const lastSeq = batch.at(-1)?.seq ?? 0;
    if (!first) return;
    await segments.append({ epoch, seq: first.seq }, first.at, Buffer.concat(batch.map(({ line }) => line), length));
    written = lines.findLastIndex((line) => line.seq <= lastSeq) + 1;
    let fresh = lines.slice(0, written).reduce((sum, { line }) => sum + line.length, 0);
    while (written > 0 && fresh > FRESH_BYTES) {
      fresh -= lines[0]?.line.length ?? 0;
      shift();
    }
    if (failing) log.info("the disk takes what happens again");
    failing = false;
    if (batch.some(({ synced }) => synced)) syncSoon();
    change();
  }
  function failed(error: unknown): void {
    if (!failing) log.error("what happens cannot be written to the disk and is held in memory, as far as it goes", error);
    failing = true;
    change();
    if (!closed) clock.after(RETRY_MS, write);
  }
  let syncing = false;
  function syncSoon(): void {
    if (syncing || closed) return;
    syncing = true;
    clock.after(SYNC_MS, () => {
      syncing = false;
      void serially(() => segments.sync().catch((error: unknown) => log.error("what happened may not be on the disk", error)));
    });
  }

  // The count of starts may be older than the records, where only one of them was put back.
  if (earlier.last && earlier.last.epoch >= epoch) rememberEpoch((epoch = earlier.last.epoch + 1));
  if (epoch > 1) {
    push({ frame: "gap", at: clock.now(), ...span(earlier.at, clock.now()), why: "The agent on this host was not running.", after: earlier.last ?? { epoch: epoch - 1, seq: 0 } }, true);
    await busy;
  }

  return {
    earlier,
    append: (kind, value) => push(bodyOf(kind, value), kind !== "sample"),
    noteGap: ({ since, until, why }) => push({ frame: "gap", at: clock.now(), ...span(since, until), why, after: null }, true),
    last: () => ({ epoch, seq }),
    reader: (after) =>
      createReader({
        segments,
        last: () => ({ epoch, seq }),
        memory: () => (failing ? lines : lines.slice(0, written)),
        waits: () => !failing && written < lines.length,
        version: () => version,
        kept: () => kept,
        diskFailed: () => lost,
      }, after),
    async keep(upTo) {
      if (compare(upTo, { epoch, seq }) > 0 || (kept && compare(upTo, kept) <= 0)) return;
      kept = upTo;
      await serially(() => segments.keep(upTo));
    },
    async surpass(cursor) {
      if (compare(cursor, { epoch, seq }) <= 0 || cursor.epoch >= EPOCHS) return;
      log.warn("the hub knows more of this host than this agent: its directory is older than the hub's data");
      const from = epoch;
      rememberEpoch(cursor.epoch + 1);
      epoch = cursor.epoch + 1;
      kept = null;
      await serially(() => segments.renumber(from, epoch).catch((error: unknown) => log.error("what was kept could not be numbered anew", error)));
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    written: () => busy,
    async close() {
      await busy;
      write(); // what waits, and once more what was refused
      closed = true;
      await serially(() => segments.sync().catch(() => {}));
      await segments.close();
    },
  };
}
