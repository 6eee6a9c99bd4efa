/**
 * One answer of the log API on its way: bytes come in as the engine writes them, line by line, and go out as
 * batches that end where a line ends. Nothing is copied and no line is made into anything: the socket reads
 * into the memory that the batches are cut from.
 */
import { LIMITS } from "@/protocol/limits";
import type { Clock } from "../../clock";
import type { ByteReceiver } from "../../runtime/runtime";
import { BEGINNING, checksumOf, type Place } from "./place";
import { readStamp, stampLength } from "./stamp";
import type { Told } from "./told";
import { BROKEN, HEADER, NEWLINE, SYSTEM, textAt, unitEnd, UNFINISHED, type UnitForm } from "./units";

/** Whole units that came in a row. */
export interface Segment {
  bytes: Buffer;
  from: Place;
  to: Place;
}
/** What the stream has to say, in order. `engine`: the engine's own words about what it could not read. */
export type Said = { what: "segment"; segment: Segment } | { what: "engine"; words: string };
/** ended: by the engine, `why` null when in order. broken: nothing that follows can be read. overrun: the place to go on from did not come. */
export type End = { how: "ended"; why: string | null } | { how: "broken"; why: string } | { how: "overrun" };

export interface UnitStream extends ByteReceiver {
  /** What is there to be told; null: nothing now. Lines that came within BATCH_MS of the last are given together. */
  next(): Said | null;
  /** Set once nothing more will come after what next() gives. */
  end(): End | null;
  /** Whether there is text that next() has not given yet. */
  hasText(): boolean;
  /** Whether the place to go on from has not come yet. */
  isSkipping(): boolean;
  /** Milliseconds (monotonic) when bytes last came. */
  lastByteAt(): number;
  /** Nobody asks any more. */
  stop(): void;
}

/** Memory that the socket reads into: of a log in which little happens, and of one that streams. */
const SMALL_BYTES = 64 * 1024;
const LARGE_BYTES = 512 * 1024;
/** Below this there is no point in reading into what is left of it. */
const ROOM_BYTES = 24 * 1024;
/**
 * The engine writes line by line, and a socket holds some 40 KB of that. A reader that is quicker wakes up for each
 * line; so after a row of small reads it waits until there is more. One that has to share its processor finds more
 * anyway, and must not wait: the engine would stand still before a full socket.
 */
const SMALL_READ_BYTES = 4_096;
const SMALL_READS = 8;
const GATHER_MS = 1;
/** A busy stream is told in batches of about this much, or each so many milliseconds. */
const BATCH_BYTES = 96 * 1024;
const BATCH_MS = 4;
/** Bytes that come so soon after the last make a stream busy. */
const BUSY_MS = 3;
/** Past this much time behind the place to go on from, it will not come any more. */
const OVERRUN_SECONDS = 2;

export interface UnitStreamOptions {
  form: UnitForm;
  told: Told;
  clock: Clock;
  /** Skip what comes up to this place, which includes the last unit before it. */
  skipTo: Place | null;
  /** Whether times far behind that place end the skipping as an overrun. */
  overruns: boolean;
  /** Called when next() or end() may say something new. */
  onReady(): void;
  /** Lets the source go on. */
  resume(): void;
}

