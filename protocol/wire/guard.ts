/**
 * The guard of one tunnel. WebSocket, duplex, TLS socket and HTTP/2 session do not tell each other that
 * they died: an abrupt close of the WebSocket looks like a clean end to the layers above, and calls then
 * hang for ever. So one place owns them all, and the end of any one ends all, at once, with an error.
 */
import type { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";
import { createWebSocketStream, type WebSocket } from "ws";

/** The tunnel is over. `message` says why, for a log or a person. */
export class TunnelEnded extends Error {
  override readonly name = "TunnelEnded";
}

/** A TLS socket or an HTTP/2 session. */
export interface Layer extends EventEmitter {
  readonly destroyed: boolean;
  destroy(error?: Error): unknown;
}

export interface Guard {
  /** The bytes of the WebSocket as a stream: the lowest layer that TLS stands on. */
  readonly duplex: Duplex;
  /** Why the tunnel ended; null while it lives. */
  readonly ended: TunnelEnded | null;
  /** Takes a layer into the guard; a layer that comes too late is destroyed at once. */
  own<L extends Layer>(layer: L, name: string): L;
  /** Ends everything. Later calls change nothing: the first reason stays. */
  end(why: string): void;
  /** Called once, in the same turn as the end; at once when it already ended. */
  onEnd(listener: (ended: TunnelEnded) => void): void;
}

/** Guards an open WebSocket. */
export function createGuard(ws: WebSocket): Guard {
  // TLS writes several records at once: as one message they cost both ends one message's work.
  const duplex = createWebSocketStream(ws, {
    writev(chunks, callback) {
      ws.send(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)), callback);
    },
  });
  const layers: Layer[] = [];
  const listeners: ((ended: TunnelEnded) => void)[] = [];
  let ended: TunnelEnded | null = null;

  const end = (why: string) => {
    if (ended) return;
    ended = new TunnelEnded(why);
    try {
      // The waiting callers first, so that each gets its own error and not what a dying layer makes of it.
      for (const listener of listeners.splice(0)) listener(ended);
    } finally {
      // From the top down: a layer that finds the one below it gone would try to end cleanly, and wait.
      for (const layer of layers.splice(0).reverse()) if (!layer.destroyed) layer.destroy(ended);
      if (!duplex.destroyed) duplex.destroy(ended);
      ws.terminate();
    }
  };
  // These listeners stay: a layer can still report an error after it was destroyed, and nobody may die of that.
  ws.on("error", (error) => end(error.message));
  ws.on("close", (code) => end(`the connection closed (${code})`));
  duplex.on("error", (error) => end(error.message));
  duplex.on("close", () => end("the connection closed"));

  return {
    duplex,
    get ended() {
      return ended;
    },
    own(layer, name) {
      layer.on("error", (error: Error) => end(`${name}: ${error.message}`));
      layer.on("close", () => end(`${name} closed`));
      if (ended) layer.destroy(ended);
      else layers.push(layer);
      return layer;
    },
    end,
    onEnd(listener) {
      if (ended) listener(ended);
      else listeners.push(listener);
    },
  };
}
