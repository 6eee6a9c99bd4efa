/**
 * One container's log as it comes: reads the messages of /stream, unpacks what was packed on the way, and
 * goes on after a lost connection from the last place that it knows. No React in here.
 */
import type { AppErrorCode } from "@/server/lib/errors";
import type { LogForm, LogGap, LogSource, LogStart } from "@/protocol/logs";
import type { Dial } from "@/app/_trpc/stream";

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
  /** Will not be tried again: forbidden, not_found, bad_input, unauthenticated, refused_by_host. */
  | { state: "refused"; code: AppErrorCode; why: string };

export interface LogFeedHandlers {
  /** Where the lines come from; first of all, and again when it changes. */
  onSource(source: LogSource): void;
  /** Whole entries, unpacked. A promise holds the feed, and with it the host, until it resolves (see LogStore.add). */
  onBatch(text: Uint8Array, form: LogForm): Promise<void> | undefined;
  /** Lines that are lost. A line that was unfinished stays so: begin a new index. */
  onGap(gap: LogGap): void;
  onState(state: LogFeedState): void;
}

export interface LogFeedOptions {
  hostId: string;
  /** The container's runtime id. */
  id: string;
  start: LogStart;
  follow: boolean;
  /** A one-use ticket of this session: `client.session.ticket.mutate()`. */
  ticket(): Promise<string>;
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