export function createUnitStream(options: UnitStreamOptions): UnitStream {
  const { form, told, clock, onReady } = options;
  let chunk = Buffer.allocUnsafeSlow(SMALL_BYTES);
  let chunkBegan = clock.monotonic();
  /** 0 ≤ from ≤ good ≤ walked ≤ used: given up to, whole lines up to, whole units up to, read up to. */
  let from = 0;
  let good = 0;
  let walked = 0;
  let used = 0;
  let place = told.place();
  /** Behind `good`; null: where `told` is. */
  let goodPlace: Place | null = null;
  const ready: Said[] = [];
  let readyBytes = 0;
  let skipping = options.skipTo?.checksum || options.skipTo?.ordinal ? { to: options.skipTo, seen: 0 } : null;
  let end: End | null = null;
  let lastByteAt = clock.monotonic();
  let lastGivenAt = -BATCH_MS;
  let isHeld = false;
  let smallReads = 0;
  let disarm: (() => void) | null = null;

  const pendingBytes = () => readyBytes + good - from;

  /** The whole lines become a segment. */
  function cut(): void {
    if (good === from) return;
    const to = goodPlace ?? told.place() ?? BEGINNING;
    place ??= told.began() ?? BEGINNING;
    ready.push({ what: "segment", segment: { bytes: chunk.subarray(from, good), from: place, to } });
    readyBytes += good - from;
    place = to;
    from = good;
  }
  /** As `cut`, with the parts of a line whose end is not there. */
  function cutAll(): void {
    if (walked > good) goodPlace = null;
    good = walked;
    cut();
  }
  function leaveOut(stop: number): void {
    cutAll();
    from = good = walked = stop;
  }

  /** Whether the unit is the first behind the place: that is not left out as all before it is. */
  function skip(at: number, text: number, stop: number, length: number): boolean {
    const time = length > 0 ? readStamp(chunk, text, length) : null;
    if (!skipping || !time) return false;
    const { to } = skipping;
    if (time.seconds === to.time.seconds && time.nanos === to.time.nanos) {
      skipping.seen += 1;
      if (skipping.seen < to.ordinal || (to.checksum !== null && checksumOf(chunk, at, stop) !== to.checksum)) return false;
      skipping = null;
      return to.ordinal === 0;
    }
    if (options.overruns && time.seconds - to.time.seconds > OVERRUN_SECONDS) end = { how: "overrun" };
    return false;
  }
  function takeUnit(stop: number): void {
    if (form === "multiplexed" && chunk[walked] === SYSTEM) {
      const words = chunk.toString("utf8", walked + HEADER, Math.min(stop, walked + HEADER + LIMITS.textChars)).trim();
      leaveOut(stop);
      if (!skipping) ready.push({ what: "engine", words });
      return;
    }
    const text = textAt(form, walked);
    const length = stampLength(chunk, text, stop);
    if (skipping && !skip(walked, text, stop, length)) return leaveOut(stop);
    // Before the unit counts as told: the place of what is cut lies before it.
    if (stop - from > LIMITS.logBatchBytes) good > from ? cut() : cutAll();
    const endsLine = chunk[stop - 1] === NEWLINE;
    if (!endsLine && good === walked) goodPlace = told.place();
    if (!told.take(chunk, walked, text, stop, length)) return leaveOut(stop);
    walked = stop;
    if (!endsLine) return;
    good = stop;
    goodPlace = null;
  }
  function walk(): void {
    while (walked < used && end === null) {
      const stop = unitEnd(form, chunk, walked, used);
      if (stop === UNFINISHED) return;
      if (stop === BROKEN) end = { how: "broken", why: "The engine sent a frame whose header makes no sense." };
      else takeUnit(stop);
    }
  }
  /** Goes on in fresh memory, with what is not whole yet. */
  function turn(): void {
    cut();
    const rest = used - good;
    const size = clock.monotonic() - chunkBegan < 1_000 ? LARGE_BYTES : SMALL_BYTES;
    const fresh = Buffer.allocUnsafeSlow(Math.max(size, rest + SMALL_BYTES));
    chunk.copy(fresh, 0, good, used);
    told.keep(chunk.subarray(0, good));
    walked -= good;
    used = rest;
    from = good = 0;
    chunk = fresh;
    chunkBegan = clock.monotonic();
  }
  /** Says that there is something, at once after a quiet spell and gathered in a busy one. */
  function offer(): void {
    if (pendingBytes() === 0 && ready.length === 0 && end === null) return;
    const wait = isGathering() ? lastGivenAt + BATCH_MS - clock.monotonic() : 0;
    if (wait <= 0) return onReady();
    disarm ??= clock.after(wait, () => {
      disarm = null;
      onReady();
    });
  }
  const isGathering = () => ready.length === 0 && end === null && pendingBytes() < BATCH_BYTES && clock.monotonic() - lastGivenAt < BATCH_MS;

  return {
    room: () => chunk.subarray(used),
    took(bytes) {
      const now = clock.monotonic();
      const isBusy = now - lastByteAt < BUSY_MS;
      lastByteAt = now;
      used += bytes;
      walk();
      if (chunk.length - used < ROOM_BYTES) turn();
      offer();
      if (end !== null) return false;
      isHeld = pendingBytes() >= LIMITS.logBatchBytes;
      if (isHeld) return false;
      smallReads = isBusy && bytes < SMALL_READ_BYTES ? smallReads + 1 : 0;
      if (smallReads < SMALL_READS) return true;
      smallReads = 0;
      clock.after(GATHER_MS, () => isHeld || options.resume());
      return false;
    },
    ended(why) {
      if (form === "stamped" && end === null && walked < used) takeUnit(used);
      if (end === null) cutAll();
      end ??= { how: "ended", why };
      onReady();
    },
    next() {
      if (isGathering()) {
        offer();
        return null;
      }
      if (ready.length === 0) cut();
      const said = ready.shift() ?? null;
      if (said?.what === "segment") {
        readyBytes -= said.segment.bytes.length;
        lastGivenAt = clock.monotonic();
      }
      if (isHeld && pendingBytes() < LIMITS.logBatchBytes) {
        isHeld = false;
        options.resume();
      }
      return said;
    },
    end: () => (ready.length === 0 && good === from ? end : null),
    hasText: () => pendingBytes() > 0 || ready.length > 0,
    isSkipping: () => skipping !== null,
    lastByteAt: () => lastByteAt,
    stop() {
      disarm?.();
      disarm = null;
      end ??= { how: "ended", why: null };
    },
  };
}
