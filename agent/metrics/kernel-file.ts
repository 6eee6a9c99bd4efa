/**
 * Files of the kernel that are read again and again: opened once, then read from their beginning into one
 * buffer that all share, and parsed from its bytes. A look at 50 containers makes no garbage and takes two
 * or three milliseconds.
 */
import { closeSync, openSync, readSync } from "node:fs";

/** The longest file that is read whole: /proc/net/dev of a host with 500 interfaces. What is over is not seen. */
const BUFFER_BYTES = 64 * 1024;
/** The kernel gives a list file a page at a time; what is shorter than this was all of it. */
const WHOLE_BYTES = 2_048;
/** Descriptors kept open by all files together. Past it a file is opened for each read, so that the agent never starves. */
const KEPT_DESCRIPTORS = 8_192;

const NEWLINE = 10;
const SPACE = 32;
const COLON = 58;
const EQUALS = 61;
/** What the last `read` read, valid until the next. A newline stands before it, so that a key is looked for as "\nkey ". */
const bytes = Buffer.alloc(BUFFER_BYTES);
bytes[0] = NEWLINE;
const START = 1;
let end = START;
let kept = 0;

export interface KernelFile {
  /** Reads the whole file into the shared buffer. false: it is gone, may not be read, or was closed; the buffer is then empty. */
  read(): boolean;
  close(): void;
}

/** A file that is opened at its first read. */
export function kernelFile(path: string): KernelFile {
  let descriptor: number | null = null;
  let closed = false;
  const close = () => {
    if (descriptor === null) return;
    closeSync(descriptor);
    descriptor = null;
    kept--;
  };
  return {
    read() {
      end = START;
      if (closed) return false;
      try {
        if (descriptor !== null) {
          readAll(descriptor);
          return true;
        }
        const opened = openSync(path, "r");
        if (kept < KEPT_DESCRIPTORS) {
          descriptor = opened;
          kept++;
        }
        try {
          readAll(opened);
        } finally {
          if (descriptor === null) closeSync(opened);
        }
        return true;
      } catch {
        end = START;
        close();
        return false;
      }
    },
    close() {
      closed = true;
      close();
    },
  };
}

function readAll(descriptor: number): void {
  for (;;) {
    const got = readSync(descriptor, bytes, end, BUFFER_BYTES - end, end - START);
    end += got;
    if (got < WHOLE_BYTES || end === BUFFER_BYTES) return;
  }
}

/** The number at the beginning; NaN where there is none ("max", an empty file). */
export function firstNumber(): number {
  return numberAt(START);
}

/** How a key is looked for: at the beginning of a line, with the space after it. */
export function lineKey(key: string): Buffer {
  return Buffer.from(`\n${key} `, "latin1");
}

/** The number after a key; NaN where there is none. */
export function numberAfter(key: Buffer): number {
  const at = bytes.indexOf(key);
  return at < 0 || at + key.length > end ? Number.NaN : numberAt(at + key.length);
}

/** What a walk over the words of the buffer calls: the word's place in the line, counted from 0, and where its bytes lie. false: the rest of the line is of no interest. */
export type OnWord = (place: number, from: number, to: number) => boolean;

/** Calls `onWord` for the words of each line until it says that it has enough of it, and `onLine` after each line, which ends the walk with false. Words end at spaces and after a ":" or "=". `heading`: lines to leave out first. */
export function eachWord(onWord: OnWord, onLine: () => boolean, heading = 0): void {
  let at = START;
  for (let skipped = 0; skipped < heading && at < end; skipped++) at = nextLine(at);
  while (at < end) {
    let place = 0;
    let from = -1;
    let wanted = true;
    for (; wanted && at <= end; at++) {
      const byte = at === end ? NEWLINE : bytes[at]!;
      if (byte !== SPACE && byte !== NEWLINE && byte !== COLON && byte !== EQUALS) {
        if (from < 0) from = at;
        continue;
      }
      if (from >= 0) {
        wanted = onWord(place++, from, at);
        from = -1;
      }
      if (byte === NEWLINE) break;
    }
    at = nextLine(at);
    if (place > 0 && !onLine()) return;
  }
}

function nextLine(at: number): number {
  const newline = at < end ? bytes.indexOf(NEWLINE, at) : -1;
  return newline < 0 || newline >= end ? end : newline + 1;
}

/** The whole number whose digits begin at or after `at`, blanks skipped; NaN where another byte comes first. */
export function numberAt(at: number): number {
  let i = at;
  while (i < end && bytes[i] === SPACE) i++;
  let value = Number.NaN;
  for (; i < end; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) break;
    value = (Number.isNaN(value) ? 0 : value * 10) + digit;
  }
  return value;
}

/** Whether the word at `from` begins with these bytes. By hand: it is asked so often that a call into Node would be the dearest part. */
export function beginsWith(from: number, to: number, word: Buffer): boolean {
  if (to - from < word.length) return false;
  for (let i = 0; i < word.length; i++) if (bytes[from + i] !== word[i]) return false;
  return true;
}

/** The byte at a place of the buffer. */
export function byteAt(at: number): number {
  return bytes[at] ?? 0;
}

/** The beginning of the buffer as text; for what is read rarely. */
export function wholeText(): string {
  return bytes.toString("utf8", START, end);
}
