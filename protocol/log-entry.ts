/** One entry of a json-file, one frame of the log API, one time stamp: read from bytes, as cheaply as can be. */
import { LIMITS } from "./limits";

/** What `entryMarks` says of an entry. KNOWN: it has the shape of one. ENDS: its text ends with a newline. */
export const STDERR = 1;
export const ENDS = 2;
export const KNOWN = 4;

const QUOTE = 34;
const BACKSLASH = 92;
const HEAD = [..."{\"log\":\""].map((c) => c.charCodeAt(0));
const TAIL = [..."\",\"stream\":\"std"].map((c) => c.charCodeAt(0));
/** From the quote that opens the time back to the one that closes the text: `","stream":"stdout","time":"`. */
const BACK = 27;
/** Time stamps have 20 characters, and up to ten more for a fraction. */
const STAMP_SHORTEST = 20;
const STAMP_LONGEST = 30;

/**
 * What can be told of the entry in [start, end), without parsing it. From its end, where all but entries with
 * attributes have a fixed shape; those are read from the front.
 */
export function entryMarks(bytes: Uint8Array, start: number, end: number): number {
  // `"}` at the very end, and a quote where the time begins.
  if (bytes[end - 1] === 125 && bytes[end - 2] === QUOTE) {
    const shortest = end - 3 - STAMP_SHORTEST;
    for (let quote = end - 3 - STAMP_LONGEST; quote <= shortest; quote++) {
      if (bytes[quote] !== QUOTE) continue;
      const closing = quote - BACK;
      if (closing < start + HEAD.length || !matches(bytes, closing, TAIL) || bytes[quote - 9] !== QUOTE) break;
      return KNOWN | (bytes[quote - 10] === 114 ? STDERR : 0) | (endsWithNewline(bytes, start + HEAD.length, closing) ? ENDS : 0);
    }
  }
  return marksFromFront(bytes, start, end);
}

function matches(bytes: Uint8Array, offset: number, pattern: readonly number[]): boolean {
  for (let i = 0; i < pattern.length; i++) if (bytes[offset + i] !== pattern[i]) return false;
  return true;
}

/** Whether the JSON string that ends at the quote `closing` ends with `\n`, and not with `\\n`, which is a backslash and an n. */
function endsWithNewline(bytes: Uint8Array, first: number, closing: number): boolean {
  return bytes[closing - 1] === 110 && backslashes(bytes, first, closing - 1) % 2 === 1;
}

/** Backslashes in a row before `at`. */
function backslashes(bytes: Uint8Array, first: number, at: number): number {
  let i = at - 1;
  while (i >= first && bytes[i] === BACKSLASH) i--;
  return at - 1 - i;
}

function marksFromFront(bytes: Uint8Array, start: number, end: number): number {
  if (!matches(bytes, start, HEAD)) return 0;
  const first = start + HEAD.length;
  for (let quote = bytes.indexOf(QUOTE, first); quote !== -1 && quote < end; quote = bytes.indexOf(QUOTE, quote + 1)) {
    if (backslashes(bytes, first, quote) % 2 === 1) continue;
    if (!matches(bytes, quote, TAIL)) return 0;
    const isError = bytes[quote + TAIL.length] === 101;
    return KNOWN | (isError ? STDERR : 0) | (endsWithNewline(bytes, first, quote) ? ENDS : 0);
  }
  return 0;
}

/** An entry as an object; null for what is none. `log` keeps its newline. */
export function parseEntry(text: string): { log: string; stream: "stdout" | "stderr"; time: string } | null {
  try {
    const { log = "", stream, time } = JSON.parse(text) as Record<string, unknown>;
    if (typeof log !== "string") return null;
    return { log, stream: stream === "stderr" ? "stderr" : "stdout", time: typeof time === "string" ? time : "" };
  } catch {
    return null;
  }
}

/** Bytes before a frame's payload. */
export const FRAME_HEAD = 8;
export const UNFINISHED = -1;
export const REFUSED = -2;

/**
 * Where the frame of the log API ends that begins at `start`. REFUSED: no engine sends this; a header may
 * claim any size, and what it claims is never kept room for.
 */
export function frameEnd(bytes: Uint8Array, start: number): number {
  const have = bytes.length - start;
  if ((bytes[start] ?? 0) > 3 || ((bytes[start + 1] ?? 0) | (bytes[start + 2] ?? 0) | (bytes[start + 3] ?? 0)) !== 0) return REFUSED;
  if (have < FRAME_HEAD) return UNFINISHED;
  const size = ((bytes[start + 4] ?? 0) * 256 + (bytes[start + 5] ?? 0)) * 65_536 + ((bytes[start + 6] ?? 0) << 8) + (bytes[start + 7] ?? 0);
  if (size > LIMITS.logLineBytes) return REFUSED;
  return have < FRAME_HEAD + size ? UNFINISHED : start + FRAME_HEAD + size;
}

