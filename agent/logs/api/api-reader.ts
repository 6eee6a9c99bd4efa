/**
 * One log read over the API, across whatever happens to the answers: an answer that ends while the container runs
 * (20.10 at a rotation, the local driver at any time), one that stalls, an engine that is away for a while. Each
 * time it asks again from where it was, and says a gap only where that place is not there any more.
 */
import { LIMITS } from "@/protocol/limits";
import type { LogCursor, LogSource, LogStart } from "@/protocol/logs";
import type { Clock } from "../../clock";
import { AgentFailure } from "../../errors";
import type { ByteSource, LogRequest, Runtime } from "../../runtime/runtime";
import { readContainerLog } from "../container-log";
import type { LogPiece, LogReader } from "../log-reader";
import { collect } from "./collect";
import { BEGINNING, type Place, readPlace, writePlace } from "./place";
import { compareMoments, type Moment, momentOf, readStamp, shifted, stampLength, writeSeconds } from "./stamp";
import { createTold } from "./told";
import { createUnitStream, type End, type UnitStream } from "./unit-stream";
import { textAt, type UnitForm } from "./units";

/** Before asking again, first and at most; doubled as long as nothing comes of it. */
const RETRY_FIRST_MS = 50;
const RETRY_LONGEST_MS = 2_000;
/** Between looks whether a stopped container runs again. */
const STOPPED_MS = 1_000;
/** A follow that is silent for so long is compared with what the log ends with; at most so seldom while it stays silent. */
const SILENT_FIRST_MS = 5_000;
const SILENT_LONGEST_MS = 60_000;
/** How long a line may be on its way that the engine already has. */
const ON_ITS_WAY_MS = 500;
/** Without a line for so long, everything that was there has come, or the place to go on from will not come. */
const QUIET_MS = 1_000;
/** Answers in a row that bring nothing and do not reach the end, before the rest is called unreadable. */
const FRUITLESS = 3;
const PROBE_MS = 10_000;
/** Time for an answer that goes through all that the engine has since a place. */
const LOCATE_MS = 60_000;
/** Lines may be a little out of order: two streams of one container are stamped before they are written. */
const DISORDER_NANOS = 999_999_999;

export interface ApiReaderOptions {
  runtime: Runtime;
  clock: Clock;
  id: string;
  form: UnitForm;
  source: LogSource;
  start: LogStart;
  follow: boolean;
  signal: AbortSignal;
  /** How much of what was told is kept to know repeats by. */
  windowBytes: number;
}

/** The time of the last line that the engine has now; null: none. Rejects with an AgentFailure. */
export async function lastMoment({ runtime, clock, id, form, signal }: Pick<ApiReaderOptions, "runtime" | "clock" | "id" | "form" | "signal">): Promise<Moment | null> {
  const { units } = await collect({ runtime, id, form, request: { follow: false, tail: 1, since: null, until: null }, keep: 1, before: null, signal, after: clock.after, deadlineMs: PROBE_MS });
  const unit = units.at(-1);
  if (!unit) return null;
  const text = textAt(form, 0);
  return readStamp(unit, text, stampLength(unit, text, unit.length));
}

