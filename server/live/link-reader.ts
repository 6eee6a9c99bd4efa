/** Reads one stream of lines from a host, for as long as its link lasts: opened again when it ends or falls silent. */
import type { Readable } from "node:stream";
import { TIMES } from "@/protocol/limits";
import { parseJson } from "@/protocol/wire/json";
import type { Clock } from "@/server/lib/clock";
import { AppError, describeError } from "@/server/lib/errors";
import { readLines } from "@/server/lib/lines";
import * as z from "zod/v4/core";

/** First and longest wait before a stream that ended is opened again; about half of it is chance. */
const REOPEN_FIRST_MS = 250;
const REOPEN_LONGEST_MS = 15_000;
/** Looks without any line after which a stream is given up: the link is alive, this stream is not. */
const SILENT_LOOKS = Math.ceil(TIMES.silenceMs / TIMES.heartbeatMs);

/** A line that an honest agent does not send: its tunnel is closed. */
export class FrameRefused extends Error {}

export interface LinkReaderDeps {
  clock: Clock;
  /** 0 to 1; spreads what would come at once. */
  random: () => number;
  /** Aborted when the link is gone or nobody reads any more. */
  signal: AbortSignal;
  open: (signal: AbortSignal) => Promise<Readable>;
  /** Ends the tunnel. */
  close: (why: string) => void;
  /** A stream was opened. */
  onOpen: () => void;
  /** One line. Throws FrameRefused for what no honest agent sends. Returns true when the stream does its work, so that the next wait is the shortest. */
  onLine: (line: string) => boolean;
  /** The stream ended while the link is up; it will be opened again. */
  onEnd: (why: string) => void;
  /** The agent sent what it must not: its tunnel is about to be closed. */
  onInvalid: (why: string) => void;
}

export interface LinkReader {
  /** Ends the stream and opens it anew. */
  reopen(): void;
}

/** Begins reading at once, and stops when `signal` aborts. */
export function readLink(deps: LinkReaderDeps): LinkReader {
  const { clock, signal } = deps;
  let current: AbortController | null = null;
  void (async () => {
    let wait = REOPEN_FIRST_MS;
    while (!signal.aborted) {
      current = new AbortController();
      const end = await readOnce(deps, current, () => (wait = REOPEN_FIRST_MS));
      if (signal.aborted) return;
      if (end.invalid) {
        deps.onInvalid(end.why);
        deps.close(`This host sent something that Binnacle does not take: ${end.why}`);
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
async function readOnce(deps: LinkReaderDeps, own: AbortController, works: () => void): Promise<{ why: string; invalid: boolean }> {
  const signal = AbortSignal.any([deps.signal, own.signal]);
  let heard = true;
  let silent = 0;
  // Looks are counted, not time: while our own event loop is late, no look happens.
  const watch = deps.clock.every(TIMES.heartbeatMs, () => {
    silent = heard ? 0 : silent + 1;
    heard = false;
    if (silent >= SILENT_LOOKS) own.abort();
  });
  try {
    const stream = await deps.open(signal);
    const stop = () => void stream.destroy();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    deps.onOpen();
    for await (const line of readLines(stream)) {
      if (signal.aborted) break;
      heard = true;
      if (deps.onLine(line)) works();
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

/** Throws FrameRefused when the line is not of that shape; `what` names it for a person. */
export function parseLine<T>(shape: z.$ZodType<T>, what: string, line: string): T {
  const json = parseJson(line);
  if (!json.ok) throw new FrameRefused(json.why);
  const parsed = z.safeParse(shape, json.value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new FrameRefused(`${what} that is not in the contract (${issue?.path.join(".") || "frame"}: ${issue?.message ?? "invalid"})`.slice(0, 300));
}
