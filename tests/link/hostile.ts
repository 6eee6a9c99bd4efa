/** Other ends that do not keep to anything: hand-built HTTP/2 frames under a real WebSocket and real TLS. */
import { connect as connectHttp2, performServerHandshake, type ClientHttp2Session, type ServerHttp2Stream } from "node:http2";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from "node:tls";
import { createWebSocketStream, WebSocket, WebSocketServer } from "ws";
import { pinOf, type LinkIdentity } from "@/protocol/wire/identity";
import { helloOf, type TestHub } from "./pair";

export const FRAME = { data: 0, headers: 1, settings: 4, pushPromise: 5, ping: 6, goaway: 7, windowUpdate: 8, continuation: 9, altsvc: 10, origin: 12 } as const;

/** One HTTP/2 frame. */
export function frame(type: number, flags: number, streamId: number, payload: Uint8Array | string = ""): Buffer {
  const body = Buffer.from(payload as string);
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, body]);
}

/** A literal header field without indexing. */
export function field(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value)]);
}

const STATUS_200 = Buffer.from([0x88]);
/** A whole JSON answer, 200. */
export function answer(streamId: number, body: string): Buffer {
  return Buffer.concat([frame(FRAME.headers, 4, streamId, STATUS_200), frame(FRAME.data, 1, streamId, body)]);
}

/** Opens the WebSocket to a hub as an agent does. The duplex is made in the same turn: the hub speaks first. */
export function dialHub(hub: Pick<TestHub, "url">): Promise<{ ws: WebSocket; duplex: Duplex }> {
  const ws = new WebSocket(`${hub.url.replace("http", "ws")}/agent`, { perMessageDeflate: false });
  ws.on("error", () => undefined);
  return new Promise((resolve, reject) => {
    ws.once("open", () => {
      const duplex = createWebSocketStream(ws);
      duplex.on("error", () => undefined);
      resolve({ ws, duplex });
    });
    ws.once("close", () => reject(new Error("closed")));
  });
}

/** The TLS socket of an agent's end, once the handshake is done. */
export function secureAgent(duplex: Duplex, identity: LinkIdentity): Promise<TLSSocket> {
  const server = createTlsServer({ key: identity.keyPem, cert: identity.certificatePem, requestCert: true, rejectUnauthorized: false, ALPNProtocols: ["h2"] });
  return new Promise((resolve, reject) => {
    server.on("secureConnection", (socket) => {
      socket.on("error", () => undefined);
      resolve(socket);
    });
    server.on("tlsClientError", reject);
    duplex.on("close", () => reject(new Error("closed in the handshake")));
    server.emit("connection", duplex);
  });
}

export interface RawAgent {
  ws: WebSocket;
  tls: TLSSocket;
  /** Whether the hub has ended the tunnel. */
  ended(): boolean;
}

/** An agent that is accepted like any other; `onCall` answers what comes after that, with bytes of its own. */
export async function rawAgent(hub: TestHub, identity: LinkIdentity, onCall: (streamId: number, agent: RawAgent) => void): Promise<RawAgent> {
  const { ws, duplex } = await dialHub(hub);
  const tls = await secureAgent(duplex, identity);
  let ended = false;
  ws.on("close", () => (ended = true));
  const agent: RawAgent = { ws, tls, ended: () => ended };
  let buffer = Buffer.alloc(0);
  let preface = 24;
  let answered = 0;
  tls.write(frame(FRAME.settings, 0, 0));
  tls.on("data", (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk]);
    const skip = Math.min(preface, buffer.length);
    preface -= skip;
    buffer = buffer.subarray(skip);
    while (buffer.length >= 9 && buffer.length >= 9 + buffer.readUIntBE(0, 3)) {
      const [length, type, flags, streamId] = [buffer.readUIntBE(0, 3), buffer[3], buffer[4] as number, buffer.readUInt32BE(5)];
      buffer = buffer.subarray(9 + length);
      if (type === FRAME.settings && !(flags & 1)) tls.write(frame(FRAME.settings, 1, 0));
      if (type !== FRAME.data || !(flags & 1)) continue; // answers once the request's body is whole
      answered += 1;
      if (answered === 1) tls.write(answer(streamId, JSON.stringify(helloOf())));
      else if (answered === 2) tls.write(answer(streamId, "{}"));
      else onCall(streamId, agent);
    }
  });
  return agent;
}

/** An agent that speaks HTTP/2 well and answers as it likes; `null` leaves a verb unanswered. */
export async function oddAgent(hub: TestHub, identity: LinkIdentity, answers: (verb: string, stream: ServerHttp2Stream) => string | null): Promise<WebSocket> {
  const { ws, duplex } = await dialHub(hub);
  const session = performServerHandshake(await secureAgent(duplex, identity));
  session.on("error", () => undefined);
  session.on("stream", (stream, headers) => {
    stream.on("error", () => undefined);
    const verb = headers[":path"]?.slice(1) ?? "";
    const body = answers(verb, stream);
    if (body === null) return;
    stream.respond({ ":status": 200 });
    stream.end(body);
  });
  return ws;
}

/** The answers of an agent that keeps to the rules. */
export function goodAnswer(verb: string): string | null {
  if (verb === "session.open") return JSON.stringify(helloOf());
  return verb.startsWith("session.") ? "{}" : null;
}

export interface RawHub {
  url: string;
  pin: string;
  connections(): number;
  close(): Promise<void>;
}

/** A hub that does to each agent what `onTunnel` says. With `http2` set, TLS and HTTP/2 are well-made up to there. */
export async function rawHub(identity: LinkIdentity, onTunnel: (tls: TLSSocket, ws: WebSocket) => void): Promise<RawHub> {
  const server = createHttpServer();
  const webSockets = new WebSocketServer({ server, perMessageDeflate: false });
  let connections = 0;
  webSockets.on("connection", (ws) => {
    connections += 1;
    ws.on("error", () => undefined);
    const duplex = createWebSocketStream(ws);
    duplex.on("error", () => undefined);
    const tls = connectTls({ socket: duplex, servername: "agent", key: identity.keyPem, cert: identity.certificatePem, rejectUnauthorized: false, ALPNProtocols: ["h2"], checkServerIdentity: () => undefined });
    tls.on("error", () => undefined);
    tls.once("secureConnect", () => onTunnel(tls, ws));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pin: pinOf(identity.certificatePem),
    connections: () => connections,
    async close() {
      for (const ws of webSockets.clients) ws.terminate();
      webSockets.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A well-made HTTP/2 client on a raw hub's TLS socket. */
export function clientOn(tls: TLSSocket): ClientHttp2Session {
  const session = connectHttp2("https://agent", { createConnection: () => tls });
  session.on("error", () => undefined);
  return session;
}

/** One request with a body of any kind; the status and the parsed body, or null when it was cut off. */
export function ask(session: ClientHttp2Session, headers: Record<string, string>, body: string | Buffer): Promise<{ status: number; body: unknown } | null> {
  return new Promise((resolve) => {
    const stream = session.request({ ":method": "POST", ...headers });
    let status = 0;
    let text = "";
    stream.on("response", (answer) => (status = Number(answer[":status"])));
    stream.on("error", () => undefined);
    stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    stream.on("close", () => resolve(status ? { status, body: text ? (JSON.parse(text) as unknown) : null } : null));
    if (headers[":method"] !== "GET") stream.end(body); // Node ends a GET by itself
  });
}