/** `goal`: the time of the last line when it was opened, from lastMoment(). */
export function createApiReader(options: ApiReaderOptions, goal: Moment | null): LogReader {
  const { runtime, clock, id, form, start, follow, signal } = options;
  const given = start.at === "cursor" ? readPlace(start.cursor) : null;
  const told = createTold(given, options.windowBytes);
  const pieces: LogPiece[] = [];
  let stream: UnitStream | null = null;
  let source: ByteSource | null = null;
  let isClosed = false;
  let isLive = !follow;
  let isFirst = true;
  /** Whether this answer brought something, and how many in a row did not. */
  let brought = false;
  let fruitless = 0;
  let silentMs = SILENT_FIRST_MS;
  /** The place that is not there any more, and from when on to read instead. */
  let restartAt: Place | null = null;
  let isLocated = false;
  let waken = () => {};

  if (start.at === "cursor" && !given) {
    pieces.push({ what: "gap", at: null, bytes: null, why: "The lines up to here were read in another way, so the place to go on from cannot be found.", to: null });
  }
  const onAbort = () => waken();
  signal.addEventListener("abort", onAbort);

  function latest(): Moment | null {
    const stamp = told.latest();
    return stamp && readStamp(stamp.bytes, stamp.at, stamp.length);
  }
  function hasReachedGoal(): boolean {
    const asked = start.at === "time" ? momentOf(start.since) : null;
    const reached = latest() ?? told.place()?.time ?? asked;
    return goal === null || (start.at === "tail" && start.lines === 0) || (reached !== null && compareMoments(reached, goal) >= 0);
  }
  /** Resolves at the next word of the stream, at the latest after `ms`. */
  function wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const disarm = clock.after(ms, () => waken());
      waken = () => {
        disarm();
        waken = () => {};
        resolve();
      };
      if (signal.aborted || isClosed) waken();
    });
  }
  function drop(): void {
    source?.close();
    stream?.stop();
    source = stream = null;
  }
  const cursorNow = (): LogCursor | null => {
    const place = told.place();
    return place && writePlace(place);
  };
  function gap(why: string): void {
    const at = latest();
    pieces.push({ what: "gap", at: at && at.seconds * 1_000 + at.nanos / 1e6, bytes: null, why: why.slice(0, LIMITS.textChars), to: cursorNow() });
  }

  /** What to ask for, and what of the answer to leave out. */
  function nextRequest(): { request: LogRequest; skipTo: Place | null } {
    const all = { follow, tail: null, since: null, until: null };
    if (restartAt) return { request: { ...all, since: writeSeconds(restartAt.time) }, skipTo: null };
    const place = told.place();
    if (place && (place.ordinal > 0 || place.checksum !== null)) return { request: { ...all, since: writeSeconds(shifted(place.time, -DISORDER_NANOS)) }, skipTo: place };
    if (place) return { request: { ...all, since: writeSeconds(place.time) }, skipTo: null };
    if (start.at === "time") return { request: { ...all, since: writeSeconds(momentOf(start.since)) }, skipTo: null };
    if (start.at === "oldest") return { request: all, skipTo: null };
    if (isFirst) return { request: { ...all, tail: start.at === "tail" ? start.lines : 0 }, skipTo: null };
    // Nothing was there to be told at first: whatever came since is new.
    return { request: { ...all, since: goal && writeSeconds(shifted(goal, 1)) }, skipTo: null };
  }
  async function connect(): Promise<void> {
    const { request, skipTo } = nextRequest();
    brought = false;
    const next = createUnitStream({ form, told, clock, skipTo, overruns: !isLocated, onReady: () => waken(), resume: () => source?.resume() });
    const opened = await runtime.openLog(id, request, next);
    if (isClosed || signal.aborted) return opened.close();
    isFirst = false;
    stream = next;
    source = opened;
    source.resume();
  }

  /** Asks again after a while; ends where the container is gone, and waits for one that is stopped. */
  async function again(): Promise<void> {
    drop();
    fruitless = brought ? 0 : fruitless + 1;
    await pause(Math.min(RETRY_LONGEST_MS, RETRY_FIRST_MS * 2 ** Math.min(fruitless, 10)));
    while (!isClosed && !signal.aborted) {
      try {
        const { running } = readContainerLog(await runtime.inspect(id));
        if (running || fruitless < 2) return await connect();
        await pause(STOPPED_MS);
      } catch (error) {
        if (!(error instanceof AgentFailure)) throw error;
        if (error.code === "not_found") return void pieces.push({ what: "end", why: "The container was removed.", gone: true });
        await pause(RETRY_LONGEST_MS);
      }
    }
  }
  async function pause(ms: number): Promise<void> {
    const until = clock.monotonic() + ms;
    while (!isClosed && !signal.aborted && clock.monotonic() < until) await wait(until - clock.monotonic());
  }

  async function afterEnd(end: End): Promise<void> {
    if (end.how === "overrun" || (end.how === "ended" && end.why === null && stream?.isSkipping())) return findPlace();
    if (end.how === "broken") gap(`${end.why} It was asked again from there on.`);
    const isWhole = end.how === "ended" && end.why === null && hasReachedGoal();
    if (!follow && isWhole) return finish("That is all the engine has.");
    const reason = end.how === "broken" ? end.why : (end.why ?? "the engine ended its answer early");
    if (fruitless >= FRUITLESS && !brought && (end.how === "broken" || !follow)) {
      if (end.how !== "broken") gap(`The rest cannot be read: ${reason}.`);
      return finish(`The engine does not tell the rest: ${reason}`);
    }
    await again();
  }
  function finish(why: string): void {
    drop();
    pieces.push({ what: "end", why: why.slice(0, LIMITS.textChars), gone: false });
  }
  /** The place to go on from did not come where it should have been: looks through all that is there, once. */
  async function findPlace(): Promise<void> {
    drop();
    const place = told.place() ?? BEGINNING;
    const there = isLocated ? false : await isThere(place);
    if (there === false) {
      gap("The engine deleted lines before they were read: it rotates its files.");
      restartAt = { time: shifted(place.time, 1), ordinal: 0, checksum: null };
    }
    isLocated = there === true;
    await again();
  }
  /** null: the engine cannot say now. */
  async function isThere(place: Place): Promise<boolean | null> {
    const { promise, resolve } = newPromise<boolean | null>();
    const look = createUnitStream({
      form, told: createTold(null, 0), clock, skipTo: place, overruns: false,
      onReady: () => (!look.isSkipping() || look.end() !== null) && resolve(!look.isSkipping()),
      resume: () => opened?.resume(),
    });
    let opened: ByteSource | null = null;
    const stop = () => resolve(null);
    const disarm = clock.after(LOCATE_MS, stop);
    signal.addEventListener("abort", stop, { once: true });
    try {
      opened = await runtime.openLog(id, { follow: false, tail: null, since: writeSeconds(shifted(place.time, -DISORDER_NANOS)), until: null }, look);
      return await promise;
    } catch (error) {
      if (error instanceof AgentFailure) return null;
      throw error;
    } finally {
      disarm();
      signal.removeEventListener("abort", stop);
      look.stop();
      opened?.close();
    }
  }

  /** A follow of 20.10 can fall silent for good at a rotation. */
  async function checkSilence(from: UnitStream): Promise<void> {
    const quiet = clock.monotonic() - from.lastByteAt();
    if (from.isSkipping() && quiet >= QUIET_MS) return findPlace();
    if (quiet < silentMs) return;
    silentMs = Math.min(SILENT_LONGEST_MS, silentMs * 2);
    const ends = await lastMoment(options).catch(() => null);
    const known = latest() ?? told.place()?.time ?? goal;
    if (ends === null || (known !== null && compareMoments(ends, known) <= 0)) return;
    await wait(ON_ITS_WAY_MS);
    if (stream === from && from.end() === null && clock.monotonic() - from.lastByteAt() > quiet) await again();
  }

  function tell(from: UnitStream): LogPiece | null {
    const said = from.next();
    if (!said) return null;
    if (said.what === "engine") {
      gap(`The engine could not read its log: ${said.words}`);
      return pieces.shift() ?? null;
    }
    brought = true;
    isLocated = false;
    restartAt = null;
    silentMs = SILENT_FIRST_MS;
    const { bytes, from: begins, to } = said.segment;
    return { what: "text", form, text: bytes, from: writePlace(begins), to: writePlace(to) };
  }

  async function read(): Promise<LogPiece> {
    for (;;) {
      if (signal.aborted || isClosed) throw new AgentFailure("internal", "The reading was ended.");
      const piece = pieces.shift();
      if (piece) return piece;
      if (!stream) {
        await (isFirst ? connect() : again());
        continue;
      }
      if (!isLive && hasReachedGoal() && !stream.isSkipping() && !stream.hasText()) {
        isLive = true;
        return { what: "live" };
      }
      const text = tell(stream);
      if (text) return text;
      const end = stream.end();
      if (end) await afterEnd(end);
      else await idle(stream);
    }
  }
  async function idle(from: UnitStream): Promise<void> {
    await wait(isLive && !from.isSkipping() ? silentMs : QUIET_MS);
    if (stream !== from || !follow || from.end() !== null) return;
    if (!isLive && !from.isSkipping() && clock.monotonic() - from.lastByteAt() >= QUIET_MS) goal = null;
    await checkSilence(from);
  }

  return {
    source: options.source,
    read,
    close() {
      isClosed = true;
      signal.removeEventListener("abort", onAbort);
      drop();
      waken();
    },
  };
}

function newPromise<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((r) => (resolve = r));
  return { promise, resolve };
}
