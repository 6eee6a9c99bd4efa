/**
 * What a reader over the API has told so far: enough to go on from there on another connection, and to know
 * again what the engine sends twice. Engine 20.10 repeats hundreds of lines when it rotates its files while
 * they are followed. A repeat is told by its bytes, time stamp included, and only among units whose time lies
 * before one already told: a log whose time goes forward costs one comparison of stamps a line.
 */
import { checksumOf, type Place } from "./place";
import { compareMoments, compareStamps, readStamp, type StampAt } from "./stamp";
import { NEWLINE } from "./units";

/** A clock set back by more than this is taken for what it is: later lines count from the new time. */
const DISORDER_SECONDS = 2;
const NONE = Buffer.alloc(0);

export interface Told {
  /**
   * The unit [at, end) with a stamp of `length` bytes at `text` came, the next one in `bytes`. false: it was told
   * before. true: it counts as told from now on; its bytes must not change.
   */
  take(bytes: Buffer, at: number, text: number, end: number, length: number): boolean;
  /** Remembers bytes among which told units lie, for the repeats that may come. They must not change. */
  keep(bytes: Buffer): void;
  /** Behind the last unit told; where reading began, where none was; null: that is not known before the first unit. */
  place(): Place | null;
  /** The latest time stamp told; null: none yet. It changes with the next take(). */
  latest(): StampAt | null;
  /** Where reading began: before the first unit told. null: nothing was told, and that is not known. */
  began(): Place | null;
}

/** `from`: where reading begins; null: not known yet. `windowBytes`: how much of what was told is kept to know repeats by; 0: this engine repeats nothing. */
export function createTold(from: Place | null, windowBytes: number): Told {
  // Changed in place: an object a line would be all that the collector has to do.
  const latest: StampAt = { bytes: NONE, at: 0, length: 0 };
  const last: StampAt & { start: number; end: number } = { bytes: NONE, at: 0, length: 0, start: 0, end: 0 };
  let ordinal = 0;
  let began = from;
  let behind: Place | null = null;
  const kept: Buffer[] = [];
  let keptBytes = 0;
  /** Where the last repeat ended: repeats come in rows. */
  const row: { bytes: Buffer; at: number } = { bytes: NONE, at: 0 };

  function continuesRow(bytes: Buffer, at: number, end: number): boolean {
    const size = end - at;
    if (row.at === 0 || row.at + size > row.bytes.length || bytes.compare(row.bytes, row.at, row.at + size, at, end) !== 0) return false;
    row.at += size;
    return true;
  }
  function isKnown(bytes: Buffer, at: number, end: number): boolean {
    if (continuesRow(bytes, at, end)) return true;
    const unit = bytes.subarray(at, end);
    for (let i = kept.length; i >= 0; i--) {
      const among = i === kept.length ? bytes.subarray(0, at) : kept[i]!;
      const found = among.indexOf(unit);
      if (found < 0) continue;
      row.bytes = among;
      row.at = found + unit.length;
      return true;
    }
    return false;
  }
  /** Mostly it repeats the last line alone. Two lines of one nanosecond that say the same are not known from a log; parts of a long line are. */
  function isLastLine(bytes: Buffer, at: number, end: number): boolean {
    return bytes[end - 1] === NEWLINE && last.end - last.start === end - at && bytes.compare(last.bytes, last.start, last.end, at, end) === 0;
  }
  function note(bytes: Buffer, at: number, text: number, end: number, length: number, order: number): void {
    const isAfterLatest = last.bytes === latest.bytes && last.at === latest.at;
    if (last.length > 0) ordinal = (isAfterLatest ? order : compareStamps(last, bytes, text, length)) === 0 ? ordinal + 1 : 1;
    else {
      const time = readStamp(bytes, text, length);
      if (time) began ??= { time, ordinal: 0, checksum: checksumOf(bytes, at, end) };
      ordinal = time && began && compareMoments(time, began.time) === 0 ? began.ordinal + 1 : 1;
    }
    last.bytes = bytes;
    last.at = text;
    last.length = length;
    last.start = at;
    last.end = end;
  }
  return {
    take(bytes, at, text, end, length) {
      if (length === 0) return true; // it tells no time, so it belongs to the unit before it
      const order = latest.length === 0 ? -1 : compareStamps(latest, bytes, text, length);
      if (order > 0 && windowBytes > 0 && isKnown(bytes, at, end)) return false;
      if (order === 0 && windowBytes > 0 && (isLastLine(bytes, at, end) || continuesRow(bytes, at, end))) return false;
      row.at = 0;
      note(bytes, at, text, end, length, order);
      if (order < 0 || (order > 0 && isSetBack(latest, bytes, text, length))) {
        latest.bytes = bytes;
        latest.at = text;
        latest.length = length;
      }
      return true;
    },
    keep(bytes) {
      kept.push(bytes);
      keptBytes += bytes.length;
      while (kept.length > 0 && keptBytes > windowBytes) keptBytes -= kept.shift()!.length;
    },
    place() {
      const time = last.length > 0 ? readStamp(last.bytes, last.at, last.length) : null;
      if (time) behind = { time, ordinal, checksum: checksumOf(last.bytes, last.start, last.end) };
      return behind ?? began;
    },
    began: () => began,
    latest: () => (latest.length > 0 ? latest : null),
  };
}

function isSetBack(latest: StampAt, bytes: Buffer, at: number, length: number): boolean {
  const [before, now] = [readStamp(latest.bytes, latest.at, latest.length), readStamp(bytes, at, length)];
  return before !== null && now !== null && before.seconds - now.seconds > DISORDER_SECONDS;
}
