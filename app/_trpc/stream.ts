/**
 * A stream of bytes from the server: one WebSocket of its own at /stream, beside the one for live data. It
 * proves itself with a one-use ticket in its first message, and says how many bytes it has dealt with, so
 * that nobody on the way holds more than a window of them. server/streams says what streams there are.
 */
import type { AppErrorCode } from "@/server/lib/errors";
import type { StreamInputs, StreamName } from "@/server/streams/root";

const PATH = "/stream";
/** Bytes dealt with before that is said: often enough that the server's window is never empty for long. */
const ACKNOWLEDGE_BYTES = 128 * 1024;
/** What stands open but says nothing for so long after its first message is taken for dead. */
const OPEN_WITHIN_MS = 15_000;

/** Why a stream ended. null code: the connection was lost. */
export interface StreamFailure {
  code: AppErrorCode | null;
  why: string | null;
}

export interface StreamHandlers {
  /** Bytes in order, cut anywhere. A promise: the next ones wait for it, and the source with them. */
  onBytes(bytes: Uint8Array): Promise<void> | undefined;
  /** Once, unless `close` was called first. null: the source ended by itself. */
  onEnd(failure: StreamFailure | null): void;
}

/** A WebSocket, or what a test gives in its place. */
export type Dial = (url: string) => Pick<WebSocket, "send" | "close" | "binaryType" | "onopen" | "onmessage" | "onclose">;

export interface StreamOptions<Name extends StreamName> {
  stream: Name;
  input: StreamInputs[Name];
  /** A one-use ticket of this session: `client.session.ticket.mutate()`. */
  ticket(): Promise<string>;
  handlers: StreamHandlers;
  /** For tests. */
  dial?: Dial;
}
