/** Changes on real hosts: done once, told truly, whatever ends on the way. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isFresh } from "@/server/domains/fleet/schema";
import type { OperationView, RunInput } from "@/server/domains/operations/schema";
import type { Client } from "./client";
import { eventually } from "./eventually";
import { type FleetMirror, mirrorFleet } from "./fleet-mirror";
import { install, type Installation } from "./installation";
import { type Lab, LAB_IMAGE, type LabHost, startLab } from "./lab";
import type { Program } from "./processes";

let lab: Lab;
let binnacle: Installation;
let client: Client;
let fleet: FleetMirror;
let h1: LabHost, h2: LabHost, h3: LabHost;
let agent2: Program;

const SLEEPER = ["sleep", "100000"];
const at = (host: LabHost, name: string) => {
  const found = fleet.container(host.name, name);
  if (!found) throw new Error(`${name} is not in the table of ${host.name}`);
  return { hostId: found.hostId, id: found.id };
};
const run = (input: Omit<RunInput, "key"> & { key?: string }) => client.api.operations.run.mutate({ key: randomUUID(), ...input });
const get = (id: string) => client.api.operations.get.query({ id });
const ended = (operation: OperationView, withinMs = 30_000) =>
  eventually(`${operation.action} ends`, async () => {
    const now = await get(operation.id);
    return now.finishedAt !== null && now;
  }, withinMs);
const inspect = async (host: LabHost, name: string, format: string) => host.docker(["inspect", "-f", format, name]);
const startedAt = (host: LabHost, name: string) => inspect(host, name, "{{.State.StartedAt}}");
/** The engine's own record of starts since a moment: the proof that a restart happened once. */
const startsSince = async (host: LabHost, name: string, since: number) =>
  (await host.docker(["events", "--since", (since / 1000).toFixed(3), "--until", (Date.now() / 1000 + 0.001).toFixed(3), "--filter", `container=${name}`, "--filter", "event=start", "--format", "{{.ID}}"]))
    .split("\n").filter(Boolean).length;

beforeAll(async () => {
  lab = await startLab({ hosts: 3 });
  [h1, h2, h3] = [lab.host(1), lab.host(2), lab.host(3)];
  binnacle = await install(lab);
  client = await binnacle.client();
  fleet = mirrorFleet(client.api);
  await binnacle.join(client, h1);
  agent2 = await binnacle.join(client, h2);
  await binnacle.join(client, h3, ["--allow", "view"]);
  for (const host of lab.hosts) {
    await host.docker(["run", "-d", "--name", "web", LAB_IMAGE, ...SLEEPER]);
    await eventually(`${host.name} in the table`, () => isFresh(fleet.host(host.name)) && fleet.container(host.name, "web")?.state === "running");
  }
}, 120_000);
afterAll(async () => {
  for (const host of lab?.hosts ?? []) await host.heal();
  fleet?.close();
  await binnacle?.close();
  await lab?.down();
});

