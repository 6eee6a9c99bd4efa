/**
 * The text of logs, in the three forms in which it travels (LOG_FORMS in logs.ts): where its lines are, and
 * what one line says. An index is one fast pass over bytes that stay bytes; a line is parsed when somebody
 * looks at it. A container may have written anything: what cannot be read is shown as it is, nothing throws.
 *
 * The engine cuts a line of more than 16 KiB into parts, each an entry or frame of its own; here it is one
 * line again, in the place of its last part and with the time of its first.
 */
import { LIMITS } from "./limits";
import type { LogForm } from "./logs";
import { ENDS, entryMarks, entryTimeAt, FRAME_HEAD, frameEnd, isErrorFrame, KNOWN, parseEntry, REFUSED, stampAt, STDERR, UNFINISHED, unstamp, unstampLong } from "./log-entry";

export interface LogLine {
  /** Milliseconds since 1970, with a fraction; null where the line tells none. */
  at: number | null;
  /** As written; empty where there is none. */
  time: string;
  stream: "stdout" | "stderr";
  /** Without its newline. What is cut by LIMITS.logLineBytes has "…" where it was cut. */
  text: string;
}

/** The lines of one push. Holds on to `bytes`. */
export interface LogChunk {
  readonly bytes: Uint8Array;
  readonly form: LogForm;
  readonly lines: number;
  /** Parses line `i`, from 0. Throws RangeError where there is none. */
  line(i: number): LogLine;
  /** Only the time of line `i`, which is much cheaper; null where it tells none. */
  at(i: number): number | null;
}

export interface LogIndex {
  /** The lines that are whole with these bytes, which may be cut anywhere. What is not whole yet is kept for the next push. */
  push(bytes: Uint8Array, form: LogForm): LogChunk;
  /**
   * The lines whose end never came, as they are; null where there are none. For the end of a stream, a gap in
   * it, and a quiet spell: a program that died in mid-line wrote no end.
   */
  flush(): LogChunk | null;
}

/** Flags of a line, beside STDERR. */
const BROKEN = 16;
const CONTINUES = 32;
const RAW = 64;
/** Lines for which there is room at first. */
const ROOM = 4_096;
const NOTHING = new Uint8Array(0);
const joiner = new TextDecoder("utf-8", { ignoreBOM: true });

/** Parts of an unfinished line of one stream: pairs of offsets. */
interface Open {
  ranges: number[];
  bytes: number;
  continues: boolean;
}

