/**
 * Back-pressure for subscriptions. tRPC sends whatever a source yields, at once, however slow the tab is;
 * one stalled tab made a hub hold 251 MB. Here the next value is asked for only when the socket has taken
 * the earlier ones, so that a slow reader's backlog stays in its channel, which is bounded and merges.
 *
 * Every subscription passes through here (permit.ts sees to it).
 */
import { AppError } from "@/server/lib/errors";
import type { Context } from "./context";

/** Bytes that one socket may have in flight before its sources wait. */
export const PACE_BYTES = 256 * 1024;
/** How often a waiting source looks again; `ws` has no event for a drained socket. */
const LOOK_MS = 20;
/** A socket that takes nothing for this long is ended: its tab is gone or frozen, and will come back anew. */
export const STALL_MS = 60_000;
/** Subscriptions open at once on one socket. Protects the hub from a tab that opens them in a loop. */
export const STREAMS_PER_SOCKET = 32;

/** `source`, asked no faster than the caller's socket drains. Ends with `signal`, and ends `source` with it. */
export function paced<T>(ctx: Pick<Context, "socket" | "clock">, source: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncIterableIterator<T> {
  const { socket, clock } = ctx;
  if (socket === null) throw new AppError("bad_input", "Live data comes over the WebSocket only.");
  if (socket.streams >= STREAMS_PER_SOCKET) throw new AppError("rate_limited", `One tab may follow ${STREAMS_PER_SOCKET} things at once. Close some and try again.`);
  socket.streams += 1;
  const inner = source[Symbol.asyncIterator]();
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    socket.streams -= 1;
    signal?.removeEventListener("abort", end);
    // Not awaited: a source that waits for its own next value answers only when that comes.
    void Promise.resolve(inner.return?.()).catch(() => undefined);
  };
  signal?.addEventListener("abort", end, { once: true });
  if (signal?.aborted) end();

  const drained = async () => {
    let least = socket.bufferedAmount;
    let since = clock.monotonic();
    while (!ended && socket.open && socket.bufferedAmount > PACE_BYTES) {
      if (socket.bufferedAmount < least) [least, since] = [socket.bufferedAmount, clock.monotonic()];
      if (clock.monotonic() - since > STALL_MS) {
        socket.terminate();
        return end();
      }
      await new Promise<void>((resolve) => void clock.after(LOOK_MS, resolve));
    }
    // A dead socket has nothing unsent and would look drained until its close event comes.
    if (!socket.open) end();
  };

  return {
    async next() {
      await drained();
      if (ended) return { done: true, value: undefined };
      try {
        const result = await inner.next();
        if (result.done) end();
        return ended ? { done: true, value: undefined } : result;
      } catch (error) {
        end();
        throw error;
      }
    },
    async return() {
      end();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
