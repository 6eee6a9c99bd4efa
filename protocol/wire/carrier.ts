/**
 * What carries a tunnel on either side: an open WebSocket under its guard, its flood gate and its silence
 * watch, and the bounds of the TLS socket and the HTTP/2 session that stand on it.
 */
import type { Http2Session } from "node:http2";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { LIMITS, TIMES } from "@/protocol/limits";
import type { Clock } from "./clock";
import { createFloodGate, type FloodGate } from "./flood";
import { createGuard, type Guard } from "./guard";
import { watchSilence } from "./silence";

/** For both the WebSocket server and the client: no compression to bomb with, small messages, no fragments. */
export const WEBSOCKET_BOUNDS = { perMessageDeflate: false, maxPayload: LIMITS.messageBytes, maxFragments: LIMITS.messageFragments } as const;

/** For both TLS ends: each shows a certificate, and its pin is checked by hand, never a chain. */
export const TLS_BOUNDS = { minVersion: "TLSv1.3", ALPNProtocols: ["h2"], rejectUnauthorized: false } as const;

/** The name that the hub asks for in TLS. An agent has one certificate; a name must be there for Node to hand it over. */
export const AGENT_SERVER_NAME = "agent";

/** For both HTTP/2 ends. */
export const HTTP2_BOUNDS = {
  maxSessionMemory: LIMITS.sessionMemoryMegabytes,
  maxHeaderListPairs: LIMITS.headerPairs,
  maxSettings: LIMITS.settingsEntries,
  maxOutstandingPings: LIMITS.outstandingPings,
  maxSendHeaderBlockLength: LIMITS.headerBytes,
  maxReservedRemoteStreams: 0,
  maxSessionInvalidFrames: 1,
  maxSessionRejectedStreams: 1,
  settings: {
    enablePush: false,
    initialWindowSize: LIMITS.streamWindowBytes,
    maxConcurrentStreams: LIMITS.concurrentStreams,
    maxHeaderListSize: LIMITS.headerBytes,
  },
};

/** Two looks this far apart must find a session deaf before it is taken for dead. */
const DEAF_MS = 200;

export interface Carrier {
  readonly guard: Guard;
  readonly flood: FloodGate;
  /** When the last byte was read, by the wall clock. */
  lastByteAt(): number;
  /** Takes the session into the guard; heartbeats then go through it too. */
  carry<S extends Http2Session>(session: S): S;
  /** Whether the other end answers an HTTP/2 ping within `ms`. */
  proveAlive(ms: number): Promise<boolean>;
}

/** Takes an open WebSocket and the socket it stands on; `socket` is only listened to. */
export function createCarrier(ws: WebSocket, socket: Duplex, clock: Clock): Carrier {
  const guard = createGuard(ws);
  const flood = createFloodGate(clock, guard.end);
  let session: Http2Session | null = null;
  const ping = (answered: () => void) => {
    if (session && !session.destroyed && !session.closed) session.ping((error) => void (error || answered()));
  };
  const watch = watchSilence({
    clock,
    heartbeatMs: TIMES.heartbeatMs,
    silenceMs: TIMES.silenceMs,
    onSilent: guard.end,
    beat(answered) {
      if (ws.readyState === ws.OPEN) ws.ping(); // for the proxies on the way
      if (session) ping(answered);
      else answered(); // still in the handshake, which has its own deadline
    },
  });
  guard.onEnd(watch.stop);
  // The raw socket, not the messages: a large message on a slow line is heard while it comes.
  socket.on("data", (chunk: Buffer) => {
    watch.heard();
    flood.received(chunk.length);
  });
  ws.on("message", (_data, isBinary) => (isBinary ? flood.message() : guard.end("it sent text where bytes belong")));
  return {
    guard,
    flood,
    lastByteAt: watch.lastByteAt,
    carry(opened) {
      session = guard.own(opened, "HTTP/2");
      session.on("goaway", (code) => guard.end(`HTTP/2: the other end said goodbye (${code})`));
      session.on("frameError", (type, code) => guard.end(`HTTP/2: frame ${type} failed (${code})`));
      session.on("ping", flood.control);
      session.on("remoteSettings", flood.control);
      endWhenDeaf(guard, clock);
      const widen = () => opened.setLocalWindowSize(LIMITS.sessionWindowBytes);
      if (opened.connecting) opened.once("connect", widen);
      else widen();
      return opened;
    },
    proveAlive: (ms) =>
      new Promise((resolve) => {
        const cancel = clock.after(ms, () => resolve(false));
        ping(() => {
          cancel();
          resolve(true);
        });
      }),
  };
}

/**
 * After a protocol error Node's session neither closes nor fails: it sends a goodbye, stops reading for
 * good, and its calls hang. What can be seen of that is a duplex that stays paused with nothing to write;
 * an honest session pauses it only while a write is under way.
 */
function endWhenDeaf({ duplex, end }: Guard, clock: Clock): void {
  let resumed = 0;
  let looking = false;
  const deaf = () => duplex.isPaused() && duplex.writableLength === 0;
  duplex.on("resume", () => (resumed += 1));
  duplex.on("pause", () => {
    if (looking) return;
    looking = true;
    clock.after(DEAF_MS, () => {
      const before = resumed;
      looking = false;
      if (!deaf() || duplex.destroyed) return;
      looking = true;
      clock.after(DEAF_MS, () => {
        looking = false;
        if (deaf() && resumed === before) end("HTTP/2: the other end broke the protocol");
      });
    });
  });
}
