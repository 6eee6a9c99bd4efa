/**
 * A budget below HTTP/2, because Node does not bound what never becomes data: padding, window updates,
 * settings, pings, informational answers, data of streams that nobody waits for. All that is received is
 * counted against what a reader got.
 */
import { LIMITS } from "@/protocol/limits";
import type { Clock } from "./clock";

const WINDOW_MS = 10_000;
/** TLS record, HTTP/2 frame and WebSocket frame around the smallest message. */
const FRAMING_BYTES = 64;

export interface FloodGate {
  /** Bytes read from the socket. */
  received(bytes: number): void;
  /** One whole WebSocket message was read. */
  message(): void;
  /** Bytes of a body that reached a reader, or that were on their way when we cancelled it ourselves. */
  delivered(bytes: number): void;
  /** A ping or a settings frame of the other end. */
  control(): void;
}

/** Counts one tunnel in windows of ten seconds; `onFlood` is called each time a bound is passed. */
export function createFloodGate(clock: Clock, onFlood: (why: string) => void): FloodGate {
  let since = clock.monotonic();
  let unused = 0;
  let messages = 0;
  let controls = 0;
  const roll = () => {
    if (clock.monotonic() - since < WINDOW_MS) return;
    since = clock.monotonic();
    unused = 0;
    messages = 0;
    controls = 0;
  };
  return {
    received(bytes) {
      unused += bytes;
      if (unused <= LIMITS.unusedBytes) return;
      roll();
      if (unused > LIMITS.unusedBytes) onFlood("it sends bytes that belong to no answer");
    },
    message() {
      roll();
      unused -= FRAMING_BYTES;
      if (++messages > (LIMITS.messagesPerSecond * WINDOW_MS) / 1_000) onFlood("it sends too many messages");
    },
    delivered(bytes) {
      unused -= bytes;
    },
    control() {
      roll();
      if (++controls > LIMITS.controlFrames) onFlood("it sends too many control frames");
    },
  };
}