/** Whether the frame at `start` is of the error stream. */
export function isErrorFrame(bytes: Uint8Array, start: number): boolean {
  return (bytes[start] ?? 0) >= 2;
}

const DAY_MS = 86_400_000;
const NINE = 9;

/**
 * The time stamp (RFC 3339) that begins at `start`, in milliseconds since 1970 with a fraction; null where
 * there is none. By digits: it is asked for each line that is merged, searched or looked for.
 */
export function stampAt(bytes: Uint8Array, start: number, end: number): number | null {
  if (end - start < STAMP_SHORTEST || bytes[start + 4] !== 45 || bytes[start + 7] !== 45 || bytes[start + 10] !== 84 || bytes[start + 13] !== 58 || bytes[start + 16] !== 58) return null;
  const days = daysSince1970(pair(bytes, start) * 100 + pair(bytes, start + 2), pair(bytes, start + 5), pair(bytes, start + 8));
  const seconds = pair(bytes, start + 11) * 3_600 + pair(bytes, start + 14) * 60 + pair(bytes, start + 17);
  let at = start + 19;
  let fraction = 0;
  if (bytes[at] === 46) {
    at++;
    for (let scale = 100; at < end && digit(bytes, at) <= NINE; at++, scale /= 10) fraction += digit(bytes, at) * scale;
  }
  const zone = bytes[at];
  let minutes = 0;
  if (zone === 43 || zone === 45) minutes = (pair(bytes, at + 1) * 60 + pair(bytes, at + 4)) * (zone === 43 ? 1 : -1);
  else if (zone !== 90) return null;
  const time = days * DAY_MS + (seconds - minutes * 60) * 1_000 + fraction;
  return time >= 0 ? time : null; // NaN, where something was no digit, is none either
}

function digit(bytes: Uint8Array, at: number): number {
  const value = (bytes[at] ?? 0) - 48;
  return value >= 0 && value <= NINE ? value : NaN;
}
function pair(bytes: Uint8Array, at: number): number {
  return digit(bytes, at) * 10 + digit(bytes, at + 1);
}

/** Of the Gregorian calendar, with years that begin in March so that the odd day is the last. */
function daysSince1970(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468;
}

/** Where an entry's time begins, from its end: `"time":"…"}`; -1 where it has none. */
export function entryTimeAt(bytes: Uint8Array, start: number, end: number): number {
  const lowest = Math.max(start, end - 3 - STAMP_LONGEST - 8);
  for (let quote = end - 3; quote > lowest; quote--) if (bytes[quote] === QUOTE) return bytes[quote - 1] === 58 ? quote + 1 : -1;
  return -1;
}

const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)/;

/** A text without the time stamp and space that the engine put before it; time is empty where it put none. */
export function unstamp(text: string): { time: string; text: string } {
  const time = STAMP.exec(text)?.[0];
  return time !== undefined && text[time.length] === " " ? { time, text: text.slice(time.length + 1) } : { time: "", text };
}

/** The engine cuts a line into parts of this many bytes; what is no UTF-8 takes a few more when it comes out again. */
const PART_BYTES = 16_384;
const PART_SLACK = 32;
const INNER_STAMP = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(?:Z|[+-]\d\d:\d\d) /g;

/** As `unstamp`, for a long line of a TTY: there each part has a time stamp of its own, in mid-line. */
export function unstampLong(text: string): { time: string; text: string } {
  const head = unstamp(text);
  if (head.time === "") return head;
  let rest = head.text;
  let joined = "";
  for (;;) {
    const cut = innerStamp(rest);
    if (!cut) return { time: head.time, text: joined + rest };
    joined += rest.slice(0, cut.at);
    rest = rest.slice(cut.at + cut.length);
  }
}

/** A time stamp as far behind the start as a part is long, in bytes of UTF-8. */
function innerStamp(text: string): { at: number; length: number } | null {
  if (text.length * 3 < PART_BYTES) return null;
  let bytes = 0;
  INNER_STAMP.lastIndex = 0;
  let counted = 0;
  for (let found = INNER_STAMP.exec(text); found; found = INNER_STAMP.exec(text)) {
    for (; counted < found.index; counted++) bytes += utf8Length(text.charCodeAt(counted));
    if (bytes > PART_BYTES + PART_SLACK) return null;
    if (bytes >= PART_BYTES) return { at: found.index, length: found[0].length };
  }
  return null;
}

/** Of one UTF-16 unit; a surrogate is half of four. */
function utf8Length(unit: number): number {
  if (unit < 0x80) return 1;
  return unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3;
}