describe("one container", () => {
  it("each verb does on the engine what it says", async () => {
    const steps: [RunInput["action"], string][] = [["pause", "paused"], ["unpause", "running"], ["stop", "exited"], ["start", "running"], ["kill", "exited"], ["start", "running"], ["restart", "running"]];
    for (const [action, after] of steps) {
      const before = await startedAt(h1, "web");
      const done = await ended(await run({ action, containers: [at(h1, "web")], graceSeconds: 0 }));
      expect(done.state, action).toBe("succeeded");
      expect(await inspect(h1, "web", "{{.State.Status}}"), action).toBe(after);
      if (action === "restart") expect(await startedAt(h1, "web")).not.toBe(before);
      await eventually(`the table says ${after}`, () => fleet.container("h1", "web")?.state === after);
    }
  });

  it("a double click is one restart", async () => {
    const key = randomUUID();
    const since = Date.now();
    const clicks = await Promise.all([1, 2, 3].map(() => run({ key, action: "restart", containers: [at(h1, "web")], graceSeconds: 0 })));
    expect(new Set(clicks.map((click) => click.id)).size).toBe(1);
    await ended(clicks[0]!);
    expect(await startsSince(h1, "web", since)).toBe(1);
  });

  it("removing says before what is lost, and then it is gone", async () => {
    await h1.docker(["run", "-d", "--name", "doomed", "-v", "/scratch", "--restart", "always", LAB_IMAGE, "sh", "-c", "echo lost >/note; sleep 100000"]);
    await eventually("in the table", () => fleet.container("h1", "doomed")?.state === "running");
    const loss = await client.api.fleet.loss.query(at(h1, "doomed"));
    expect(loss).toMatchObject({ running: true, restartPolicy: "always", compose: null });
    expect(loss.anonymousVolumes).toHaveLength(1);
    expect(loss.writableBytes).toBeGreaterThan(0);
    const refused = await ended(await run({ action: "remove", containers: [at(h1, "doomed")] }));
    expect(refused.state).toBe("failed");
    expect(refused.steps[0]?.error?.message).toMatch(/running/i);
    expect((await ended(await run({ action: "remove", containers: [at(h1, "doomed")], force: true, removeVolumes: true }))).state).toBe("succeeded");
    await eventually("gone from the table", () => fleet.container("h1", "doomed") === undefined);
  });

  it("of another host, or of none, is not found", async () => {
    const foreign = { hostId: at(h2, "web").hostId, id: at(h1, "web").id };
    await expect(run({ action: "restart", containers: [foreign] })).rejects.toThrow(/not|no /i);
    await expect(run({ action: "restart", containers: [{ hostId: "host_none", id: at(h1, "web").id }] })).rejects.toThrow(/not|no /i);
  });

  it("environment values never leave the host", async () => {
    await h1.docker(["run", "-d", "--name", "secretive", "-e", "API_KEY=canary-8f2c", LAB_IMAGE, ...SLEEPER]);
    await eventually("in the table", () => fleet.container("h1", "secretive"));
    const found = await client.api.fleet.inspect.query(at(h1, "secretive"));
    const text = JSON.stringify(found);
    expect(text).toContain("API_KEY=");
    expect(text).not.toContain("canary-8f2c");
    expect(found.masked).toBeGreaterThan(0);
  });
});

describe("the host owner's policy", () => {
  it("--allow view refuses every change whatever the hub sends, and the page is told whose word it was", async () => {
    for (const action of ["start", "stop", "restart", "kill", "pause", "unpause", "remove"] as const) {
      const done = await ended(await run({ action, containers: [at(h3, "web")] }));
      expect(done.state, action).toBe("failed");
      expect(done.steps[0]?.error?.message, action).toMatch(/owner|allow/i);
    }
    expect(await inspect(h3, "web", "{{.State.Status}}")).toBe("running");
  });
});

describe("a stack", () => {
  const service = (name: string, number: number, dependsOn: string, ...rest: string[]) =>
    h2.docker(["run", "-d", "--name", `shop-${name}-${number}`, "--label", "com.docker.compose.project=shop", "--label", `com.docker.compose.service=${name}`,
      "--label", `com.docker.compose.container-number=${number}`, "--label", "com.docker.compose.oneoff=False", "--label", `com.docker.compose.depends_on=${dependsOn}`, ...rest, LAB_IMAGE, ...SLEEPER]);

  it("restarts in the order of its services, and waits for health where its file asks for it", async () => {
    await service("db", 1, "", "--health-cmd", "true", "--health-interval", "1s");
    await service("api", 1, "db:service_healthy:false");
    await service("api", 2, "db:service_healthy:false");
    await service("web", 1, "api:service_started:false");
    await eventually("all four in the table", () => ["db-1", "api-1", "api-2", "web-1"].every((name) => fleet.container("h2", `shop-${name}`)?.state === "running"));
    const since = Date.now();
    const operation = await run({ action: "restart", stack: { hostId: fleet.host("h2")!.id, name: "shop" }, graceSeconds: 1 });
    expect((await ended(operation, 60_000)).state).toBe("succeeded");
    const lines = (await h2.docker(["events", "--since", (since / 1000).toFixed(3), "--until", (Date.now() / 1000 + 0.001).toFixed(3), "--filter", "label=com.docker.compose.project=shop", "--format", "{{.Action}} {{.Actor.Attributes.name}}"])).split("\n");
    const order = (what: string) => lines.filter((line) => line.startsWith(what)).map((line) => line.split("shop-")[1]?.replace(/-\d+$/, ""));
    expect(order("die ")).toEqual(["web", "api", "api", "db"]);
    expect(order("start ")).toEqual(["db", "api", "api", "web"]);
    const healthy = lines.findIndex((line) => line.startsWith("health_status: healthy"));
    expect(healthy).toBeGreaterThan(-1);
    expect(healthy).toBeLessThan(lines.findIndex((line) => line.startsWith("start shop-api")));
  });
});

