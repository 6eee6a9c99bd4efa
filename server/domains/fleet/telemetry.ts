/** Reads the telemetry stream of one link, for as long as the link lasts. */
import { TIMES } from "@/protocol/limits";
import { Frame, type Cursor } from "@/protocol/shapes";
import { parseJson } from "@/protocol/wire/json";
import type { HostLink } from "@/server/gateway/gateway";
import { readLines } from "@/server/lib/lines";
import type { Clock } from "@/server/lib/clock";
import { AppError, describeError } from "@/server/lib/errors";
import * as z from "zod/v4/core";
import { FrameRefused } from "./truth";

/** First and longest wait before a stream that ended is opened again; about half of it is chance. */
const REOPEN_FIRST_MS = 250;
const REOPEN_LONGEST_MS = 15_000;
/** Looks without any frame after which a stream is given up: the link is alive, its report is not. */
const SILENT_LOOKS = Math.ceil(TIMES.silenceMs / TIMES.heartbeatMs);

export interface TelemetryDeps {
  link: HostLink;
  clock: Clock;
  random: () => number;
  /** Aborted when the link is gone. */
  signal: AbortSignal;
  /** Where to go on, asked at each opening. */
  after: () => Cursor | null;
  /** A stream begins: nothing is confirmed before it says so. */
  onOpen: () => void;
  /** One frame. Throws FrameRefused for what no honest agent sends. Returns true when the host is known whole. */
  onFrame: (frame: Frame) => boolean;
  /** The stream ended while the link is up; it will be opened again. */
  onEnd: (why: string) => void;
  /** The agent sent what it must not: its tunnel is closed. */
  onInvalid: (why: string) => void;
}

export interface Telemetry {
  /** Ends the stream and opens it anew, from `after()`. */
  reopen(): void;
}

/** Begins reading at once, and stops when `signal` aborts. */
export function readTelemetry(deps: TelemetryDeps): Telemetry {
  const { link, clock, signal } = deps;
  let current: AbortController | null = null;
  void (async () => {
    let wait = REOPEN_FIRST_MS;
    while (!signal.aborted) {
      current = new AbortController();
      const whole = () => (wait = REOPEN_FIRST_MS);
      const end = await readOnce(deps, current, whole);
      if (signal.aborted) return;
      if (end.invalid) {
        deps.onInvalid(end.why);
        link.close(`This host sent something that Binnacle does not take: ${end.why}`);
        return;
      }
      deps.onEnd(end.why);
      await pause(clock, wait * (0.5 + deps.random() / 2), signal);
      wait = Math.min(wait * 2, REOPEN_LONGEST_MS);
    }
  })();
  return { reopen: () => current?.abort() };
}

/** One stream from its opening to its end, which is never an exception. */
async function readOnce(deps: TelemetryDeps, own: AbortController, whole: () => void): Promise<{ why: string; invalid: boolean }> {
  const { link, clock } = deps;
  const signal = AbortSignal.any([deps.signal, own.signal]);
  let heard = true;
  let silent = 0;
  // Looks are counted, not time: while our own event loop is late, no look happens.
  const watch = clock.every(TIMES.heartbeatMs, () => {
    silent = heard ? 0 : silent + 1;
    heard = false;
    if (silent >= SILENT_LOOKS) own.abort();
  });
  try {
    const stream = await link.stream("telemetry.stream", { after: deps.after() }, { signal });
    const stop = () => void stream.destroy();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    deps.onOpen();
    for await (const line of readLines(stream)) {
      if (signal.aborted) break;
      heard = true;
      if (deps.onFrame(parseFrame(line))) whole();
    }
    return { why: "Its report ended.", invalid: false };
  } catch (error) {
    const invalid = error instanceof FrameRefused || (error instanceof AppError && error.code === "too_large");
    const why = silent >= SILENT_LOOKS ? "Its report fell silent." : own.signal.aborted ? "Its report is being read again." : describeError(error);
    return { why, invalid: invalid && !deps.signal.aborted };
  } finally {
    watch();
  }
}

/** Throws FrameRefused when the line is no frame of the contract. */
export function parseFrame(line: string): Frame {
  const json = parseJson(line);
  if (!json.ok) throw new FrameRefused(json.why);
  const frame = z.safeParse(Frame, json.value);
  if (frame.success) return frame.data;
  const [issue] = frame.error.issues;
  throw new FrameRefused(`a frame that is not in the contract (${issue?.path.join(".") || "frame"}: ${issue?.message ?? "invalid"})`.slice(0, 300));
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
}
