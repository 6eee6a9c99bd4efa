/**
 * How the rest of the agent reads a container's log, wherever it comes from: the engine's own files
 * (agent/logs/files/) or its log API (agent/logs/api/). agent/logs/logs.ts chooses for each container.
 */
import type { LogCursor, LogForm, LogPage, LogSource, LogStart } from "@/protocol/logs";

/** What a reader gives next. */
export type LogPiece =
  /**
   * Whole entries or frames, at most LIMITS.logBatchBytes unless a single one is longer. `from` is where the
   * text begins, `to` where to go on after it. The bytes do not change after they were given.
   */
  | { what: "text"; form: LogForm; text: Uint8Array; from: LogCursor; to: LogCursor }
  /** Lines that exist no more or cannot be read. `at` in milliseconds since 1970, `bytes` null: not known how many. */
  | { what: "gap"; at: number | null; bytes: number | null; why: string; to: LogCursor | null }
  /** Everything that was there has been told; the next read() waits for new lines. Only with `follow`. */
  | { what: "live" }
  /** Nothing more will come; read() is not called again. gone: the container is no more. */
  | { what: "end"; why: string; gone: boolean };

export interface LogReader {
  readonly source: LogSource;
  /**
   * The next piece. One call at a time; nothing is read ahead beyond one batch, so a caller that does not
   * ask holds up the source and no memory. Rejects with an AgentFailure when it cannot go on at all, and
   * when its signal is aborted.
   */
  read(): Promise<LogPiece>;
  /** Lets go of everything it holds; safe to call more than once. */
  close(): void;
}

/** A way to logs that cannot be taken for this container, and why, for a person. */
export interface LogRefusal {
  why: string;
}

/** One way to read logs. */
export interface LogAccess {
  /** A reader from that place on. Rejects with an AgentFailure `not_found` when there is no such container. */
  open(id: string, start: LogStart, options: { follow: boolean; signal: AbortSignal }): Promise<LogReader | LogRefusal>;
  /** The lines before a place, at most so many and at most LIMITS.logPageBytes; null: before the end. `until`: milliseconds since 1970. */
  page(id: string, before: LogCursor | { until: number } | null, lines: number, signal: AbortSignal): Promise<LogPage | LogRefusal>;
}
