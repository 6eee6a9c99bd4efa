/**
 * The units in which the log API sends: frames of 8 bytes of header and a payload, or the lines of a TTY
 * container. Each begins with a time stamp; a line over 16 KiB comes as several of the same time.
 */
import type { LogForm } from "@/protocol/logs";
import { LIMITS } from "@/protocol/limits";

/** The forms that the API sends. */
export type UnitForm = Exclude<LogForm, "entries">;

/** Bytes before a frame's payload. */
export const HEADER = 8;
/** The longest unit. The engines cut lines at 16 and 32 KiB; a header that claims more is no header. */
export const UNIT_BYTES = LIMITS.logLineBytes;
/** Kind of a frame in which the engine tells of what it could not read. 0, 1 and 2 are the container's streams. */
export const SYSTEM = 3;
export const NEWLINE = 0x0a;
/** What unitEnd() says where it can say no end. */
export const UNFINISHED = -1;
export const BROKEN = -2;

/** Where the unit that begins at `at` ends. UNFINISHED: not all of it is there. BROKEN: nothing after it can be read. */
export function unitEnd(form: UnitForm, bytes: Buffer, at: number, end: number): number {
  if (form === "stamped") {
    const newline = bytes.subarray(at, end).indexOf(NEWLINE);
    if (newline >= 0) return at + newline + 1;
    return end - at >= UNIT_BYTES ? end : UNFINISHED;
  }
  if (end - at < HEADER) return UNFINISHED;
  if (bytes[at]! > SYSTEM || bytes[at + 1] !== 0 || bytes[at + 2] !== 0 || bytes[at + 3] !== 0) return BROKEN;
  const length = bytes.readUInt32BE(at + 4);
  if (length > UNIT_BYTES) return BROKEN;
  return at + HEADER + length <= end ? at + HEADER + length : UNFINISHED;
}

/** Where the text of a unit begins: its time stamp. */
export function textAt(form: UnitForm, at: number): number {
  return form === "multiplexed" ? at + HEADER : at;
}
