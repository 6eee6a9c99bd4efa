/**
 * A process that is nothing but the hub's gateway, or a bare WebSocket server to compare it with. Told over
 * IPC what to do; each request has one answer.
 */
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { WebSocketServer } from "ws";
import { WEBSOCKET_BOUNDS } from "@/protocol/wire/carrier";
import { systemClock } from "@/protocol/wire/clock";
import type { LinkIdentity } from "@/protocol/wire/identity";
import { createGateway } from "@/server/gateway/create-gateway";
import type { HostLink } from "@/server/gateway/gateway";
import { silentLogger } from "@/server/lib/logger";
import { busyMs, countResources, residentBytes } from "./measure";

export type HubRequest =
  | { do: "listen"; kind: "link" | "bare"; port: number; identity: LinkIdentity }
  /** `memory`: also collects all garbage and says what is resident; that takes long, so not while waiting for something. */
  | { do: "look"; memory: boolean }
  /** Opens so many streams on each link, leaves them open, and reads them. */
  | { do: "engage"; streams: number }
  /** Resets every connection. */
  | { do: "cut" };
export interface HubLook {
  tunnels: number;
  handshakes: number;
  openStreams: number;
  sockets: number;
  /** Upgrade requests since it listens: more than there are agents when some had to come twice. */
  dials: number;
  /** Processor time of this process, milliseconds. */
  busyMs: number;
  /** Callers whose stream neither ended nor failed. */
  callersWaiting: number;
  /** 0 when not asked for. */
  residentBytes: number;
  resources: number;
}

const sockets = new Set<Socket>();
const links = new Map<string, HostLink>();
let bare = 0;
let stats = () => ({ tunnels: bare, handshakes: 0, openStreams: 0 });
let callersWaiting = 0;
let dials = 0;

async function listen({ kind, port, identity }: Extract<HubRequest, { do: "listen" }>): Promise<number> {
  const server = createServer();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  if (kind === "bare") {
    const webSockets = new WebSocketServer({ noServer: true, clientTracking: false, ...WEBSOCKET_BOUNDS });
    server.on("upgrade", (request, socket, head) => webSockets.handleUpgrade(request, socket, head, (ws) => ((bare += 1), ws.on("error", () => ws.terminate()))));
  } else {
    const authenticate = async (peer: { fingerprint: string }) => ({ accepted: true as const, hostId: peer.fingerprint, hostName: "bench" });
    const gateway = createGateway({ identity, hubVersion: "bench", authenticate, clock: systemClock, logger: silentLogger });
    gateway.onChange((change) => (change.state === "up" ? links.set(change.hostId, change.link) : links.delete(change.hostId)));
    stats = gateway.stats;
    server.on("upgrade", (request, socket, head) => {
      // A fleet comes from many addresses; from one, the door would pace the rounds of this bench.
      dials += 1;
      Object.defineProperty(request.socket, "remoteAddress", { value: `10.0.${dials % 100}.1` });
      gateway.handleUpgrade(request, socket, head);
    });
  }
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function engage(streams: number): Promise<void> {
  const all = [...links.values()].flatMap((link) => Array.from({ length: streams }, () => link.stream("telemetry.stream", { after: null })));
  for (const stream of await Promise.all(all)) {
    callersWaiting += 1;
    let waits = true;
    const settle = () => {
      if (waits) callersWaiting -= 1;
      waits = false;
    };
    stream.on("error", settle).on("end", settle).resume();
  }
}

async function obey(request: HubRequest): Promise<unknown> {
  if (request.do === "listen") return listen(request);
  if (request.do === "engage") return engage(request.streams);
  if (request.do === "cut") for (const socket of sockets) socket.resetAndDestroy();
  const { tunnels, handshakes, openStreams } = stats();
  return { tunnels, handshakes, openStreams, sockets: sockets.size, dials, busyMs: busyMs(), callersWaiting, residentBytes: request.do === "look" && request.memory ? residentBytes() : 0, resources: countResources() } satisfies HubLook;
}

process.on("message", (request: HubRequest) => {
  void obey(request).then((answer) => process.send?.(answer ?? null));
});
process.on("disconnect", () => process.exit());
