/**
 * The one rule about where a page that changes something, or opens a WebSocket, may come from. It compares
 * whole origins and nothing less: another port or another name of the same machine is another site.
 */
import type { IncomingMessage } from "node:http";
import { isFromThisMachine } from "./caller";

export interface OriginRule {
  /** The request's Origin where it is allowed; null where it is missing or any other. */
  check(request: IncomingMessage): string | null;
}

export interface OriginDeps {
  /** The chosen public origin; null while nobody chose one. */
  publicUrl(): string | null;
  /** The port that this hub listens on. */
  port(): number;
}

export function createOriginRule({ publicUrl, port }: OriginDeps): OriginRule {
  const allowed = (origin: string, request: IncomingMessage): boolean => {
    const chosen = publicUrl();
    if (origin === chosen) return true;
    if (isFromThisMachine(request) && ["localhost", "127.0.0.1", "[::1]"].some((name) => origin === `http://${name}:${port()}`)) return true;
    // Before set-up has settled the address, the page must at least come from where it calls.
    const { host } = request.headers;
    return chosen === null && host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
  };
  return {
    check(request) {
      const { origin } = request.headers;
      return typeof origin === "string" && allowed(origin, request) ? origin : null;
    },
  };
}
