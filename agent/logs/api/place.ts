/**
 * A place in a log that is read over the API: behind one unit (a frame, or a line of a TTY container). The
 * engine finds a place by time alone; so the place also says which of the units of that time it is, and a
 * checksum of it, by which it is known again among units whose times are out of order.
 */
import type { LogCursor } from "@/protocol/logs";
import type { Moment } from "./stamp";

export interface Place {
  time: Moment;
  /** How many units of exactly that time lie before the place; 0: it is before the unit with the checksum, where that is known. */
  ordinal: number;
  /** Of the last unit before the place; with ordinal 0 of the first behind it. */
  checksum: string | null;
}

/** Before everything. */
export const BEGINNING: Place = { time: { seconds: 0, nanos: 0 }, ordinal: 0, checksum: null };

/** `t:NANOSECONDS:ORDINAL`, and `:CHECKSUM` where it is known. */
export function writePlace({ time, ordinal, checksum }: Place): LogCursor {
  const nanos = time.seconds === 0 ? String(time.nanos) : `${time.seconds}${String(time.nanos).padStart(9, "0")}`;
  return `t:${nanos}:${ordinal}${checksum === null ? "" : `:${checksum}`}`;
}

/** null: that is no place of this kind. */
export function readPlace(cursor: LogCursor): Place | null {
  const found = /^t:(\d{1,20}):(\d{1,9})(?::([0-9a-f]{8}))?$/.exec(cursor);
  if (!found) return null;
  const [, nanos = "", ordinal, checksum] = found;
  return { time: { seconds: Number(nanos.slice(0, -9)), nanos: Number(nanos.slice(-9)) }, ordinal: Number(ordinal), checksum: checksum ?? null };
}

/** FNV-1a. */
export function checksumOf(bytes: Buffer, at: number, end: number): string {
  let hash = 0x811c9dc5;
  for (let i = at; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
