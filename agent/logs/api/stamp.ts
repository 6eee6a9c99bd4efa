/**
 * The time stamp with which the log API begins each line: RFC 3339 with up to nine digits of a second. Docker
 * always writes nine and mostly UTC; Podman writes whole seconds and its own zone.
 */

/** A moment to the nanosecond; a number of milliseconds cannot hold it. */
export interface Moment {
  /** Since 1970. */
  seconds: number;
  nanos: number;
}

const SPACE = 0x20;
const Z = 0x5a;
/** `2026-11-28T16:40:39.752218639Z` */
const USUAL = 30;
/** The same with `+05:45`. */
const LONGEST = 35;
const FORM = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** Bytes of the stamp that stands at `at` before a space; 0: none does. */
export function stampLength(bytes: Buffer, at: number, end: number): number {
  if (at + USUAL < end && bytes[at + USUAL] === SPACE && bytes[at + 29] === Z && bytes[at + 10] === 0x54 && bytes[at + 19] === 0x2e) return USUAL;
  const space = bytes.subarray(at, Math.min(end, at + LONGEST + 1)).indexOf(SPACE);
  return space > 0 && FORM.test(bytes.toString("latin1", at, at + space)) ? space : 0;
}

/** The moment of the stamp of that length; null: it is none. */
export function readStamp(bytes: Buffer, at: number, length: number): Moment | null {
  const found = FORM.exec(bytes.toString("latin1", at, at + length));
  if (!found) return null;
  const [, year, month, day, hour, minute, second, fraction = "", sign, zoneHours, zoneMinutes] = found;
  const utc = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)) / 1_000;
  const zone = sign === undefined ? 0 : (sign === "-" ? -60 : 60) * (Number(zoneHours) * 60 + Number(zoneMinutes));
  return { seconds: utc - zone, nanos: Number(fraction.padEnd(9, "0")) };
}

/** Below 0: a before b. */
export function compareMoments(a: Moment, b: Moment): number {
  return a.seconds - b.seconds || a.nanos - b.nanos;
}

/** A stamp where it stands. */
export interface StampAt {
  bytes: Buffer;
  at: number;
  length: number;
}

/** Below 0: a before b. Two stamps of the usual form are compared as they stand. */
export function compareStamps(a: StampAt, bytes: Buffer, at: number, length: number): number {
  if (a.length === USUAL && length === USUAL && a.bytes[a.at + 29] === Z && bytes[at + 29] === Z) {
    for (let i = 0; i < 29; i++) {
      const difference = a.bytes[a.at + i]! - bytes[at + i]!;
      if (difference !== 0) return difference;
    }
    return 0;
  }
  const [one, other] = [readStamp(a.bytes, a.at, a.length), readStamp(bytes, at, length)];
  return one && other ? compareMoments(one, other) : 0;
}

/** As the API takes it in `since` and `until`. */
export function writeSeconds({ seconds, nanos }: Moment): string {
  return `${seconds}.${String(nanos).padStart(9, "0")}`;
}

/** A moment moved by some nanoseconds, less than a second. */
export function shifted({ seconds, nanos }: Moment, by: number): Moment {
  const moved = nanos + by;
  if (moved < 0) return seconds > 0 ? { seconds: seconds - 1, nanos: moved + 1e9 } : { seconds: 0, nanos: 0 };
  return moved >= 1e9 ? { seconds: seconds + 1, nanos: moved - 1e9 } : { seconds, nanos: moved };
}

/** Of milliseconds since 1970. */
export function momentOf(ms: number): Moment {
  const seconds = Math.floor(ms / 1_000);
  return { seconds, nanos: Math.min(999_999_999, Math.round((ms - seconds * 1_000) * 1e6)) };
}
