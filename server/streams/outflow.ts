/**
 * From a source to one page, no faster than the page works: what was sent and not acknowledged, and what the
 * socket has not taken yet, are both bounded, and past either the source is not read. So the host stops
 * reading its file when the page does, and nobody in between holds more than a window.
 */
import type { Readable } from "node:stream";

/** Bytes on their way to one page that it has not acknowledged. */
export const WINDOW_BYTES = 1 << 20;
/** The source is read again when no more than this is on its way: stopping and going on costs the tunnel a message each. */
const RESUME_BYTES = WINDOW_BYTES / 2;
/** Bytes that one socket may hold unsent. */
export const UNSENT_BYTES = 256 * 1024;
/** One message to a page. A message costs the browser some work however long it is. */
const MESSAGE_BYTES = 256 * 1024;

export interface OutflowSocket {
  readonly bufferedAmount: number;
  send(bytes: Uint8Array, sent: () => void): void;
}

export interface Outflow {
  /** The page has dealt with so many bytes since the start. false: that cannot be. */
  acknowledge(bytes: number): boolean;
  /** Lets go of the source; nothing is sent afterwards. */
  end(): void;
}

/** Begins at once. `onEnd` is called once, after the last byte was handed to the socket; null: the source ended by itself. */
export function createOutflow(source: Readable, socket: OutflowSocket, onEnd: (error: Error | null) => void): Outflow {
  let sent = 0;
  let acknowledged = 0;
  let gathered: Buffer[] = [];
  let gatheredBytes = 0;
  let isFlushing = false;
  let over = false;

  const pace = () => {
    const most = source.isPaused() ? RESUME_BYTES : WINDOW_BYTES;
    const full = sent + gatheredBytes - acknowledged >= most || socket.bufferedAmount > UNSENT_BYTES;
    if (over || full === source.isPaused()) return;
    if (full) source.pause();
    else source.resume();
  };
  const flush = () => {
    isFlushing = false;
    if (over || gatheredBytes === 0) return;
    const message = gathered.length === 1 ? (gathered[0] as Buffer) : Buffer.concat(gathered, gatheredBytes);
    sent += gatheredBytes;
    gathered = [];
    gatheredBytes = 0;
    socket.send(message, pace);
    pace();
  };
  const finish = (error: Error | null) => {
    if (over) return;
    flush();
    over = true;
    onEnd(error);
  };
  source.on("data", (chunk: Buffer) => {
    gathered.push(chunk);
    gatheredBytes += chunk.length;
    if (gatheredBytes >= MESSAGE_BYTES) return flush();
    if (isFlushing) return;
    // What else comes in this turn goes into the same message: a source gives it in pieces of a few kilobytes.
    isFlushing = true;
    setImmediate(flush);
  });
  source.on("end", () => finish(null));
  source.on("error", finish);
  const closed = () => finish(source.readableEnded ? null : new Error("the source closed early"));
  source.on("close", closed);
  if (source.destroyed) queueMicrotask(closed);
  return {
    acknowledge(bytes) {
      if (!Number.isSafeInteger(bytes) || bytes < acknowledged || bytes > sent) return false;
      acknowledged = bytes;
      pace();
      return true;
    },
    end() {
      over = true;
      gathered = [];
      source.destroy();
    },
  };
}
