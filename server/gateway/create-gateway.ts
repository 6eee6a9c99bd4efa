/**
 * The gateway: takes the agents' upgrade requests, proves and admits them, and keeps the one live tunnel
 * of each host. It knows no domain: who an agent is, is answered by `authenticate`.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { createSecureContext } from "node:tls";
import { WebSocketServer } from "ws";
import { TIMES } from "@/protocol/limits";
import type { Hello } from "@/protocol/shapes";
import { negotiate, PROTOCOL_RANGE } from "@/protocol/version";
import { WEBSOCKET_BOUNDS, type Carrier } from "@/protocol/wire/carrier";
import type { LinkIdentity } from "@/protocol/wire/identity";
import type { Clock } from "@/server/lib/clock";
import { describeError } from "@/server/lib/errors";
import type { Logger } from "@/server/lib/logger";
import { createAdmission, createLine } from "./admission";
import type { Admission, Gateway, HostLink, LinkChange, Peer } from "./gateway";
import { createRequests, type Requests } from "./requests";
import { openTunnel, type Tunnel } from "./tunnel";
import { createUnreadBudget } from "./unread-budget";

export interface GatewayDependencies {
  identity: LinkIdentity;
  /** Told to the agents, for their logs. */
  hubVersion: string;
  /** Who stands at the other end. A throw is a bug: the agent is told that the hub is busy and dials again. */
  authenticate(peer: Peer): Promise<Admission>;
  clock: Clock;
  logger: Logger;
}

/** An accepted tunnel, or one whose TLS handshake is done. */
interface Standing {
  carrier: Carrier;
  requests: Requests;
  fingerprint: string;
  /** Hosts that were disconnected while this one was still being admitted. */
  disconnected: Set<string>;
}
interface Live extends Standing {
  link: HostLink;
}
type Refusal = Extract<Admission, { accepted: false }>;

