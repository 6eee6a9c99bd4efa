/**
 * What an agent costs its host, with 50 idle containers on a real engine, a real hub above it and its record
 * on the disk: its memory, and its CPU together with what it makes the engine do. Nobody looks, then
 * somebody looks at the host once a second. As a process and as a container. Beside it, on the same engine in the
 * same minutes: a client that streams the stats API for all 50, which is what most dashboards do, and glances.
 */
import { fork, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Client } from "../lab/client";
import { eventually } from "../lab/eventually";
import { type FleetMirror, mirrorFleet } from "../lab/fleet-mirror";
import { install, type Installation } from "../lab/installation";
import { type Lab, LAB_IMAGE, type LabHost, startLab } from "../lab/lab";
import { type Program, ROOT } from "../lab/processes";
import { importAgentImage, runAgentContainer } from "./agent/container-form";
import { installGlances } from "./agent/glances";
import { cpuSeconds, processesWith, residentMegabytes } from "./agent/processor";
import { type Bench, type Figure, median } from "./bench";

const CONTAINERS = 50;
const TURNS = 5;
const CONTAINER_TURNS = 2;
/** Three samples and one list of the engine's containers. */
const QUIET_MS = 30_000;
const VIEWED_MS = 20_000;
const OTHERS_MS = 10_000;
/** After a start, until caches and compilers have what they need; and after any change of what runs. */
const WARM_MS = 15_000;
const SETTLE_MS = 2_000;
const BESIDE = fileURLToPath(new URL("./agent/", import.meta.url));

/** CPU seconds a minute. */
interface Cost {
  own: number;
  engine: number;
}
interface AgentRun {
  quiet: Cost;
  viewed: Cost;
  /** The larger of both ends. */
  residentMegabytes: number;
  liveSamples: number;
}

interface Stage {
  lab: Lab;
  host: LabHost;
  binnacle: Installation;
  client: Client;
  fleet: FleetMirror;
  folder: string;
  containers: string[];
  log(line: string): void;
}

/** The engine's processes: dockerd, containerd and the shims, which answer for what containers use. */
function enginePids({ lab, host }: Stage): number[] {
  return processesWith(`${lab.dir}/${host.name}/`).filter(({ program }) => /^(dockerd|containerd)/.test(program)).map(({ pid }) => pid);
}

/** What a time costs the given processes and the engine. A process that was there at both ends counts. */
async function costOf(stage: Stage, pids: () => number[], ms: number): Promise<Cost> {
  const count = (all: number[]) => new Map(all.map((pid) => [pid, cpuSeconds(pid)]));
  const [own, engine, from] = [count(pids()), count(enginePids(stage)), performance.now()];
  await pause(ms);
  const perMinute = 60_000 / (performance.now() - from);
  const grown = (before: Map<number, number>) => [...before].reduce((sum, [pid, was]) => sum + Math.max(0, cpuSeconds(pid) - was), 0);
  return { own: grown(own) * perMinute, engine: grown(engine) * perMinute };
}

/** An agent that is there already, without and with somebody who looks. */
async function measureAgent(stage: Stage, hostId: string, pid: number): Promise<AgentRun> {
  const quiet = await costOf(stage, () => [pid], QUIET_MS);
  const before = residentMegabytes(pid);
  let liveSamples = 0;
  const looking = stage.client.api.metrics.live.subscribe({ hostId }, { onData: () => void liveSamples++, onError: (error) => stage.log(`  the viewer: ${error.message}`) });
  try {
    await eventually("live figures come", () => liveSamples > 2);
    liveSamples = 0;
    const viewed = await costOf(stage, () => [pid], VIEWED_MS);
    return { quiet, viewed, residentMegabytes: Math.max(before, residentMegabytes(pid)), liveSamples };
  } finally {
    looking.unsubscribe();
  }
}