/** An index of one log from some place on. Holds at most three unfinished lines of LIMITS.logLineBytes. */
export function createLogIndex(): LogIndex {
  let starts = new Uint32Array(ROOM);
  let ends = new Uint32Array(ROOM);
  let flags = new Uint8Array(ROOM);
  let count = 0;
  let parts = new Map<number, number[]>();
  let bytes: Uint8Array = NOTHING;
  let form: LogForm = "entries";
  const open: [Open, Open] = [freshOpen(), freshOpen()];
  /** What the last push left: the parts of open lines, then the bytes from `heldTail` on, whose entry is not whole. */
  let held: Uint8Array = NOTHING;
  let heldTail = 0;
  let tailContinues = false;

  function emit(start: number, end: number, flag: number): void {
    if (count === starts.length) grow();
    starts[count] = start;
    ends[count] = end;
    flags[count++] = flag;
  }
  function grow(): void {
    const wider = <T extends Uint32Array | Uint8Array>(from: T, to: T): T => (to.set(from), to);
    starts = wider(starts, new Uint32Array(count * 2));
    ends = wider(ends, new Uint32Array(count * 2));
    flags = wider(flags, new Uint8Array(count * 2));
  }
  /** Tells the parts that are open in a stream as one line. */
  function close(side: Open, flag: number): void {
    if (side.ranges.length > 2) parts.set(count, side.ranges);
    emit(side.ranges[0] ?? 0, side.ranges[1] ?? 0, flag | (side.continues ? CONTINUES : 0));
    side.ranges = [];
    side.bytes = 0;
    side.continues = (flag & BROKEN) !== 0;
  }
  /** One entry or frame, whole line or part. */
  function take(start: number, end: number, marks: number): void {
    const side = open[marks & STDERR ? 1 : 0];
    const stream = marks & STDERR;
    if (side.ranges.length > 0 && side.bytes + end - start > LIMITS.logLineBytes) close(side, stream | BROKEN);
    if (side.ranges.length === 0 && !side.continues && marks & ENDS) return emit(start, end, stream);
    side.ranges.push(start, end);
    side.bytes += end - start;
    if (marks & ENDS) close(side, stream);
  }
  /** Bytes between newlines that are too long for one line, or of no known shape. */
  function takeRaw(start: number, end: number, more: boolean): void {
    emit(start, end, RAW | (tailContinues ? CONTINUES : 0) | (more ? BROKEN : 0));
    tailContinues = more;
  }

  /** Calls `whole` for what stands between newlines; returns where the unfinished rest begins. */
  function eachLine(from: number, whole: (start: number, end: number) => void): number {
    let start = from;
    for (;;) {
      const end = bytes.indexOf(10, start);
      const stop = end === -1 ? bytes.length : end;
      while (stop - start > LIMITS.logLineBytes) {
        takeRaw(start, start + LIMITS.logLineBytes, true);
        start += LIMITS.logLineBytes;
      }
      if (end === -1) return start;
      if (tailContinues) takeRaw(start, end, false);
      else if (end > start) whole(start, end);
      start = end + 1;
    }
  }
  function entry(start: number, end: number): void {
    const marks = entryMarks(bytes, start, end);
    if (marks & KNOWN) take(start, end, marks);
    else takeRaw(start, end, false);
  }
  /** An empty line of a TTY has a time stamp: one without any byte is none. */
  const stamped = (start: number, end: number): void => emit(start, end, 0);
  function frames(from: number): number {
    let start = from;
    while (start < bytes.length) {
      const end = frameEnd(bytes, start);
      if (end === UNFINISHED) return start;
      if (end === REFUSED) {
        const rest = eachLine(start, (s, e) => takeRaw(s, e, false));
        if (rest < bytes.length) takeRaw(rest, bytes.length, false);
        return bytes.length;
      }
      payload(start + FRAME_HEAD, end, isErrorFrame(bytes, start) ? STDERR : 0);
      start = end;
    }
    return start;
  }
  /** A frame is one line or part of one; no engine is known to put more into it, and one that did would be read as well. */
  function payload(from: number, to: number, stream: number): void {
    // Nearly always the newline is the last byte, and nowhere else.
    for (let start = from; start < to; ) {
      const found = bytes.indexOf(10, start);
      const end = found === -1 || found >= to ? to : found;
      take(start, end, stream | (end < to ? ENDS : 0));
      start = end + 1;
    }
  }

  /** Copies what is not whole yet, so that the pushed bytes need not be kept for it. */
  function hold(tail: number): void {
    const ranges = [...open[0].ranges, ...open[1].ranges];
    if (ranges.length === 0 && tail === bytes.length) {
      held = NOTHING;
      heldTail = 0;
      return;
    }
    heldTail = open[0].bytes + open[1].bytes;
    held = new Uint8Array(heldTail + bytes.length - tail);
    let offset = 0;
    for (const side of open) {
      side.ranges = side.ranges.slice();
      for (let i = 0; i < side.ranges.length; i += 2) {
        const part = bytes.subarray(side.ranges[i], side.ranges[i + 1]);
        held.set(part, offset);
        side.ranges[i] = offset;
        side.ranges[i + 1] = offset += part.length;
      }
    }
    held.set(bytes.subarray(tail), offset);
  }
  function chunk(): LogChunk {
    const made = createChunk(bytes, form, starts.slice(0, count), ends.slice(0, count), flags.slice(0, count), parts);
    count = 0;
    parts = new Map();
    bytes = NOTHING;
    return made;
  }

  function flush(): LogChunk | null {
    bytes = held;
    if (heldTail < held.length) takeRaw(heldTail, held.length, false);
    for (const [i, side] of open.entries()) {
      if (side.ranges.length > 0) close(side, i === 1 ? STDERR : 0);
      side.continues = false;
    }
    held = NOTHING;
    heldTail = 0;
    tailContinues = false;
    return count > 0 ? chunk() : null;
  }

  function push(pushed: Uint8Array, pushedForm: LogForm): LogChunk {
    // A container does not change its form; where a reader does, what it left unfinished is told as it is.
    const left = pushedForm === form ? null : flush();
    form = pushedForm;
    bytes = held.length === 0 ? pushed : joinBytes(held, pushed);
    const from = heldTail;
    hold(form === "multiplexed" ? frames(from) : eachLine(from, form === "entries" ? entry : stamped));
    return left ? joinChunks(left, chunk()) : chunk();
  }

  return { push, flush };
}

function freshOpen(): Open {
  return { ranges: [], bytes: 0, continues: false };
}