/** Makes the gateway. It listens on nothing: the upgrade router hands it the requests for /agent. */
export function createGateway({ identity, hubVersion, authenticate, clock, logger }: GatewayDependencies): Gateway {
  const secureContext = createSecureContext({ key: identity.keyPem, cert: identity.certificatePem, minVersion: "TLSv1.3" });
  const webSockets = new WebSocketServer({ noServer: true, clientTracking: false, ...WEBSOCKET_BOUNDS });
  const admission = createAdmission(clock);
  const line = createLine(clock);
  const carriers = new Set<Carrier>();
  const entering = new Set<Standing>();
  const live = new Map<string, Live>();
  /** Hosts whose newcomer is being weighed against the live tunnel. */
  const contested = new Set<string>();
  const known = new Map<string, { lastByteAt: number; fingerprint: string }>();
  const listeners = new Set<(change: LinkChange) => void>();
  const unread = createUnreadBudget(() => [...live.values(), ...entering].flatMap((one) => one.requests.unread()), logger);
  let refused = 0;
  let closed = false;

  const tell = (change: LinkChange, to: Iterable<(change: LinkChange) => void> = listeners) => {
    for (const listener of [...to]) {
      try {
        listener(change);
      } catch (error) {
        logger.error({ err: error }, "a listener of the gateway failed");
      }
    }
  };

  /** session.open, judgement, session.accept. Returns why the tunnel has to end, or null when it is live. */
  const admit = async ({ carrier, certificate }: Tunnel, standing: Standing, address: string): Promise<Refusal | null> => {
    const { requests, fingerprint } = standing;
    let hello: Hello;
    try {
      hello = await requests.call("session.open", { hubVersion, protocol: PROTOCOL_RANGE });
    } catch (error) {
      return no("version", `This hub cannot read how the agent introduced itself: update the older of the two. ${describeError(error)}`);
    }
    const protocol = negotiate(PROTOCOL_RANGE, hello.protocol);
    if (protocol === null) return no("version", versionSentence(hello.protocol));
    if (Date.parse(certificate.validTo) < clock.now()) return no("revoked", "The agent's certificate has expired. Remove its state directory and enrol it again.");
    const verdict = await authenticate({ fingerprint, certificatePem: certificate.toString(), address, hello });
    if (!verdict.accepted) return verdict;
    const { hostId, hostName } = verdict;
    if (!(await makeRoom(hostId))) {
      return no("duplicate", "Another agent with the same key is connected. Two machines may not share a state directory: remove it on one of them and enrol that one again.");
    }
    try {
      await requests.call("session.accept", { protocol, hostId, hostName });
      if (standing.disconnected.has(hostId)) return no("revoked", "This host was disconnected from the hub just now.");
      if (!carrier.guard.ended) goLive(standing, { hostId, hello, protocol, address });
      return null;
    } finally {
      contested.delete(hostId);
    }
  };

  /** Whether a newcomer may become the live tunnel of a host; if so, the host is contested until it has. */
  const makeRoom = async (hostId: string): Promise<boolean> => {
    if (contested.has(hostId)) return false;
    contested.add(hostId);
    const old = live.get(hostId);
    // After a half-open loss the agent is back before our silence is long enough, so the old tunnel has to prove itself.
    if (old && (await old.carrier.proveAlive(TIMES.proofMs))) {
      contested.delete(hostId);
      return false;
    }
    old?.carrier.guard.end("a newer tunnel of the same host took its place");
    return true;
  };

  const goLive = (standing: Standing, { hostId, hello, protocol, address }: Pick<HostLink, "hostId" | "hello" | "protocol" | "address">) => {
    const { carrier, requests, fingerprint } = standing;
    const link: HostLink = {
      hostId,
      hello,
      protocol,
      address,
      call: (verb, input, options) => requests.call(verb, input, options),
      change: (verb, input, header, options) => requests.call(verb, input, options, header),
      stream: (verb, input, options) => requests.stream(verb, input, options),
      close: (why) => carrier.guard.end(why),
    };
    const entry: Live = { ...standing, link };
    live.set(hostId, entry);
    carrier.guard.onEnd((ended) => {
      if (live.get(hostId) === entry) live.delete(hostId);
      known.set(hostId, { lastByteAt: carrier.lastByteAt(), fingerprint });
      logger.info({ hostId, why: ended.message }, "host left");
      tell({ state: "down", hostId, why: ended.message, lastByteAt: carrier.lastByteAt() });
    });
    known.set(hostId, { lastByteAt: carrier.lastByteAt(), fingerprint });
    logger.info({ hostId, address, agent: hello.agentVersion }, "host arrived");
    tell({ state: "up", hostId, link });
  };

  /** From a standing tunnel to a live one, or to its end with a reason. */
  const enter = async (tunnel: Tunnel, address: string) => {
    const { carrier, session, certificate } = tunnel;
    const standing: Standing = { carrier, requests: createRequests(session, carrier, clock), fingerprint: certificate.fingerprint256, disconnected: new Set() };
    entering.add(standing);
    try {
      const refusal = await admit(tunnel, standing, address).catch((error: unknown): Refusal => {
        if (!carrier.guard.ended) logger.warn({ err: error, address }, "a handshake failed");
        return no("busy", "The hub could not finish the handshake. It is tried again.");
      });
      if (!refusal) return;
      refused += 1;
      logger.info({ address, code: refusal.code }, "agent refused");
      if (!carrier.guard.ended) await standing.requests.call("session.refuse", { code: refusal.code, message: refusal.message }).catch(() => undefined); // it is ended either way
      carrier.guard.end(`refused: ${refusal.code}`);
    } finally {
      entering.delete(standing);
    }
  };

  const handleUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    const address = request.socket.remoteAddress ?? "unknown";
    const leave = closed ? null : admission.enter(address);
    if (!leave) {
      refused += 1;
      return void socket.end("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n", () => socket.destroy());
    }
    let finish: (() => void) | null = null;
    const over = () => {
      leave();
      finish?.();
    };
    finish = line.join(() => open(request, socket, head, address, over));
    socket.once("close", over); // also for an upgrade that the WebSocket server turns down by itself
  };

  /** The agent's turn: from the WebSocket to a tunnel that is live or ended; then calls `over`. */
  const open = (request: IncomingMessage, socket: Duplex, head: Buffer, address: string, over: () => void) => {
    if (closed) return void socket.destroy();
    webSockets.handleUpgrade(request, socket, head, (ws) => {
      const carrier = openTunnel(ws, socket, secureContext, clock, (tunnel) => {
        void enter(tunnel, address).finally(() => {
          cancelDeadline();
          over();
        });
      });
      const cancelDeadline = clock.after(TIMES.handshakeMs, () => carrier.guard.end("the handshake took too long"));
      socket.on("data", (chunk: Buffer) => unread.received(chunk.length));
      carriers.add(carrier);
      carrier.guard.onEnd((ended) => {
        cancelDeadline();
        over();
        carriers.delete(carrier);
        logger.debug({ address, why: ended.message }, "tunnel ended");
      });
    });
  };

  return {
    link: (hostId) => live.get(hostId)?.link,
    heardAt: (hostId) => live.get(hostId)?.carrier.lastByteAt() ?? known.get(hostId)?.lastByteAt,
    onChange(listener) {
      listeners.add(listener);
      for (const [hostId, { link }] of live) tell({ state: "up", hostId, link }, [listener]);
      return () => void listeners.delete(listener);
    },
    handleUpgrade,
    disconnect(hostId, why) {
      const fingerprint = known.get(hostId)?.fingerprint;
      live.get(hostId)?.carrier.guard.end(why);
      for (const standing of [...entering]) {
        standing.disconnected.add(hostId);
        if (standing.fingerprint === fingerprint) standing.carrier.guard.end(why);
      }
    },
    isOpen: () => !closed,
    stats: () => ({
      tunnels: live.size,
      handshakes: admission.handshakes(),
      openStreams: [...live.values(), ...entering].reduce((sum, one) => sum + one.requests.open(), 0),
      refused,
      unreadBytes: unread.bytes(),
    }),
    async close() {
      closed = true;
      for (const carrier of [...carriers]) carrier.guard.end("the hub is stopping");
      await new Promise<void>((resolve) => webSockets.close(() => resolve()));
    },
  };
}

function no(code: Refusal["code"], message: string): Refusal {
  return { accepted: false, code, message };
}

function versionSentence(theirs: { oldest: number; newest: number }): string {
  const range = ({ oldest, newest }: { oldest: number; newest: number }) => (oldest === newest ? `${oldest}` : `${oldest} to ${newest}`);
  const who = theirs.newest < PROTOCOL_RANGE.oldest ? "the agent" : "the hub";
  return `The hub speaks protocol ${range(PROTOCOL_RANGE)} and the agent ${range(theirs)}: update ${who}.`;
}
