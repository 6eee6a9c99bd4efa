/** A search through the logs of a host: what it finds is sent, nothing else. */
import type { InputOf } from "@/protocol/contract";
import { LIMITS } from "@/protocol/limits";
import type { LogLine } from "@/protocol/log-text";
import type { LogCursor, LogSearchFrame } from "@/protocol/logs";
import type { Clock } from "../../clock";
import { AgentFailure } from "../../errors";
import { momentOf, readStamp } from "../api/stamp";
import { writePlace } from "../api/place";
import type { Logs } from "../logs";
import { compileQuery, type Found } from "./line-test";
import { createScanner } from "./scanner";

/** Logs looked through at once: while one waits for the disk, the other is looked through. */
const AT_ONCE = 2;
/** Longest stretch without a look at what else the agent has to do. */
const STRETCH_MS = 10;
const PROGRESS_MS = 250;
/** Lines may be out of order by so much; what is later than `until` by more ends a log. */
const DISORDER_MS = 5_000;
/** Characters before its match that a cut line keeps. */
const BEFORE_MATCH = 200;

export interface SearchOptions {
  logs: Logs;
  clock: Clock;
  signal: AbortSignal;
  /** Resolves when there is room for more. */
  write(frame: LogSearchFrame): Promise<void>;
}

/** Sends hits, progress, what was skipped, and at last `done`. Rejects with an AgentFailure `bad_input` before the first frame. */
export async function searchLogs({ ids, query, hits: bound }: InputOf<"logs.search">, { logs, clock, signal, write }: SearchOptions): Promise<void> {
  const test = await compileQuery(query);
  const span = { since: query.since, until: query.until };
  const enough = new AbortController();
  const cancel = AbortSignal.any([signal, enough.signal]);
  let hits = 0;
  let searched = 0;
  let bytes = 0;
  let ofBytes: number | null = 0;
  let toldAt = clock.monotonic();
  let stretch = clock.monotonic();

  async function breathe(): Promise<void> {
    const now = clock.monotonic();
    if (now - toldAt >= PROGRESS_MS) {
      toldAt = now;
      await write({ frame: "progress", containers: searched, of: ids.length, bytes, ofBytes });
    }
    if (now - stretch < STRETCH_MS) return;
    await new Promise<void>((resolve) => void setImmediate(resolve));
    stretch = clock.monotonic();
  }
  async function searchOne(id: string): Promise<void> {
    const scan = await logs.scan(id, span, cancel);
    if (scan.bytes === null) ofBytes = null;
    else if (ofBytes !== null) ofBytes += scan.bytes;
    const scanner = createScanner(test);
    let found: LogSearchFrame[] = [];
    const take = (line: LogLine, match: Found, cursor: LogCursor) => {
      if (hits === bound) return enough.abort();
      hits += 1;
      found.push(hitOf(id, line, match, cursor));
    };
    const send = async () => {
      for (const frame of found) await write(frame);
      found = [];
    };
    for await (const piece of scan.pieces) {
      scanner.scan(piece.text, piece.form, (line, match, offset) => take(line, match, cursorOf(piece, line, offset)));
      bytes += piece.text.length;
      await send();
      if (cancel.aborted || (query.until !== null && timeOf(piece.to) > query.until + DISORDER_MS)) break;
      await breathe();
    }
    if (!cancel.aborted) scanner.finish((line, match) => take(line, match, cursorByTime(line)));
    await send();
  }
  const queue = ids.values();
  async function work(): Promise<void> {
    for (const id of queue) {
      if (cancel.aborted) return;
      try {
        await searchOne(id);
      } catch (error) {
        if (cancel.aborted) return;
        if (!(error instanceof AgentFailure)) throw error;
        await write({ frame: "skipped", id, why: error.message.slice(0, LIMITS.textChars) });
      }
      searched += 1;
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, ids.length) }, work));
  signal.throwIfAborted();
  await write({ frame: "progress", containers: searched, of: ids.length, bytes, ofBytes });
  await write({ frame: "done", hits, more: enough.signal.aborted });
}

function hitOf(id: string, line: LogLine, { level, match }: Found, cursor: LogCursor): LogSearchFrame {
  const cut = line.text.length > LIMITS.logHitChars;
  const from = cut ? Math.max(0, Math.min(match - BEFORE_MATCH, line.text.length - LIMITS.logHitChars)) : 0;
  const text = cut ? line.text.slice(from, from + LIMITS.logHitChars) : line.text;
  return { frame: "hit", id, at: line.at, stream: line.stream, level, text, cut, cursor };
}

/** Where the line begins, as near as can be told: reading from there gives it soon. */
function cursorOf({ text, from, to }: { text: Uint8Array; from: LogCursor; to: LogCursor }, line: LogLine, offset: number | null): LogCursor {
  if (!from.startsWith("f:")) return cursorByTime(line);
  const [begins, ends] = [/^(f:[^:]+:)(\d+)$/.exec(from), /^(f:[^:]+:)(\d+)$/.exec(to)];
  // The text is the file's own bytes where it is as long as what was read of it.
  const isFile = begins !== null && ends !== null && begins[1] === ends[1] && Number(ends[2]) - Number(begins[2]) === text.length;
  return isFile && offset !== null ? `${begins[1]}${Number(begins[2]) + offset}` : from;
}

function cursorByTime(line: LogLine): LogCursor {
  const time = Buffer.from(line.time, "latin1");
  return writePlace({ time: readStamp(time, 0, time.length) ?? momentOf(line.at ?? 0), ordinal: 0, checksum: null });
}

/** Milliseconds since 1970 that an API cursor tells; -Infinity for one of a file, where the scan itself ends in time. */
function timeOf(cursor: LogCursor): number {
  const nanos = /^t:(\d+):/.exec(cursor)?.[1];
  return nanos === undefined ? -Infinity : Number(nanos) / 1e6;
}