describe("bulk", () => {
  it("goes on with the others when one fails, and says which", async () => {
    const paused = at(h1, "secretive");
    await h1.docker(["pause", "secretive"]);
    const done = await ended(await run({ action: "pause", containers: [at(h1, "web"), paused] }));
    expect(done.state).toBe("partly");
    expect(done.steps.map((step) => step.state).sort()).toEqual(["failed", "succeeded"]);
    await h1.docker(["unpause", "web"]);
  });
});

describe("what ends on the way", () => {
  it("the link cut in mid-restart: the result is found out afterwards, and there was one restart", async () => {
    // sleep ignores SIGTERM as process 1, so the grace period is the time to cut in.
    const since = Date.now();
    const operation = await run({ action: "restart", containers: [at(h2, "web")], graceSeconds: 3 });
    await eventually("sent", async () => (await get(operation.id)).steps[0]?.state === "running");
    await h2.cut();
    await eventually("said to be open", async () => (await get(operation.id)).steps[0]?.state === "checking", 40_000);
    await h2.heal();
    expect((await ended(operation, 60_000)).state).toBe("succeeded");
    expect(await startsSince(h2, "web", since)).toBe(1);
  });

  it("the hub killed in mid-restart: it takes the operation up again, and there was one restart", async () => {
    await eventually("fresh", () => isFresh(fleet.host("h2")), 40_000);
    const since = Date.now();
    const operation = await run({ action: "restart", containers: [at(h2, "web")], graceSeconds: 3 });
    await eventually("sent", async () => (await get(operation.id)).steps[0]?.state === "running");
    await binnacle.hub().kill();
    await binnacle.restartHub();
    client = await binnacle.client();
    expect((await ended(operation, 60_000)).state).toBe("succeeded");
    expect(await startsSince(h2, "web", since)).toBe(1);
    await eventually("the page is back", () => isFresh(fleet.host("h2")), 40_000);
  });

  it("the agent killed in mid-restart: settled by looking, never by a second restart", async () => {
    const since = Date.now();
    const operation = await run({ action: "restart", containers: [at(h2, "web")], graceSeconds: 3 });
    await eventually("sent", async () => (await get(operation.id)).steps[0]?.state === "running");
    agent2.signal("SIGKILL");
    await agent2.exited;
    agent2 = binnacle.agent(h2);
    const done = await ended(operation, 60_000);
    expect(["succeeded", "unknown"]).toContain(done.state);
    expect(await startsSince(h2, "web", since)).toBeLessThanOrEqual(1);
    if (done.state === "succeeded") expect(await startsSince(h2, "web", since)).toBe(1);
  });

  it("a host that is away: the change waits, can be cancelled, and runs when the host is back if not", async () => {
    await eventually("fresh", () => isFresh(fleet.host("h2")), 40_000);
    agent2.signal("SIGKILL");
    await agent2.exited;
    await eventually("away", () => fleet.host("h2")?.link === "down");
    const web = at(h2, "web");
    const cancelled = await run({ action: "restart", containers: [web], graceSeconds: 0 });
    expect((await client.api.operations.cancel.mutate({ id: cancelled.id })).state).toBe("cancelled");
    const since = Date.now();
    const waiting = await run({ action: "restart", containers: [web], graceSeconds: 0 });
    expect((await get(waiting.id)).steps[0]?.state).toBe("waiting");
    agent2 = binnacle.agent(h2);
    expect((await ended(waiting, 60_000)).state).toBe("succeeded");
    expect(await startsSince(h2, "web", since)).toBe(1);
  });
});
