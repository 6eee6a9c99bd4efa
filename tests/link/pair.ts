/** A real hub gateway and real agent tunnels on loopback, for the tests of the link. */
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { AgentFailure } from "@/agent/errors";
import { createAgentTunnel, type AgentTunnel, type AgentTunnelOptions, type TunnelState } from "@/agent/tunnel/create-tunnel";
import type { Handlers } from "@/agent/tunnel/router";
import type { Hello } from "@/protocol/shapes";
import { PROTOCOL_RANGE } from "@/protocol/version";
import { systemClock } from "@/protocol/wire/clock";
import { makeIdentity, pinOf, type LinkIdentity } from "@/protocol/wire/identity";
import { createGateway, type GatewayDependencies } from "@/server/gateway/create-gateway";
import type { Gateway, LinkChange } from "@/server/gateway/gateway";
import { silentLogger } from "@/server/lib/logger";

export const ID = "0123456789ab";

/** Polls until `condition` gives something, at most `ms`. */
export async function until<T>(condition: () => T | undefined | null | false, ms = 10_000, what = "condition"): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const value = condition();
    if (value) return value;
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function helloOf(name = "one", token: string | null = "token"): Hello {
  return {
    protocol: PROTOCOL_RANGE,
    agentVersion: "test",
    capabilities: [],
    allow: "all",
    name,
    token,
    epoch: 1,
    runtime: { state: "up", why: null, engine: "docker", version: "20.10", apiVersion: "1.41" },
    host: { hostname: name, os: "linux", arch: "x64", kernel: "6", cpus: 2, memoryBytes: 1, bootedAt: 0 },
  };
}

const nothing = () => {
  throw new AgentFailure("unsupported", "Not in this test.");
};
/** Handlers that refuse everything, except those given. */
export function handlersWith(some: Partial<Handlers>): Handlers {
  return {
    "container.inspect": nothing, "container.loss": nothing, "container.look": nothing, "container.start": nothing, "container.stop": nothing,
    "container.restart": nothing, "container.pause": nothing, "container.unpause": nothing, "container.kill": nothing, "container.remove": nothing,
    "operation.outcome": nothing, "telemetry.stream": nothing, "telemetry.keep": nothing,
    "metrics.live": nothing, "logs.follow": nothing, "logs.page": nothing, "logs.search": nothing,
    ...some,
  };
}

export interface TestHub {
  gateway: Gateway;
  server: Server;
  url: string;
  port: number;
  identity: LinkIdentity;
  pin: string;
  changes: LinkChange[];
  /** The raw connections of all agents. */
  sockets: Set<Socket>;
  close(): Promise<void>;
}

/** A hub that accepts every agent as the host of its certificate, unless told otherwise. */
export async function startHub(options: Partial<GatewayDependencies> & { port?: number } = {}): Promise<TestHub> {
  const identity = options.identity ?? (await makeIdentity("hub"));
  const gateway = createGateway({
    identity,
    hubVersion: "test",
    authenticate: async (peer) => ({ accepted: true, hostId: hostIdOf(peer.fingerprint), hostName: peer.hello.name }),
    clock: systemClock,
    logger: silentLogger,
    ...options,
  });
  const changes: LinkChange[] = [];
  gateway.onChange((change) => changes.push(change));
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(404).end());
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("upgrade", gateway.handleUpgrade);
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    gateway, server, identity, changes, sockets, port,
    url: `http://127.0.0.1:${port}`,
    pin: pinOf(identity.certificatePem),
    async close() {
      await gateway.close();
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

export function hostIdOf(fingerprint: string): string {
  return `host_${fingerprint.replaceAll(":", "").slice(0, 20)}`;
}

export interface TestAgent {
  tunnel: AgentTunnel;
  states: TunnelState[];
  bugs: unknown[];
}

/** An agent that dials the hub, quickly again when the link ends. */
export function startAgent(hub: Pick<TestHub, "url" | "pin">, identity: LinkIdentity, some: Partial<Handlers> = {}, options: Partial<AgentTunnelOptions> = {}): TestAgent {
  const states: TunnelState[] = [];
  const bugs: unknown[] = [];
  const tunnel = createAgentTunnel({
    hub: hub.url,
    pin: hub.pin,
    identity,
    handlers: handlersWith(some),
    hello: () => helloOf(),
    onAccepted: () => undefined,
    onRefused: () => undefined,
    onState: (state) => states.push(state),
    onBug: (_verb, error) => bugs.push(error),
    clock: systemClock,
    random: () => 0.01,
    ...options,
  });
  return { tunnel, states, bugs };
}
