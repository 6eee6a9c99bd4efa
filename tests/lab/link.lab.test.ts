/** The link ended in every way, in mid-stream, between real hosts: found out in bounded time, and mended. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TIMES } from "@/protocol/limits";
import { isFresh } from "@/server/domains/fleet/schema";
import type { Client } from "./client";
import { eventually } from "./eventually";
import { type FleetMirror, mirrorFleet } from "./fleet-mirror";
import { install, type Installation } from "./installation";
import { type Lab, LAB_IMAGE, type LabHost, startLab } from "./lab";
import type { Program } from "./processes";

/** Silence is noticed after silenceMs by a watch that looks each heartbeat; the rest is for a busy machine. */
const DETECTION_MS = TIMES.silenceMs + TIMES.heartbeatMs + 5_000;
const RECOVERY_MS = TIMES.backoffLongestMs + DETECTION_MS;

let lab: Lab;
let binnacle: Installation;
let client: Client;
let fleet: FleetMirror;
const agents = new Map<string, Program>();

beforeAll(async () => {
  lab = await startLab({ hosts: 3 });
  for (const host of lab.hosts) await host.docker(["run", "-d", "--name", "web", LAB_IMAGE, "sleep", "100000"]);
  binnacle = await install(lab);
  client = await binnacle.client();
  fleet = mirrorFleet(client.api);
  for (const host of lab.hosts) agents.set(host.name, await binnacle.join(client, host));
  for (const host of lab.hosts) await eventually(`${host.name} fresh`, () => isFresh(fleet.host(host.name)));
}, 120_000);
afterAll(async () => {
  for (const host of lab?.hosts ?? []) await host.heal();
  fleet?.close();
  await binnacle?.close();
  await lab?.down();
});

interface Break {
  name: string;
  end(host: LabHost): Promise<void> | void;
  mend(host: LabHost): Promise<void> | void;
  /** Longest time until the page says so. */
  within: number;
}
const agentOf = (host: LabHost) => agents.get(host.name)!;
const SILENT: Break[] = [
  { name: "the cable is cut", end: (host) => host.cut(), mend: (host) => host.heal(), within: DETECTION_MS },
  { name: "packets vanish", end: (host) => host.blackhole(), mend: (host) => host.heal(), within: DETECTION_MS },
  { name: "the agent is stopped dead", end: (host) => agentOf(host).signal("SIGSTOP"), mend: (host) => agentOf(host).signal("SIGCONT"), within: DETECTION_MS },
];

describe("silence", () => {
  it("is found out in bounded time in each of three ways at once, and every host comes back by itself", async () => {
    // Three hosts, three ways, side by side: each is a wait of seconds.
    await Promise.all(SILENT.map(async (way, index) => {
      const host = lab.host(index + 1);
      const began = performance.now();
      await way.end(host);
      await eventually(`${way.name}: the page says not heard`, () => fleet.host(host.name)?.link === "down", way.within);
      expect(performance.now() - began, way.name).toBeLessThan(way.within);
      const view = fleet.host(host.name);
      expect(view?.linkWhy, way.name).toBeTruthy();
      expect(fleet.container(host.name, "web")?.state, `${way.name}: the last state stays`).toBe("running");
      await way.mend(host);
      await eventually(`${way.name}: fresh again`, () => isFresh(fleet.host(host.name)), RECOVERY_MS);
    }));
  }, DETECTION_MS + RECOVERY_MS + 20_000);

  it("that is shorter than the limit ends nothing", async () => {
    const host = lab.host(1);
    const agent = agentOf(host);
    const joined = agent.log().split(/accepted/i).length;
    agent.signal("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, TIMES.heartbeatMs));
    agent.signal("SIGCONT");
    await client.api.fleet.inspect.query({ hostId: fleet.host(host.name)!.id, id: fleet.container(host.name, "web")!.id });
    expect(agent.log().split(/accepted/i).length).toBe(joined);
  });
});

describe("an end that is heard", () => {
  it("a reset connection is noticed at once by both sides", async () => {
    const host = lab.host(2);
    await host.reset();
    await eventually("dialled again", () => agentOf(host).log().split(/accepted/i).length > 2 && isFresh(fleet.host(host.name)), RECOVERY_MS);
    expect(agentOf(host).running()).toBe(true);
  });

  it("a killed agent is noticed within two seconds", async () => {
    const host = lab.host(3);
    await agentOf(host).kill();
    await eventually("not heard", () => fleet.host(host.name)?.link === "down", 2_000);
    agents.set(host.name, binnacle.agent(host));
    await eventually("fresh", () => isFresh(fleet.host(host.name)), RECOVERY_MS);
  });
});

describe("a link that is only bad", () => {
  it("loses a third of its packets and stays true", async () => {
    const host = lab.host(1);
    await host.loss(0.3);
    await host.docker(["stop", "-t", "0", "web"]);
    await eventually("the change arrives", () => fleet.container(host.name, "web")?.state === "exited", RECOVERY_MS);
    await host.heal();
    await host.docker(["start", "web"]);
    await eventually("fresh", () => isFresh(fleet.host(host.name)) && fleet.container(host.name, "web")?.state === "running", RECOVERY_MS);
  });
});
