/** The built agent as a process of its own, a real engine under it and a real gateway above it. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CONTRACT, isChange, VERB_NAMES } from "@/protocol/contract";
import { Frame, type Allowance, type OperationHeader } from "@/protocol/shapes";
import { type LinkIdentity, makeIdentity, pinOf } from "@/protocol/wire/identity";
import { createGateway } from "@/server/gateway/create-gateway";
import type { Gateway, HostLink } from "@/server/gateway/gateway";
import { systemClock } from "@/server/lib/clock";
import { silentLogger } from "@/server/lib/logger";
import { LAB_IMAGE, type Lab, type LabHost, startLab } from "./lab";
import { ROOT } from "./processes";

const TOKEN = "canary-token-canary-token-canary";
const POLITE = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done"];
/** Takes its whole grace period to stop. */
const STUBBORN = ["sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"];
const poll = { timeout: 20_000, interval: 20 };

let lab: Lab;
let host: LabHost;
let identity: LinkIdentity;
let gateway: Gateway;
let door: Server;
let scratch: string;
let agents: ChildProcess[];
let logs: string;
let steps = 0;

beforeAll(async () => {
  execFileSync(process.execPath, [join(ROOT, "bin/build.mjs"), "agent"]);
  identity = await makeIdentity("binnacle hub");
  lab = await startLab({ hosts: 1 });
  host = lab.host(1);
});
afterAll(() => lab?.down());
beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), "agent-"));
  agents = [];
  logs = "";
  gateway = createGateway({ identity, hubVersion: "test", clock: systemClock, logger: silentLogger, authenticate: () => Promise.resolve({ accepted: true, hostId: "host_one", hostName: "one" }) });
  door = createServer().on("upgrade", gateway.handleUpgrade);
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  for (const agent of agents) await end(agent, "SIGKILL");
  await gateway.close();
  door.closeAllConnections();
  door.close();
  rmSync(scratch, { recursive: true });
  const ids = (await host.docker(["ps", "-aq"])).split("\n").filter(Boolean);
  if (ids.length > 0) await host.docker(["rm", "-f", ...ids]);
});

