/** The hub's end of one tunnel: TLS as a client through the WebSocket that the agent dialled, HTTP/2 as a client in it. */
import type { X509Certificate } from "node:crypto";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import type { Duplex } from "node:stream";
import { connect as connectTls, type SecureContext } from "node:tls";
import type { WebSocket } from "ws";
import { AGENT_SERVER_NAME, createCarrier, HTTP2_BOUNDS, TLS_BOUNDS, type Carrier } from "@/protocol/wire/carrier";
import type { Clock } from "@/server/lib/clock";

export interface Tunnel {
  carrier: Carrier;
  session: ClientHttp2Session;
  /** The agent proved to hold its key. */
  certificate: X509Certificate;
}

/**
 * Makes the carrier at once and the rest as the agent answers; `whenOpen` is called once both TLS and
 * HTTP/2 stand, and never when the tunnel ends before. Who the agent is, is for the caller to judge.
 */
export function openTunnel(ws: WebSocket, socket: Duplex, secureContext: SecureContext, clock: Clock, whenOpen: (tunnel: Tunnel) => void): Carrier {
  const carrier = createCarrier(ws, socket, clock);
  const { guard } = carrier;
  // Whoever it is, is told by the pin; there is no name to check.
  const secure = guard.own(connectTls({ socket: guard.duplex, secureContext, servername: AGENT_SERVER_NAME, ...TLS_BOUNDS, checkServerIdentity: () => undefined }), "TLS");
  secure.once("secureConnect", () => {
    const certificate = secure.getPeerX509Certificate();
    if (!certificate) return guard.end("TLS: the agent showed no certificate");
    if (secure.alpnProtocol !== "h2") return guard.end("TLS: the agent does not speak HTTP/2");
    const session = carrier.carry(connectHttp2("https://agent", { ...HTTP2_BOUNDS, createConnection: () => secure }));
    session.once("remoteSettings", () => whenOpen({ carrier, session, certificate }));
  });
  return carrier;
}