/** Ends a program that was started here, and waits until it is gone. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

async function measureStreams(stage: Stage): Promise<Cost> {
  const child = fork(join(BESIDE, "stats-client.ts"), [stage.host.socket, ...stage.containers], { execArgv: ["--import", join(ROOT, "bin/typescript.mjs")], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const ask = () => new Promise<{ containers: number; lines: number }>((resolve) => (child.once("message", (answer) => resolve(answer as { containers: number; lines: number })), child.send("how many")));
  try {
    await eventually("all streams flow", async () => (await ask()).containers === stage.containers.length);
    await pause(SETTLE_MS);
    return await costOf(stage, () => [child.pid!], OTHERS_MS);
  } finally {
    await end(child);
    await pause(SETTLE_MS);
  }
}

async function measureGlances(stage: Stage): Promise<Cost | { missing: string }> {
  const glances = await installGlances(stage.folder, stage.host.socket);
  if ("missing" in glances) return glances;
  const [program = "", ...args] = glances.command;
  const child = spawn(program, args, { env: { ...process.env, ...glances.env }, stdio: ["ignore", "pipe", "ignore"] });
  let said = "";
  child.stdout.on("data", (text: Buffer) => (said = (said + text.toString()).slice(-1_000_000)));
  try {
    await eventually("glances tells of the containers", () => said.includes(stage.containers[0]!.slice(0, 12)) || said.includes('"watched-0"'), 60_000);
    await pause(SETTLE_MS);
    // A launcher of another Python may stand before it.
    return await costOf(stage, () => processesWith("-m\0glances").map(({ pid }) => pid), 2 * OTHERS_MS);
  } catch (error) {
    return { missing: `glances ran but told nothing of the containers: ${error instanceof Error ? error.message : String(error)}` };
  } finally {
    await end(child);
  }
}

async function hostIdOf({ fleet }: Stage, name: string): Promise<string> {
  return (await eventually(`${name} is a host`, () => fleet.host(name))).id;
}

async function startProcess({ host, binnacle, client }: Stage): Promise<{ program: Program; pid: number }> {
  const program = await binnacle.join(client, host);
  return { program, pid: (await eventually("it has a pid", () => program.pid())) };
}

async function startContainer(stage: Stage): Promise<{ id: string; pid: number }> {
  const { host, lab, binnacle, client, folder } = stage;
  await importAgentImage(host, folder);
  const id = await runAgentContainer(host, `${lab.dir}/${host.name}/data`, ["--name", "container", ...(await binnacle.joinArguments(client))]);
  await eventually("the agent is accepted", async () => /accepted/.test(await host.docker(["logs", id])), 60_000);
  return { id, pid: processesWith("/agent.mjs", "--name\0container")[0]?.pid ?? Number.NaN };
}

async function runOn(stage: Stage) {
  const { log, host } = stage;
  log(`${CONTAINERS} containers run; the engine alone`);
  await pause(WARM_MS);
  const idle = [await costOf(stage, () => [], 2 * OTHERS_MS)];
  const agent = await startProcess(stage);
  const hostId = await hostIdOf(stage, stage.host.name);
  await pause(WARM_MS);
  const runs: AgentRun[] = [];
  const streams: Cost[] = [];
  for (let turn = 1; turn <= TURNS; turn++) {
    runs.push(await measureAgent(stage, hostId, agent.pid));
    streams.push(await measureStreams(stage));
    log(`  ${turn} of ${TURNS}: ${JSON.stringify({ ...runs.at(-1), streams: streams.at(-1) })}`);
  }
  await agent.program.kill();
  await pause(SETTLE_MS);
  idle.push(await costOf(stage, () => [], OTHERS_MS));
  log("as a container");
  const container = await startContainer(stage);
  const containerHost = await hostIdOf(stage, "container");
  await pause(WARM_MS);
  const inContainer: AgentRun[] = [];
  for (let turn = 1; turn <= CONTAINER_TURNS; turn++) inContainer.push(await measureAgent(stage, containerHost, container.pid));
  const seen = stage.fleet.host("container");
  await host.docker(["rm", "-f", container.id]);
  log("glances");
  const glances = await measureGlances(stage);
  return { figures: figuresOf({ idle, runs, streams, inContainer, glances }), raw: { containers: CONTAINERS, unit: "CPU seconds a minute", idle, process: runs, streams, container: inContainer, containerHost: seen, glances } };
}

type Measured = { idle: Cost[]; runs: AgentRun[]; streams: Cost[]; inContainer: AgentRun[]; glances: Cost | { missing: string } };
function figuresOf({ idle, runs, streams, inContainer, glances }: Measured): Figure[] {
  const alone = median(idle.map(({ engine }) => engine));
  /** With what the engine did beyond what it does alone. */
  const whole = ({ own, engine }: Cost) => own + Math.max(0, engine - alone);
  // The agent ran beside the streams: what it made the engine do in the same turn is not theirs.
  const streaming = median(streams.map((cost, i) => cost.own + Math.max(0, cost.engine - (runs[i]?.quiet.engine ?? alone))));
  const figures: Figure[] = [{ name: "stats API streams: CPU with the engine's", value: streaming, unit: "s/min", bound: null }];
  for (const [form, all] of [["process", runs], ["container", inContainer]] as const) {
    figures.push({ name: `${form}: memory, largest`, value: Math.max(...all.map((run) => run.residentMegabytes)), unit: "MB", bound: { op: "<=", value: 60 } });
    for (const [when, key] of [["nobody looks", "quiet"], ["looked at each second", "viewed"]] as const) {
      const cost = median(all.map((run) => whole(run[key])));
      figures.push({ name: `${form}, ${when}: CPU with the engine's`, value: cost, unit: "s/min", bound: null }, { name: `${form}, ${when}: part of the streams' CPU`, value: cost / streaming, unit: "x", bound: { op: "<=", value: 1 / 20 } });
    }
    figures.push({ name: `${form}: live samples a second`, value: median(all.map((run) => run.liveSamples)) / (VIEWED_MS / 1_000), unit: "", bound: { op: ">=", value: 0.9 } });
  }
  const missing = "missing" in glances;
  figures.push({ name: `glances could be measured${missing ? ` (no: ${glances.missing})` : ""}`, value: missing ? 0 : 1, unit: "", bound: null });
  if (!missing) figures.push({ name: "glances: CPU with the engine's", value: whole(glances), unit: "s/min", bound: null });
  return figures;
}

export const bench: Bench = {
  name: "agent",
  does: "Memory and CPU of the bundled agent with 50 containers, beside a client of the stats API and glances.",
  async run(log) {
    const folder = mkdtempSync(join(tmpdir(), "binnacle-agent-"));
    const lab = await startLab({ hosts: 1 });
    let binnacle: Installation | null = null;
    try {
      const host = lab.host(1);
      const containers: string[] = [];
      for (let i = 0; i < CONTAINERS; i++) containers.push(await host.docker(["run", "-d", "--name", `watched-${i}`, LAB_IMAGE, "sleep", "100000"]));
      binnacle = await install(lab);
      const client = await binnacle.client();
      return await runOn({ lab, host, binnacle, client, fleet: mirrorFleet(client.api), folder, containers, log });
    } finally {
      await binnacle?.close();
      await lab.down();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  },
};
