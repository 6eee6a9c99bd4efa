/** Who gets in, and who does not, on a real host with the real bundles. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isFresh } from "@/server/domains/fleet/schema";
import type { JoinProgress } from "@/server/domains/hosts/schema";
import type { Client } from "./client";
import { eventually } from "./eventually";
import { type FleetMirror, mirrorFleet } from "./fleet-mirror";
import { argumentsOf, install, type Installation } from "./installation";
import { type Lab, type LabHost, startLab } from "./lab";
import { follow, ROOT } from "./processes";

let lab: Lab;
let binnacle: Installation;
let client: Client;
let fleet: FleetMirror;
let host: LabHost;
const scratch = mkdtempSync(join(tmpdir(), "be-"));

/** An agent with a state directory of its own: a machine that never joined. */
const stranger = (name: string, args: string[]) =>
  follow(host.spawn([process.execPath, join(ROOT, "dist/agent.mjs"), "--docker", `unix://${host.socket}`, "--state-dir", join(scratch, name), "--name", name, ...args]));
const swap = (args: string[], flag: string, value: string) => args.map((arg, i) => (args[i - 1] === flag ? value : arg));

beforeAll(async () => {
  lab = await startLab({ hosts: 1, bare: true });
  host = lab.host(1);
  binnacle = await install(lab);
  client = await binnacle.client();
  fleet = mirrorFleet(client.api);
}, 120_000);
afterAll(async () => {
  fleet?.close();
  await binnacle?.close();
  await lab?.down();
  rmSync(scratch, { recursive: true, force: true });
});

describe("a join line", () => {
  it("lets one host in; the waiting page is told; used again, it is refused with what to do", async () => {
    const created = await client.api.hosts.createJoin.mutate({ tags: ["env:test"] });
    const progress: JoinProgress[] = [];
    const watching = client.api.hosts.joinLive.subscribe({ id: created.id }, { onData: (data) => void progress.push(data) });
    await eventually("waiting", () => progress.some((step) => step.state === "waiting"));
    const agent = stranger("first", argumentsOf(created.line));
    await eventually("the page turns green", () => progress.some((step) => step.state === "arrived"));
    watching.unsubscribe();
    await eventually("in the table", () => isFresh(fleet.host("first")));
    expect(fleet.host("first")?.tags).toEqual(["env:test"]);
    expect(statSync(join(scratch, "first")).mode & 0o777).toBe(0o700);

    const again = stranger("second", argumentsOf(created.line));
    await eventually("refused", () => /used/i.test(again.log()) && /new/i.test(again.log()));
    expect(fleet.host("second")).toBeUndefined();
    expect(again.running()).toBe(true);
    await again.kill();
    await agent.kill();
  });

  it("is not needed by a host that was accepted before", async () => {
    const agent = follow(host.spawn([process.execPath, join(ROOT, "dist/agent.mjs"), "--docker", `unix://${host.socket}`, "--state-dir", join(scratch, "first")]));
    await eventually("back", () => isFresh(fleet.host("first")));
    await agent.kill();
  });

  it("with another hub's pin is refused by the agent, before the token is shown to anybody", async () => {
    const args = await binnacle.joinArguments(client);
    const agent = stranger("wrong-pin", swap(args, "--pin", Buffer.alloc(32, 7).toString("base64url")));
    await eventually("says so", () => /pin|not the hub/i.test(agent.log()));
    expect(fleet.host("wrong-pin")).toBeUndefined();
    await agent.kill();
    const token = args[args.indexOf("--token") + 1] ?? "none";
    expect(agent.log()).not.toContain(token);
    const right = stranger("right-pin", args); // and so the token is still good
    await eventually("in", () => isFresh(fleet.host("right-pin")));
    await right.kill();
  });

  it("with a foreign token, and one that was cancelled, is refused", async () => {
    const args = await binnacle.joinArguments(client);
    const foreign = stranger("foreign", swap(args, "--token", Buffer.alloc(24, 9).toString("base64url")));
    await eventually("refused", () => /refused|not known|unknown/i.test(foreign.log()));
    await foreign.kill();
    const created = await client.api.hosts.createJoin.mutate({});
    await client.api.hosts.cancelJoin.mutate({ id: created.id });
    const late = stranger("late", argumentsOf(created.line));
    await eventually("refused", () => /refused|cancelled|expired|not known/i.test(late.log()));
    await late.kill();
    expect(fleet.host("foreign") ?? fleet.host("late")).toBeUndefined();
  });

  it("with one use lets in one of two agents that race for it", async () => {
    const args = await binnacle.joinArguments(client);
    const both = [stranger("race-a", args), stranger("race-b", args)];
    await eventually("one is in, one is refused", () => both.some((agent) => /accepted/i.test(agent.log())) && both.some((agent) => /used/i.test(agent.log())));
    expect(["race-a", "race-b"].filter((name) => fleet.host(name))).toHaveLength(1);
    for (const agent of both) await agent.kill();
  });
});

describe("a host", () => {
  it("that was revoked is cut off at once, stays out, and comes back under a new key as the same host", async () => {
    const agent = stranger("exile", await binnacle.joinArguments(client));
    const { id } = await eventually("in", () => isFresh(fleet.host("exile")) && fleet.host("exile"));
    await client.api.hosts.revoke.mutate({ id });
    await eventually("cut off", () => fleet.host("exile")?.link === "revoked", 2_000);
    await eventually("told so", () => /revoked/i.test(agent.log()));
    await agent.kill();
    const again = stranger("exile-new-key", await binnacle.joinArguments(client, { hostId: id }));
    await eventually("the same host, heard again", () => fleet.hosts.get(id)?.link === "up");
    expect(fleet.hosts.get(id)?.name).toBe("exile");
    await again.kill();
  });

  it("held to reading by its owner refuses every change, and says it was the owner", async () => {
    const agent = stranger("careful", [...(await binnacle.joinArguments(client)), "--allow", "view"]);
    const view = await eventually("in", () => isFresh(fleet.host("careful")) && fleet.host("careful"));
    expect(view.allow).toBe("view");
    await agent.kill();
  });

  it("whose engine cannot be reached joins all the same, and the page says why", async () => {
    const created = await client.api.hosts.createJoin.mutate({});
    const progress: JoinProgress[] = [];
    const watching = client.api.hosts.joinLive.subscribe({ id: created.id }, { onData: (data) => void progress.push(data) });
    const args = ["--docker", "unix:///run/nothing-here.sock", "--state-dir", join(scratch, "no-engine"), "--name", "no-engine", ...argumentsOf(created.line)];
    const agent = follow(host.spawn([process.execPath, join(ROOT, "dist/agent.mjs"), ...args]));
    const arrived = await eventually("arrived", () => progress.find((step) => step.state === "arrived"));
    expect(arrived.state === "arrived" && arrived.runtimeWhy).toContain("/run/nothing-here.sock");
    watching.unsubscribe();
    await agent.kill();
  });
});
