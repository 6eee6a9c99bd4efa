/** Finds the lines of a query in batches of a log: by their bytes where it can, line by line where it must. */
import { createLogIndex, type LogIndex, type LogLine } from "@/protocol/log-text";
import type { LogForm } from "@/protocol/logs";
import type { Found, LineTest } from "./line-test";

/** `offset`: where the line begins in its batch; null: not known, as it began in an earlier one or is of many parts. */
export type OnHit = (line: LogLine, found: Found, offset: number | null) => void;

export interface Scanner {
  /** The batches of one log in their order. */
  scan(text: Uint8Array, form: LogForm, onHit: OnHit): void;
  /** What is left when there are no more. */
  finish(onHit: OnHit): void;
}

const NEWLINE = 0x0a;
/** The engine cuts lines at this many bytes, so an entry or frame that is shorter is a whole line. */
const PART_BYTES = 16_384;

export function createScanner(test: LineTest): Scanner {
  const single = createLogIndex();
  /** Set while a line of many parts may not be whole. */
  let parts: LogIndex | null = null;

  function each(index: LogIndex, text: Uint8Array, form: LogForm, offset: number | null, onHit: OnHit): void {
    const chunk = index.push(text, form);
    for (let i = 0; i < chunk.lines; i++) {
      const line = chunk.line(i);
      const found = test.test(line);
      if (found) onHit(line, found, offset);
    }
  }
  function flush(onHit: OnHit): void {
    const rest = parts?.flush() ?? null;
    parts = null;
    for (let i = 0; rest && i < rest.lines; i++) {
      const line = rest.line(i);
      const found = test.test(line);
      if (found) onHit(line, found, null);
    }
  }
  /** Only the entries that contain what a match must contain. */
  function byNeedle(bytes: Buffer, onHit: OnHit): void {
    for (let at = test.needle!.next(0); at >= 0; ) {
      const start = bytes.lastIndexOf(NEWLINE, at) + 1;
      const newline = bytes.indexOf(NEWLINE, at);
      const end = newline < 0 ? bytes.length : newline + 1;
      each(single, bytes.subarray(start, end), "entries", start, onHit);
      single.flush();
      at = end < bytes.length ? test.needle!.next(end) : -1;
    }
  }
  return {
    scan(text, form, onHit) {
      const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
      const hasParts = form === "entries" ? hasLongLine(bytes) : hasLongUnit(bytes, form);
      if (!hasParts && parts === null && test.needle?.over(bytes)) {
        if (test.needle.next(0) < 0) return;
        if (form === "entries") return byNeedle(bytes, onHit);
      }
      const wereParts = parts !== null;
      parts ??= createLogIndex();
      each(parts, text, form, null, onHit);
      // The last part may be in the next batch, but not further on.
      if (!hasParts && (wereParts || test.needle !== null)) flush(onHit);
    },
    finish: flush,
  };
}

/** Whether some line is as long as a part. Jumps from newline to newline that are as far apart as may be. */
function hasLongLine(bytes: Buffer): boolean {
  for (let start = 0; start < bytes.length; ) {
    if (bytes.length - start <= PART_BYTES) return false;
    const newline = bytes.lastIndexOf(NEWLINE, start + PART_BYTES - 1);
    if (newline < start) return true;
    start = newline + 1;
  }
  return false;
}

function hasLongUnit(bytes: Buffer, form: LogForm): boolean {
  if (form === "stamped") return hasLongLine(bytes);
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at + 4);
    if (length >= PART_BYTES) return true;
    at += 8 + length;
  }
  return false;
}
