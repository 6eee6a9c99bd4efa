/**
 * One container's log as it comes: reads the messages of /stream, unpacks what was packed on the way, and
 * goes on after a lost connection from the last place that it knows. No React in here.
 */
import type { AppErrorCode } from "@/server/lib/errors";
import { createLogMessageReader } from "@/protocol/log-messages";
import type { LogCursor, LogForm, LogGap, LogMessage, LogSource, LogStart } from "@/protocol/logs";
import { openStream, type Dial, type Stream, type StreamFailure } from "@/app/_trpc/stream";
import { unpack } from "./unpack";

export type LogFeedState =
  | { state: "connecting" }
  /** What was there already is coming. */
  | { state: "reading" }
  /** All of that is here; lines come as they are written. */
  | { state: "live" }
  /** Cut off; tried again by itself. `code` and `why` where the server said why, e.g. host_away. */
  | { state: "waiting"; code: AppErrorCode | null; why: string | null; since: number }
  /** Nothing more will come. `gone`: the container is gone, not just what was asked for told. */
  | { state: "ended"; why: string; gone: boolean }
  /** Will not be tried again: forbidden, not_found, bad_input, unauthenticated, internal. */
  | { state: "refused"; code: AppErrorCode; why: string | null };

export interface LogFeedHandlers {
  /** Where the lines come from; first of all, and again when it changes. */
  onSource(source: LogSource): void;
  /** Whole entries, unpacked, and where they lie. A promise holds the feed, and with it the host, until it resolves (see LogStore.add). */
  onBatch(text: Uint8Array, form: LogForm, place: { from: LogCursor; to: LogCursor }): Promise<void> | undefined;
  /** Lines that are lost. A line that was unfinished stays so: flush the index. */
  onGap(gap: LogGap): void;
  onState(state: LogFeedState): void;
}

export interface LogFeedOptions {
  hostId: string;
  /** The container's runtime id. */
  id: string;
  start: LogStart;
  follow: boolean;
  /** `() => client.session.ticket.mutate()`. */
  ticket(): Promise<{ ticket: string }>;
  handlers: LogFeedHandlers;
  /** For tests. */
  dial?: Dial;
  random?: () => number;
}

export interface LogFeed {
  state(): LogFeedState;
  /** Ends it; no handler is called afterwards. */
  stop(): void;
}

/** Waits between tries: short at first, since a restart of the server takes seconds; half of each is left to chance. */
const RETRY_MS = [200, 500, 1_000, 2_000, 3_000, 5_000] as const;
/** What trying again would not change. */
const FINAL: ReadonlySet<AppErrorCode | null> = new Set<AppErrorCode>(["forbidden", "not_found", "bad_input", "unauthenticated", "internal"]);

/** Follows a log until `stop`, its end, or a refusal. */
export function followLog({ hostId, id, start, follow, ticket, handlers, dial, random = Math.random }: LogFeedOptions): LogFeed {
  let state: LogFeedState = { state: "connecting" };
  let stream: Stream | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tries = 0;
  /** Where to go on: after everything that the handlers were given. */
  let from = start;
  let stopped = false;

  const enter = (next: LogFeedState) => {
    state = next;
    handlers.onState(next);
  };
  const isOver = () => stopped || state.state === "ended" || state.state === "refused";
  const goOnAt = (cursor: string | null) => void (cursor === null || (from = { at: "cursor", cursor }));

  /** One message; a promise where the next has to wait. */
  const take = (message: LogMessage): Promise<void> | undefined => {
    switch (message.kind) {
      case "source":
        tries = 0;
        if (state.state !== "reading") enter({ state: "reading" });
        handlers.onSource(message.head);
        return undefined;
      case "batch": {
        const { head, form } = message;
        if (message.packing === "none") {
          goOnAt(head.to);
          return handlers.onBatch(message.text, form, head);
        }
        return unpack(message.text).then((text) => {
          if (stopped) return undefined;
          goOnAt(head.to);
          return handlers.onBatch(text, form, head);
        });
      }
      case "gap":
        goOnAt(message.head.to);
        handlers.onGap({ at: message.head.at, bytes: message.head.bytes, why: message.head.why });
        return undefined;
      case "live":
        // There was no line yet, so there is no cursor: the next one comes after this moment.
        if (from === start && start.at !== "cursor") from = { at: "time", since: message.head.at };
        if (state.state !== "live") enter({ state: "live" });
        return undefined;
      case "end":
        enter({ state: "ended", ...message.head });
        return undefined;
    }
  };
  const takeAll = (messages: LogMessage[]): Promise<void> | undefined => {
    for (let i = 0; i < messages.length; i++) {
      if (isOver()) return undefined;
      const busy = take(messages[i] as LogMessage);
      if (busy) return busy.then(() => takeAll(messages.slice(i + 1)));
    }
    return undefined;
  };

  const onEnd = (failure: StreamFailure | null) => {
    stream = null;
    if (isOver()) return;
    if (failure && failure.code !== null && FINAL.has(failure.code)) return enter({ state: "refused", code: failure.code, why: failure.why });
    // Also where the source ended without saying so: it was cut off somewhere, and a cursor costs nothing.
    const since = state.state === "waiting" ? state.since : Date.now();
    enter({ state: "waiting", code: failure?.code ?? null, why: failure?.why ?? null, since });
    const wait = RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)] ?? 0;
    timer = setTimeout(connect, wait * (0.5 + random() / 2));
  };
  function connect(): void {
    const reader = createLogMessageReader();
    stream = openStream({
      stream: "logs.follow",
      input: { hostId, id, start: from, follow },
      ticket,
      handlers: { onBytes: (bytes) => takeAll(reader.push(bytes)), onEnd },
      ...(dial ? { dial } : {}),
    });
  }

  connect();
  return {
    state: () => state,
    stop() {
      stopped = true;
      clearTimeout(timer);
      stream?.close();
    },
  };
}
