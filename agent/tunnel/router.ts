/**
 * The agent's answers: one request of the hub is one HTTP/2 stream `POST /<verb>`. The router parses,
 * checks the shape, calls the handler and answers; it knows no runtime.
 */
import type { CallVerb, InputOf, OutputOf, StreamVerb } from "@/protocol/contract";
import type { OperationHeader } from "@/protocol/shapes";

/** What a handler gets beside its input. */
export interface CallContext {
  /** Who asked and under which idempotency key; set for every change, null for every read. */
  operation: OperationHeader | null;
  /**
   * Aborted when the hub cancelled or the tunnel ended. A read should stop; a change that has begun must
   * go on and be recorded, because the hub will ask for its outcome.
   */
  signal: AbortSignal;
}

/** What a stream handler gets. The answer ends when its promise settles; lines are written one after another. */
export interface StreamContext extends CallContext {
  stream: LineWriter;
}

/** Writes NDJSON with back-pressure. */
export interface LineWriter {
  /**
   * Writes one value as one line; resolves when there is room for more, so awaiting it paces the writer.
   * Rejects once the hub has cancelled, the tunnel has ended, or the line is over `LIMITS.lineBytes`.
   */
  write(value: unknown): Promise<void>;
}

type SessionVerb = "session.open" | "session.accept" | "session.refuse";

/** One function a verb. The tunnel itself answers `session.*`. Throw AgentFailure for what is expected to fail. */
export type Handlers = {
  [V in Exclude<CallVerb, SessionVerb>]: (input: InputOf<V>, context: CallContext) => OutputOf<V> | Promise<OutputOf<V>>;
} & {
  [V in StreamVerb]: (input: InputOf<V>, context: StreamContext) => Promise<void>;
};
