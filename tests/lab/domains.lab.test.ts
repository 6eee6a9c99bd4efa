/** The hub's domains as main.ts wires them, over a real tunnel, a real agent and a real engine; only the pages are left out. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type LinkIdentity, makeIdentity, pinOf } from "@/protocol/wire/identity";
import { createTestDatabase, type TestDatabase } from "@/server/db/testing";
import { createFleetRepo } from "@/server/domains/fleet/repo";
import { isFresh } from "@/server/domains/fleet/schema";
import { createFleetService, type FleetService } from "@/server/domains/fleet/service";
import { createHostsRepo } from "@/server/domains/hosts/repo";
import { createHostsService, type HostsService } from "@/server/domains/hosts/service";
import { createOperationsRepo } from "@/server/domains/operations/repo";
import type { RunInput } from "@/server/domains/operations/schema";
import { createOperationsService, type OperationsService } from "@/server/domains/operations/service";
import { createGateway } from "@/server/gateway/create-gateway";
import type { Gateway } from "@/server/gateway/gateway";
import { systemClock as clock } from "@/server/lib/clock";
import { silentLogger as log } from "@/server/lib/logger";
import { LAB_IMAGE, type Lab, type LabHost, startLab } from "./lab";
import { ROOT } from "./processes";

const SLEEPER = ["sleep", "100000"];
const poll = { timeout: 30_000, interval: 20 };
const ana = { id: "user_ana", name: "Ana", role: "administrator" } as const;

let lab: Lab;
let host: LabHost;
let identity: LinkIdentity;
let database: TestDatabase;
let gateway: Gateway;
let hosts: HostsService;
let fleet: FleetService;
let operations: OperationsService;
let door: Server;
let port = 0;
let scratch: string;
let agent: ChildProcess;
let hostId: string;
let serial = 0;

async function startHub(): Promise<void> {
  gateway = createGateway({ identity, hubVersion: "test", clock, logger: log, authenticate: (peer) => hosts.admit(peer) });
  hosts = createHostsService({ repo: createHostsRepo(database.db), gateway, clock, log, publicUrl: () => `http://127.0.0.1:${port}`, pin: pinOf(identity.certificatePem) });
  await hosts.load();
  fleet = createFleetService({ repo: createFleetRepo(database.db), hosts, gateway, clock, log, outcome: (...told) => operations.noteOutcome(...told) });
  operations = createOperationsService({ repo: createOperationsRepo(database.db), fleet, gateway, clock, log });
  await fleet.start();
  await operations.start();
  door = createServer().on("upgrade", gateway.handleUpgrade);
  await new Promise<void>((resolve) => door.listen(port, "127.0.0.1", resolve));
  port = (door.address() as AddressInfo).port;
}
async function stopHub(): Promise<void> {
  await operations.stop();
  door.closeAllConnections();
  door.close();
  await gateway.close();
  await fleet.stop();
}
function startAgent(args: string[]): ChildProcess {
  return spawn(process.execPath, [join(ROOT, "dist/agent.mjs"), "--docker", `unix://${host.socket}`, "--state-dir", join(scratch, "state"), "--name", "web-1", ...args], { stdio: "ignore" });
}
const container = (name: string) => [...fleet.hosts()].flatMap(({ id }) => [...fleetIds(id)]).find((found) => found.name === name);
const known = new Map<string, string>();
function* fleetIds(id: string) {
  for (const [runtimeId] of known) {
    const found = fleet.container(id, runtimeId);
    if (found) yield found;
  }
}
async function run(name: string, args: string[] = [], command = SLEEPER): Promise<string> {
  const id = (await host.docker(["run", "-d", "--name", name, ...args, LAB_IMAGE, ...command])).trim();
  known.set(id, name);
  await expect.poll(() => container(name)?.state, poll).toBe("running");
  return id;
}
const ask = (input: Omit<RunInput, "key">) => operations.run(ana, { key: `lab-key-${String((serial += 1)).padStart(16, "0")}`, ...input });
const ended = async (id: string) => {
  await expect.poll(async () => (await operations.get(id)).finishedAt, poll).not.toBeNull();
  return operations.get(id);
};
const starts = async (id: string) => (await host.docker(["events", "--since", "10m", "--until", `${Math.ceil(Date.now() / 1_000)}`, "--filter", `container=${id}`, "--filter", "event=start", "--format", "{{.Action}}"])).split("\n").filter(Boolean).length;

beforeAll(async () => {
  execFileSync(process.execPath, [join(ROOT, "bin/build.mjs"), "agent"]);
  identity = await makeIdentity("binnacle hub");
  lab = await startLab({ hosts: 1 });
  host = lab.host(1);
});
afterAll(() => lab?.down());
beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), "domains-"));
  known.clear();
  port = 0;
  database = await createTestDatabase();
  await startHub();
  const { line } = await hosts.createJoin({ tags: ["lab"], uses: 1, minutes: 15, createdBy: ana.id });
  agent = startAgent(line.slice(line.indexOf(" -- ") + 4).split(" "));
  await expect.poll(() => isFresh(fleet.hosts()[0]), poll).toBe(true);
  hostId = fleet.hosts()[0]?.id ?? "";
});
afterEach(async () => {
  agent.kill("SIGKILL");
  await stopHub();
  await database.drop();
  rmSync(scratch, { recursive: true, force: true });
  const ids = (await host.docker(["ps", "-aq"])).split("\n").filter(Boolean);
  if (ids.length > 0) await host.docker(["rm", "-f", ...ids]);
});

describe("the hub's domains", () => {
  it("let a host in by the pasted line, follow it, restart a container on it and keep its history", async () => {
    expect(fleet.hosts()[0]).toMatchObject({ name: "web-1", tags: ["lab"], link: "up" });
    const id = await run("web");
    const done = await ended((await ask({ action: "restart", containers: [{ hostId, id }], graceSeconds: 0 })).id);
    expect(done).toMatchObject({ state: "succeeded", steps: [{ state: "succeeded", name: "web" }] });
    expect(await starts(id)).toBe(2);
    await expect.poll(async () => (await fleet.history(`${hostId}/-/web/-`)).events.map((event) => event.kind), poll).toEqual(expect.arrayContaining(["create", "start", "die", "restart"]));
    const death = (await fleet.history(`${hostId}/-/web/-`)).events.find((event) => event.kind === "die");
    expect(death).toMatchObject({ asked: true, step: done.steps[0]?.id });
    const { document } = await fleet.inspect(hostId, id);
    expect(document["Id"]).toBe(id);
    expect(await fleet.loss(hostId, id)).toMatchObject({ running: true, compose: null });
  });

  it("find out what came of a restart whose link ended, and of one that the hub did not live to see", async () => {
    const id = await run("web");
    const cut = await ask({ action: "restart", containers: [{ hostId, id }], graceSeconds: 2 });
    await expect.poll(async () => (await operations.get(cut.id)).steps[0]?.state, poll).toBe("running");
    gateway.link(hostId)?.close("cut by the test");
    await expect.poll(async () => (await operations.get(cut.id)).steps[0]?.state, poll).toBe("checking");
    expect((await ended(cut.id)).state).toBe("succeeded");
    expect(await starts(id)).toBe(2);

    const unseen = await ask({ action: "restart", containers: [{ hostId, id }], graceSeconds: 2 });
    await expect.poll(async () => (await operations.get(unseen.id)).steps[0]?.state, poll).toBe("running");
    await stopHub();
    await startHub();
    expect(container("web")).toMatchObject({ name: "web" });
    expect((await ended(unseen.id)).state).toBe("succeeded");
    expect(await starts(id)).toBe(3);
  });

  it("restart a stack in the order of its services, waiting for the new run's health", async () => {
    const part = (name: string, dependsOn: string, ...args: string[]) => run(`shop-${name}-1`, [
      "--label", "com.docker.compose.project=shop", "--label", `com.docker.compose.service=${name}`, "--label", "com.docker.compose.container-number=1", "--label", `com.docker.compose.depends_on=${dependsOn}`, ...args,
    ]);
    const db = await part("db", "", "--health-cmd", "true", "--health-interval", "1s");
    await part("web", "db:service_healthy:false");
    await expect.poll(() => fleet.container(hostId, db)?.health, poll).toBe("healthy");
    const since = Date.now() / 1_000;
    const done = await ended((await ask({ action: "restart", stack: { hostId, name: "shop" }, graceSeconds: 0 })).id);
    expect(done.state).toBe("succeeded");
    const lines = (await host.docker(["events", "--since", since.toFixed(3), "--until", (Date.now() / 1_000 + 0.001).toFixed(3), "--filter", "label=com.docker.compose.project=shop", "--format", "{{.Action}} {{.Actor.Attributes.name}}"])).split("\n");
    const order = lines.filter((line) => /^(die|start|health_status: healthy) /.test(line)).map((line) => line.replace("shop-", "").replace("-1", ""));
    expect(order.slice(0, 5)).toEqual(["die web", "die db", "start db", "health_status: healthy db", "start web"]);
  });
});