function joinBytes(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

function joinChunks(a: LogChunk, b: LogChunk): LogChunk {
  const of = <T>(i: number, read: (chunk: LogChunk, i: number) => T) => (i < a.lines ? read(a, i) : read(b, i - a.lines));
  return { bytes: b.bytes, form: b.form, lines: a.lines + b.lines, line: (i) => of(i, (c, n) => c.line(n)), at: (i) => of(i, (c, n) => c.at(n)) };
}

function createChunk(bytes: Uint8Array, form: LogForm, starts: Uint32Array, ends: Uint32Array, flags: Uint8Array, parts: Map<number, number[]>): LogChunk {
  function ranges(i: number): number[] {
    const [start, end] = [starts[i], ends[i]];
    if (start === undefined || end === undefined) throw new RangeError(`there is no line ${i} among ${starts.length}`);
    return parts.get(i) ?? [start, end];
  }
  function at(i: number): number | null {
    const [start = 0, end = 0] = ranges(i);
    const flag = flags[i] ?? 0;
    if (flag & RAW && (form !== "stamped" || flag & CONTINUES)) return null;
    const stamp = form === "entries" ? entryTimeAt(bytes, start, end) : start;
    return stamp === -1 ? null : stampAt(bytes, stamp, end);
  }
  return {
    bytes,
    form,
    lines: starts.length,
    at,
    line(i) {
      const flag = flags[i] ?? 0;
      const { time, stream, text } = readLine(bytes, form, ranges(i), flag);
      return {
        at: time === "" ? null : at(i),
        time,
        stream: stream ?? (flag & STDERR ? "stderr" : "stdout"),
        text: flag & (CONTINUES | BROKEN) ? `${flag & CONTINUES ? "…" : ""}${text}${flag & BROKEN ? "…" : ""}` : text,
      };
    },
  };
}

type Read = { time: string; text: string; stream?: LogLine["stream"] };

function readLine(bytes: Uint8Array, form: LogForm, ranges: number[], flag: number): Read {
  const [start = 0, end = 0] = ranges;
  if (flag & RAW) {
    const text = joiner.decode(bytes.subarray(start, end));
    return form === "stamped" && !(flag & CONTINUES) ? unstampLong(text) : { time: "", text: trimEnd(text) };
  }
  if (form === "entries") return readEntries(bytes, ranges);
  if (form === "stamped") {
    const long = end - start > 16_384 ? unstampLong(joiner.decode(bytes.subarray(start, end))) : unstamp(joiner.decode(bytes.subarray(start, end)));
    return { time: long.time, text: trimEnd(long.text) };
  }
  return readFrames(bytes, ranges);
}

function readEntries(bytes: Uint8Array, ranges: number[]): Read {
  let first: Read | null = null;
  let text = "";
  for (let i = 0; i < ranges.length; i += 2) {
    const raw = joiner.decode(bytes.subarray(ranges[i], ranges[i + 1]));
    const entry = parseEntry(raw);
    first ??= entry && { time: entry.time, text: "", stream: entry.stream };
    text += entry ? entry.log : raw;
  }
  return { ...(first ?? { time: "" }), text: trimEnd(text.endsWith("\n") ? text.slice(0, -1) : text) };
}

/** The bytes are joined before they are decoded: the engine cuts a line in mid-character. */
function readFrames(bytes: Uint8Array, ranges: number[]): Read {
  let time = "";
  const texts: Uint8Array[] = [];
  for (let i = 0; i < ranges.length; i += 2) {
    const [start = 0, end = 0] = [ranges[i], ranges[i + 1]];
    const stamp = unstamp(ascii(bytes, start, Math.min(end, start + 40)));
    if (i === 0) time = stamp.time;
    texts.push(bytes.subarray(stamp.time === "" ? start : start + stamp.time.length + 1, end));
  }
  const [only = NOTHING] = texts;
  const joined = texts.length === 1 ? only : texts.reduce((a, b) => joinBytes(a, b));
  return { time, text: trimEnd(joiner.decode(joined)) };
}

/** A TTY ends its lines with CR LF. */
function trimEnd(text: string): string {
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}

function ascii(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] ?? 0);
  return text;
}

/** One json-file line, with its newline. `line.text` is one line, without a newline. */
export function writeEntry(line: Pick<LogLine, "text" | "stream" | "time">): string {
  return writeEntryParts(`${line.text}\n`, line.stream, line.time);
}

/** As `writeEntry`, for a part of a line as well: `log` ends with a newline where the line ends. */
export function writeEntryParts(log: string, stream: LogLine["stream"], time: string): string {
  return `{"log":${JSON.stringify(log)},"stream":"${stream}","time":${JSON.stringify(time)}}\n`;
}

/** The lines of json-file text, also those that were not ended. */
export function parseEntries(text: string): LogLine[] {
  const index = createLogIndex();
  const chunks = [index.push(new TextEncoder().encode(text), "entries"), index.flush()];
  return chunks.flatMap((chunk) => (chunk ? Array.from({ length: chunk.lines }, (_, i) => chunk.line(i)) : []));
}
