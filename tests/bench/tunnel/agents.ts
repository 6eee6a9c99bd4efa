/** A process that holds a whole fleet of agents: the real tunnel code, or bare WebSockets to compare with. */
import { WebSocket } from "ws";
import { createAgentTunnel, type AgentTunnel } from "@/agent/tunnel/create-tunnel";
import type { Handlers } from "@/agent/tunnel/router";
import { PROTOCOL_RANGE } from "@/protocol/version";
import { systemClock } from "@/protocol/wire/clock";
import { makeIdentity, type LinkIdentity } from "@/protocol/wire/identity";
import { countResources } from "./measure";

export type AgentsRequest =
  /** Makes the keys, once. */
  | { do: "prepare"; count: number }
  | { do: "dial"; kind: "link" | "bare"; url: string; pin: string }
  /** Ends all for good, and waits for nothing. */
  | { do: "stop" }
  | { do: "look" };
export interface AgentsLook {
  accepted: number;
  faults: number;
  resources: number;
}

let identities: LinkIdentity[] = [];
let tunnels: AgentTunnel[] = [];
let bare: WebSocket[] = [];
let faults = 0;

const handlers = {
  // A stream that is alive and never ends, as telemetry is.
  "telemetry.stream": async (_input, { stream, signal }) => {
    await stream.write("x".repeat(10_000));
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  },
} as Partial<Handlers> as Handlers;

const hello = () => ({
  protocol: PROTOCOL_RANGE, agentVersion: "bench", capabilities: [], allow: "view" as const, name: "bench", token: null, epoch: 1,
  runtime: { state: "absent" as const, why: null, engine: null, version: null, apiVersion: null },
  host: { hostname: "bench", os: "linux", arch: "x64", kernel: "", cpus: 1, memoryBytes: 1, bootedAt: 0 },
});

async function obey(request: AgentsRequest): Promise<AgentsLook> {
  if (request.do === "prepare") identities = await Promise.all(Array.from({ length: request.count }, () => makeIdentity("bench")));
  if (request.do === "dial" && request.kind === "bare") {
    bare = identities.map(() => new WebSocket(`${request.url.replace("http", "ws")}/agent`, { perMessageDeflate: false }).on("error", () => (faults += 1)));
  } else if (request.do === "dial") {
    tunnels = identities.map((identity) =>
      createAgentTunnel({
        hub: request.url, pin: request.pin, identity, handlers, hello, clock: systemClock,
        onAccepted: () => undefined, onRefused: () => undefined, onState: () => undefined, onBug: () => (faults += 1),
      }),
    );
  }
  if (request.do === "stop") {
    for (const tunnel of tunnels.splice(0)) tunnel.stop();
    for (const ws of bare.splice(0)) ws.terminate();
  }
  return { accepted: tunnels.filter((tunnel) => tunnel.state().state === "accepted").length, faults, resources: countResources() };
}

process.on("message", (request: AgentsRequest) => {
  void obey(request).then((answer) => process.send?.(answer));
});
process.on("disconnect", () => process.exit());
