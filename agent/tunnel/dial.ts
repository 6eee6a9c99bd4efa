/** One attempt to reach the hub: WebSocket out, TLS as the server inside it, the pin, HTTP/2 as the server inside that. */
import { createHash } from "node:crypto";
import { performServerHandshake, type ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { createServer, type SecureContext } from "node:tls";
import { WebSocket } from "ws";
import type { Clock } from "@/agent/clock";
import { TIMES } from "@/protocol/limits";
import { createCarrier, HTTP2_BOUNDS, TLS_BOUNDS, WEBSOCKET_BOUNDS, type Carrier } from "@/protocol/wire/carrier";
import { trustedAuthorities } from "./authorities";

export interface DialOptions {
  /** Where the agents' door is, `ws:` or `wss:`. */
  url: URL;
  /** The only certificate that the hub may show. */
  pin: string;
  secureContext: SecureContext;
  clock: Clock;
  /** The WebSocket stands. */
  onOpen(): void;
  /** The hub proved to be the pinned one, and requests can come. */
  onSession(session: ServerHttp2Session, carrier: Carrier): void;
  /** Once, whatever happened. */
  onEnd(why: string): void;
}

export interface Dialling {
  end(why: string): void;
}

/** The agents' door of a hub: `http(s)://hub/base` becomes `ws(s)://hub/base/agent`. Throws for any other kind of URL. */
export function doorOf(hub: string): URL {
  const url = new URL(hub);
  if (!["http:", "https:", "ws:", "wss:"].includes(url.protocol)) throw new TypeError(`${hub} is not an http or https address`);
  url.protocol = url.protocol.replace("http", "ws");
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/agent`;
  url.search = "";
  url.hash = "";
  return url;
}

/**
 * Masks with zeros, which ws leaves out. A mask is there so that a page's script cannot choose the bytes that a
 * proxy sees; here all bytes are TLS's, which nobody chooses, and masking them would copy each once more.
 */
function noMask(mask: Buffer): void {
  mask.fill(0);
}

/** Dials once. `onEnd` is called even when the attempt never got anywhere. */
export function dial({ url, pin, secureContext, clock, onOpen, onSession, onEnd }: DialOptions): Dialling {
  let carrier: Carrier | null = null;
  let socket: Socket | null = null;
  let over = false;
  const ws = new WebSocket(url, { ...WEBSOCKET_BOUNDS, generateMask: noMask, ...(url.protocol === "wss:" ? { ca: trustedAuthorities() } : {}) });
  const end = (why: string) => {
    if (carrier) return carrier.guard.end(why);
    if (over) return;
    over = true;
    cancelDeadline();
    ws.terminate();
    onEnd(why);
  };
  // ws has a timeout of its own, but that one starts anew with each byte.
  const cancelDeadline = clock.after(TIMES.handshakeMs, () => end("the hub did not answer in time"));
  ws.on("error", (error) => end(error.message));
  ws.on("unexpected-response", (request, response) => {
    response.resume();
    end(whatStatusMeans(response.statusCode ?? 0, url));
    request.destroy();
  });
  ws.on("upgrade", (response) => (socket = response.socket));
  ws.on("open", () => {
    cancelDeadline();
    if (over || !socket) return ws.terminate();
    carrier = createCarrier(ws, socket, clock);
    const { guard } = carrier;
    guard.onEnd((ended) => onEnd(ended.message));
    onOpen();
    const cancelHandshake = clock.after(TIMES.handshakeMs, () => guard.end("the hub did not finish the TLS handshake in time"));
    guard.onEnd(cancelHandshake);
    secure(carrier, {
      pin,
      secureContext,
      onSession(...made) {
        cancelHandshake();
        onSession(...made);
      },
    });
  });
  return { end };
}

function secure(carrier: Carrier, { pin, secureContext, onSession }: Pick<DialOptions, "pin" | "secureContext" | "onSession">): void {
  const { guard } = carrier;
  // A server that listens on nothing: only it can make a TLS socket that HTTP/2 takes. It holds no handle.
  // The key is given by SNICallback: a server made with it would parse it at each dial, for 1 ms.
  const server = createServer({ SNICallback: (_name, done) => done(null, secureContext), requestCert: true, handshakeTimeout: TIMES.handshakeMs, ...TLS_BOUNDS });
  server.on("tlsClientError", (error) => guard.end(`TLS: ${error.message}`));
  server.on("secureConnection", (socket) => {
    guard.own(socket, "TLS");
    const certificate = socket.getPeerX509Certificate();
    const shown = certificate ? createHash("sha256").update(certificate.raw).digest("base64url") : "none";
    if (shown !== pin) return guard.end(`this is not the hub that this agent was enrolled with (its pin is ${shown}, expected ${pin})`);
    if (socket.alpnProtocol !== "h2") return guard.end("TLS: the hub does not speak HTTP/2");
    onSession(carrier.carry(performServerHandshake(socket, HTTP2_BOUNDS)), carrier);
  });
  server.emit("connection", guard.duplex);
}

function whatStatusMeans(status: number, url: URL): string {
  if (status === 429 || status === 503) return `the hub has too much to do now (HTTP ${status})`;
  if (status >= 300 && status < 400) return `${url.host} sends elsewhere (HTTP ${status}): use the address it redirects to`;
  return `no hub answers at ${url.href} (HTTP ${status}): check the address, and that a proxy before it passes WebSockets`;
}