/** Runs the bundle alone in an empty directory, as on a machine that has nothing but Node. */
function startAgent(args: string[] = [], options: { uid?: number; bundle?: string } = {}): ChildProcess {
  const bundle = options.bundle ?? join(scratch, "agent.mjs");
  if (!options.bundle) cpSync(join(ROOT, "dist/agent.mjs"), bundle);
  const { port } = door.address() as AddressInfo;
  const agent = spawn(process.execPath, [bundle, "--hub", `http://127.0.0.1:${port}`, "--pin", pinOf(identity.certificatePem), "--token", TOKEN, "--docker", `unix://${host.socket}`, "--state-dir", join(scratch, "state"), ...args], {
    cwd: scratch,
    env: { PATH: process.env.PATH ?? "", NODE_ENV: "production" },
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  for (const stream of [agent.stdout, agent.stderr]) stream?.on("data", (text: Buffer) => (logs += text.toString()));
  agents.push(agent);
  return agent;
}
async function end(agent: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (agent.exitCode !== null || agent.signalCode !== null) return agent.exitCode;
  return new Promise((resolve) => {
    agent.once("exit", (code) => resolve(code));
    agent.kill(signal);
  });
}
/** The link of the agent's first start, or of a later one. */
async function linked(start = 1): Promise<HostLink> {
  await expect.poll(() => gateway.link("host_one")?.hello.epoch, poll).toBe(start);
  return gateway.link("host_one") as HostLink;
}
/** Reads a telemetry stream into `frames` until the test ends. */
async function telemetry(link: HostLink, after: { epoch: number; seq: number } | null = null): Promise<Frame[]> {
  const frames: Frame[] = [];
  const stream = await link.stream("telemetry.stream", { after });
  stream.on("error", () => {});
  createInterface({ input: stream }).on("line", (line) => void frames.push(Frame.parse(JSON.parse(line)))).on("error", () => {});
  return frames;
}
const header = (step = `step-${++steps}-${process.pid}`): OperationHeader => ({ step, operation: `operation-${step}`, actor: { id: "user_ana", name: "Ana" }, deadlineAt: Date.now() + 60_000, sentAt: Date.now() });
const run = (name: string, command: string[], args: string[] = []) => host.docker(["run", "-d", "--name", name, ...args, LAB_IMAGE, ...command]);
/** What the engine itself remembers of a container, e.g. ["create", "start", …]. */
async function history(id: string): Promise<string[]> {
  const text = await host.docker(["events", "--since", "10m", "--until", `${Math.ceil(Date.now() / 1_000)}`, "--filter", `container=${id}`, "--format", "{{.Action}}"]);
  return text.split("\n");
}
const journal = () => (existsSync(join(scratch, "state/operations.jsonl")) ? readFileSync(join(scratch, "state/operations.jsonl"), "utf8") : "");

describe("the agent", () => {
  it("tells what is true and what happens, and restarts a container when it is asked to", async () => {
    const id = await run("web", POLITE);
    startAgent();
    const link = await linked();
    const frames = await telemetry(link);
    await expect.poll(() => frames.some(({ frame }) => frame === "beat"), poll).toBe(true);
    expect(frames.slice(0, 4).map(({ frame }) => frame)).toEqual(["open", "runtime", "list", "beat"]);
    expect(frames[2]).toMatchObject({ part: 0, last: true, containers: [{ name: "web", state: "running" }] });

    const { step } = header();
    const outcome = await link.change("container.restart", { id, t: 5 }, header(step));
    expect(outcome).toMatchObject({ state: "succeeded", error: null, settledBy: "call" });
    await expect.poll(() => frames.flatMap((frame) => (frame.frame === "event" ? [frame.event.kind] : [])), poll).toEqual(["kill", "die", "stop", "start", "restart"]);
    const told = frames.flatMap((frame) => (frame.frame === "event" ? [frame.event] : []));
    expect(told.every((event) => event.step === step)).toBe(true);
    expect(told.find(({ kind }) => kind === "die")?.asked).toBe(true);
    await expect.poll(() => frames.find(({ frame }) => frame === "outcome"), poll).toMatchObject({ epoch: 1, step, outcome });
    await expect.poll(() => frames.find(({ frame }) => frame === "box"), poll).toMatchObject({ epoch: 1, box: { id, event: { epoch: 1, seq: told[1]?.seq } } });
    await expect.poll(() => frames.findLast((frame) => frame.frame === "container")?.container.startedAt ?? 0, poll).toBeGreaterThan(outcome.startedAt);

    const replayed = await telemetry(link, { epoch: 1, seq: told[2]?.seq ?? 0 });
    await expect.poll(() => replayed.flatMap((frame) => (frame.frame === "event" ? [frame.event] : [])), poll).toEqual(told.slice(3));
    expect(logs).toContain(`Ana asked for container.restart of ${id.slice(0, 12)}`);
    expect(logs).not.toContain(TOKEN);
  });

  it("makes one engine call of one step, however often it is asked, also over its own restart", async () => {
    const id = await run("once", POLITE);
    const first = startAgent();
    const link = await linked();
    const mine = header();
    const outcomes = await Promise.all([1, 2, 3].map(() => link.change("container.restart", { id, t: 5 }, mine)));
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
    const again = await link.change("container.restart", { id, t: 5 }, mine);
    expect(again).toEqual({ ...outcomes[0], settledBy: "record" });
    await expect(link.change("container.stop", { id }, mine)).rejects.toThrow(/already used/);

    await end(first, "SIGKILL");
    startAgent();
    const later = await linked(2);
    expect(later.hello).toMatchObject({ epoch: 2, token: null });
    await expect.poll(() => later.change("container.restart", { id, t: 5 }, mine), poll).toEqual(again);
    expect((await history(id)).filter((action) => action === "restart")).toHaveLength(1);
  });

  it.each([
    ["at once", POLITE, 0],
    ["while the engine waits out the grace period", STUBBORN, 2],
  ])("settles a restart by looking when it was killed after the engine began, %s", async (_, command, t) => {
    const id = await run("orphan", command);
    const agent = startAgent();
    const link = await linked();
    const mine = header();
    const lost = link.change("container.restart", { id, t }, mine).catch((error: unknown) => error);
    await expect.poll(async () => (await history(id)).includes("kill"), { timeout: 5_000, interval: 1 }).toBe(true);
    agent.kill("SIGKILL");
    await lost;
    startAgent();
    const later = await linked(2);
    const ask = () => later.call("operation.outcome", { steps: [mine.step, "never-begun"] }).then(({ outcomes }) => outcomes);
    expect((await ask())[1]).toBeNull();
    await expect.poll(ask, poll).toMatchObject([{ state: "succeeded" }, null]);
    expect(await later.change("container.restart", { id, t }, mine)).toMatchObject({ state: "succeeded" });
    await expect.poll(() => history(id).then((actions) => actions.filter((action) => action === "restart")), poll).toHaveLength(1);
  });

  it("never claims more than the engine did, nor does it twice, wherever between begin and record it was killed", async () => {
    const id = await run("orphan", POLITE);
    const agent = startAgent();
    const link = await linked();
    const mine = header();
    const lost = link.change("container.restart", { id, t: 0 }, mine).catch((error: unknown) => error);
    await expect.poll(() => journal().includes(mine.step), { timeout: 5_000, interval: 1 }).toBe(true);
    agent.kill("SIGKILL");
    await lost;
    startAgent();
    const later = await linked(2);
    const ask = () => later.call("operation.outcome", { steps: [mine.step] }).then(({ outcomes }) => outcomes[0]);
    await expect.poll(ask, poll).not.toBe("running");
    const outcome = await ask();
    const restarts = (await history(id)).filter((action) => action === "restart").length;
    expect(outcome).toMatchObject({ state: restarts === 1 ? "succeeded" : "unknown" });
    expect(await later.change("container.restart", { id, t: 0 }, mine)).toEqual(outcome);
    expect((await history(id)).filter((action) => action === "restart")).toHaveLength(restarts);
  });

  it("refuses a change that comes after its deadline, and only that", async () => {
    const id = await run("late", POLITE);
    startAgent();
    const link = await linked();
    const skew = -3_600_000; // the hub's clock is an hour behind
    await expect(link.change("container.stop", { id, t: 1 }, { ...header(), sentAt: Date.now() + skew, deadlineAt: Date.now() + skew - 1 })).rejects.toThrow(/deadline/);
    expect(await link.change("container.stop", { id, t: 1 }, { ...header(), sentAt: Date.now() + skew, deadlineAt: Date.now() + skew + 5_000 })).toMatchObject({ state: "succeeded" });
  });

  it("masks every environment value before a document leaves the host", async () => {
    const id = await run("secretive", POLITE, ["-e", "PASSWORD=canary-secret", "-e", "EMPTY="]);
    startAgent();
    const { document, masked } = await (await linked()).call("container.inspect", { id });
    expect(JSON.stringify(document)).not.toContain("canary-secret");
    expect((document.Config as { Env: string[] }).Env).toEqual(expect.arrayContaining(["PASSWORD=•••", "EMPTY=•••"]));
    expect(masked).toBeGreaterThanOrEqual(2);
  });

  it("answers for a container that is gone", async () => {
    startAgent();
    const link = await linked();
    const id = "ab".repeat(32);
    await expect.poll(() => link.call("container.look", { id }), poll).toBeNull();
    await expect(link.call("container.inspect", { id })).rejects.toMatchObject({ code: "not_found" });
    expect(await link.change("container.start", { id }, header())).toMatchObject({ state: "failed", error: { code: "not_found" } });
  });

  it("stops cleanly within 5 s and lets the next one in", async () => {
    const agent = startAgent();
    await telemetry(await linked());
    const began = performance.now();
    expect(await end(agent, "SIGTERM")).toBe(0);
    expect(performance.now() - began).toBeLessThan(5_000);
    startAgent();
    await expect.poll(() => gateway.link("host_one")?.hello.epoch, poll).toBe(2);
  });

  it("keeps its key and its memory for itself", async () => {
    startAgent();
    await linked();
    expect(statSync(join(scratch, "state")).mode & 0o777).toBe(0o700);
    for (const file of ["key.pem", "hub.json", "operations.jsonl"]) expect(statSync(join(scratch, "state", file)).mode & 0o077).toBe(0);
    await expect.poll(() => readFileSync(join(scratch, "state/hub.json"), "utf8"), poll).toContain("host_one");
    expect(readFileSync(join(scratch, "state/hub.json"), "utf8")).not.toContain(TOKEN);
  });
});

describe("a disk", () => {
  it("that is full lets no change begin, and says what to do; with room again, the same step goes through", async () => {
    const id = await run("unharmed", POLITE);
    const state = join(scratch, "state");
    mkdirSync(state);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=128k", "tmpfs", state]);
    try {
      const agent = startAgent();
      const link = await linked();
      const filler = join(state, "filler");
      await expect.poll(() => readFileSync(join(state, "hub.json"), "utf8"), poll).toContain("host_one");
      expect(() => writeFileSync(filler, Buffer.alloc(1 << 20))).toThrow("ENOSPC");
      // The journal's last page may have room for a few lines yet.
      const mine = header();
      const refused = async () => {
        for (let i = 0; i < 40; i++) await link.change("container.unpause", { id }, header());
      };
      await expect(refused()).rejects.toThrow(/disk is full.*nothing was changed.*Make room/);
      await expect(link.change("container.restart", { id, t: 5 }, mine)).rejects.toThrow(/disk is full/);
      expect(await history(id)).not.toContain("kill");
      rmSync(filler);
      expect(await link.change("container.restart", { id, t: 5 }, mine)).toMatchObject({ state: "succeeded", settledBy: "call" });
      await end(agent, "SIGTERM");

      expect(() => writeFileSync(filler, Buffer.alloc(1 << 20))).toThrow("ENOSPC");
      expect(await new Promise((resolve) => startAgent().once("exit", resolve))).toBe(2);
      expect(logs).toMatch(/state directory .* cannot be used: its disk is full/);
      execFileSync("mount", ["-o", "remount,ro", state]);
      expect(await new Promise((resolve) => startAgent().once("exit", resolve))).toBe(2);
      expect(logs).toMatch(/read-only/);
    } finally {
      for (const agent of agents) await end(agent, "SIGKILL");
      execFileSync("umount", ["-l", state]);
    }
  });
});

describe("a host's owner", () => {
  const CHANGES = VERB_NAMES.filter(isChange);
  const forbidden = (allow: Allowance) => CHANGES.filter((verb) => allow === "view" || (allow === "operate" && CONTRACT[verb].effect === "destroy"));

  it.each<Allowance>(["view", "operate"])("who allows %s is not talked into more", async (allow) => {
    const id = await run("guarded", POLITE);
    startAgent(["--allow", allow]);
    const link = await linked();
    expect(link.hello.allow).toBe(allow);
    expect(forbidden(allow).length).toBeGreaterThan(0);
    for (const verb of forbidden(allow)) {
      const refusal = link.change(verb, { id }, header());
      await expect(refusal, verb).rejects.toThrow(new RegExp(`allows "${allow}" only`));
    }
    expect((await history(id)).filter((action) => !/^(create|attach|start)$/.test(action))).toEqual([]);
    if (allow === "operate") expect(await link.change("container.stop", { id, t: 5 }, header())).toMatchObject({ state: "succeeded" });
  });

  it("whose user may not open the engine's socket is told what to do, in the log and over the link", async () => {
    const bundle = join(scratch, "agent.mjs");
    cpSync(join(ROOT, "dist/agent.mjs"), bundle);
    chmodSync(scratch, 0o755);
    const state = join(scratch, "nobody");
    mkdirSync(state);
    execFileSync("chown", ["65534:65534", state]);
    startAgent(["--state-dir", state], { uid: 65534, bundle });
    const link = await linked();
    const frames = await telemetry(link);
    const denied = () => frames.findLast((frame) => frame.frame === "runtime")?.status;
    await expect.poll(denied, poll).toMatchObject({ state: "denied", why: expect.stringMatching(/"nobody" may not open .*usermod -aG docker nobody.*as root/) as string });
    expect(logs).toContain("runtime denied");
    await expect(link.change("container.start", { id: "ab".repeat(32) }, header())).rejects.toThrow(/may not open/);
  });
});
