/**
 * A stream of bytes from the server: one WebSocket of its own at /stream, beside the one for live data. It
 * proves itself with a one-use ticket in its first message, and says how many bytes it has dealt with, so
 * that nobody on the way holds more than a window of them. server/streams/root.ts says what streams there are.
 */
import { TRPCClientError } from "@trpc/client";
import type { AppErrorCode } from "@/server/lib/errors";
import type { StreamInputs, StreamName } from "@/server/streams/root";

const PATH = "/stream";
/** Bytes dealt with before that is said: often enough that the server's window of 1 MiB never runs dry. */
const ACKNOWLEDGE_BYTES = 128 * 1024;
/** How the server closes where the source ended by itself, and where the session has ended. */
const SOURCE_ENDED = 1000;
const SESSION_OVER = 4401;

/** Why a stream ended. null code: the connection was lost, or never came about. */
export interface StreamFailure {
  code: AppErrorCode | null;
  why: string | null;
}

export interface StreamHandlers {
  /** Bytes in order, cut anywhere. A promise: the next ones wait for it, and the source with them. A throw ends the stream. */
  onBytes(bytes: Uint8Array): Promise<void> | undefined;
  /** Once, unless `close` was called first. null: the source ended by itself. */
  onEnd(failure: StreamFailure | null): void;
}

/** A WebSocket, or what a test gives in its place. */
export type StreamSocket = Pick<WebSocket, "send" | "close" | "binaryType" | "onopen" | "onmessage" | "onclose">;
export type Dial = (path: string) => StreamSocket;

export interface StreamOptions<Name extends StreamName> {
  stream: Name;
  input: StreamInputs[Name];
  /** A one-use ticket of this session: `client.session.ticket.mutate()`. */
  ticket(): Promise<{ ticket: string }>;
  handlers: StreamHandlers;
  /** For tests. */
  dial?: Dial;
}

export interface Stream {
  /** Ends it; no handler is called afterwards. */
  close(): void;
}

const dialHere: Dial = (path) => new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`);

/** Opens a stream. Never throws: what goes wrong is told by `onEnd`. */
export function openStream<Name extends StreamName>({ stream, input, ticket, handlers, dial = dialHere }: StreamOptions<Name>): Stream {
  let socket: StreamSocket | null = null;
  let over = false;
  let failure: StreamFailure | null = null;
  let done = 0;
  let acknowledged = 0;
  /** What came while a handler was at work, in order. Bounded by the server's window. */
  const waiting: Uint8Array[] = [];
  let isBusy = false;

  const close = () => {
    over = true;
    waiting.length = 0;
    socket?.close();
  };
  const end = (why: StreamFailure | null) => {
    if (over) return;
    close();
    handlers.onEnd(why);
  };
  const dealtWith = (bytes: number) => {
    done += bytes;
    if (done - acknowledged < ACKNOWLEDGE_BYTES) return;
    acknowledged = done;
    socket?.send(`{"ack":${done}}`);
  };
  /** At once where the handler is, so that a fast stream costs no turn of the event loop a message. */
  const take = (bytes: Uint8Array): Promise<void> | undefined => {
    const busy = handlers.onBytes(bytes);
    if (!busy) dealtWith(bytes.length);
    return busy?.then(() => void (over || dealtWith(bytes.length)));
  };
  const work = async () => {
    isBusy = true;
    for (let next = waiting.shift(); next && !over; next = waiting.shift()) await take(next);
    isBusy = false;
  };
  const refuse = (error: unknown) => end({ code: "internal", why: error instanceof Error ? error.message : String(error) });
  const onBytes = (bytes: Uint8Array) => {
    if (isBusy) return void waiting.push(bytes);
    const busy = take(bytes);
    if (!busy) return;
    isBusy = true;
    busy.then(work).catch(refuse);
  };
  const onClose = (code: number) => {
    if (failure) return end(failure);
    if (code === SESSION_OVER) return end({ code: "unauthenticated", why: null });
    if (code !== SOURCE_ENDED) return end({ code: null, why: null });
    // The end comes after the last byte, also where the handler is still at work.
    const whenIdle = (): void => (isBusy ? void setTimeout(whenIdle, 0) : end(null));
    whenIdle();
  };

  const begin = async () => {
    const proof = await ticket();
    if (over) return;
    const opened = (socket = dial(PATH));
    opened.binaryType = "arraybuffer";
    opened.onopen = () => opened.send(JSON.stringify({ ticket: proof.ticket, stream, input }));
    opened.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (over) return;
      try {
        if (typeof data === "string") failure = readFailure(data);
        else onBytes(new Uint8Array(data));
      } catch (error) {
        refuse(error);
      }
    };
    opened.onclose = ({ code }) => onClose(code);
  };
  // A browser cannot see that a socket was refused because the session has ended; the ticket's call can.
  begin().catch((error: unknown) => end({ code: error instanceof TRPCClientError ? ((error.data as { appCode?: AppErrorCode } | null)?.appCode ?? null) : null, why: null }));
  return { close };
}

function readFailure(text: string): StreamFailure {
  const { error } = JSON.parse(text) as { error: { code: AppErrorCode; message: string } };
  return { code: error.code, why: error.message };
}
