/** What every procedure knows about its caller. Made by server/http, once a request or once a WebSocket. */
import type { Session } from "@/server/domains/accounts/schema";
import type { Clock } from "@/server/lib/clock";
import type { Logger } from "@/server/lib/logger";

/** The part of a WebSocket that pacing needs. */
export interface PacedSocket {
  /** False from the moment that either side began to close it. */
  readonly open: boolean;
  /** Bytes that were sent and that the network has not yet taken. */
  readonly bufferedAmount: number;
  terminate(): void;
}

export interface Context {
  /** null: nobody is signed in. Over a WebSocket it is never null. */
  session: Session | null;
  /** The caller's address, for rate limits and for display. */
  address: string;
  userAgent: string;
  /** The origin that the browser says the page came from; null when it says none. */
  origin: string | null;
  log: Logger;
  clock: Clock;
  /** Set over a WebSocket only. `streams` counts its open subscriptions. */
  socket: (PacedSocket & { streams: number }) | null;
}
