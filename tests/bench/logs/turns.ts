/** One turn of the bench `logs`, ours or `docker logs`' own, on a container made for it or on a stored one. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { FleetMirror } from "../../lab/fleet-mirror";
import { eventually } from "../../lab/eventually";
import { LAB_IMAGE, type LabHost } from "../../lab/lab";
import type { Program } from "../../lab/processes";
import type { Tab } from "./browser";
import { during, readOn, type Seen, untilLines, untilOpen } from "./probe";

export const LINE_BYTES = 200;
/** A container that waits for /go, so that both readers are there when the first line is written. */
const WAIT_AND_SPEW = `while [ ! -e /go ]; do sleep 0.05; done; exec spew 1000000000 ${LINE_BYTES} 0 2>/dev/null`;
/** Of /proc/PID/stat. */
const TICKS_PER_SECOND = 100;
/** What `docker logs -f` needs until it follows. */
const SETTLE_MS = 500;

export interface Stage {
  host: LabHost;
  /** Those whose work is counted during our turns. */
  programs: { hub: Program; agent: Program };
  tab: Tab;
  url: string;
  fleet: FleetMirror;
}
export interface Turn extends Seen {
  perSecond: number;
  /** Processor time a line, in microseconds, where it was counted. */
  micros?: Record<"hub" | "agent", number>;
}
const turnOf = (seen: Seen): Turn => ({ ...seen, perSecond: (seen.lines / seen.ms) * 1_000 });

/** Processor seconds that a program has used. */
function processorSeconds(program: Program): number {
  const stat = readFileSync(`/proc/${program.pid()}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
/** A turn of ours, with what it cost the hub and the agent. */
async function counted({ programs: { hub, agent } }: Stage, take: () => Promise<Seen>): Promise<Turn> {
  const before = { hub: processorSeconds(hub), agent: processorSeconds(agent) };
  const seen = await take();
  const of = (name: "hub" | "agent", program: Program) => ((processorSeconds(program) - before[name]) / seen.lines) * 1e6;
  return { ...turnOf(seen), micros: { hub: of("hub", hub), agent: of("agent", agent) } };
}
const theirTurn = (bytes: number, ms: number): Turn => turnOf({ lines: Math.floor(bytes / LINE_BYTES), lost: 0, repeated: 0, odd: 0, ms });

/** A container that has written so many lines and ended. */
export async function storeLines(host: LabHost, name: string, lines: number): Promise<void> {
  await host.docker(["run", "-d", "--name", name, "--log-driver", "json-file", LAB_IMAGE, "sh", "-c", `exec spew ${lines} ${LINE_BYTES} 0 2>/dev/null`]);
  await host.docker(["wait", name]);
}

/** Our turn on stored lines: from the page's asking to the last line in its store. */
export async function readStored(stage: Stage, name: string, lines: number, withinMs: number): Promise<Turn> {
  const { tab, url } = stage;
  const address = `${url}/logs?c=${encodeURIComponent(await keyOf(stage, name))}&from=oldest`;
  const turn = await counted(stage, async () => {
    await tab.goto(address);
    await untilOpen(tab);
    await readOn(tab);
    return untilLines(tab, lines, withinMs);
  });
  await tab.goto("about:blank");
  return turn;
}

/** Their turn on the same lines: from the start of the command to its end. */
export async function readStoredByDocker(host: LabHost, name: string): Promise<Turn> {
  const from = performance.now();
  const { child, bytes } = dockerLogs(host, [name]);
  await new Promise((resolve) => child.once("close", resolve));
  return theirTurn(bytes(), performance.now() - from);
}

/** Our turn on a live log: what is in the page's store after `ms` of a producer at full speed. */
export async function followLive(stage: Stage, name: string, ms: number): Promise<Turn> {
  const { host, tab, url } = stage;
  return withProducer(host, name, async (go) => {
    await tab.goto(`${url}/logs?c=${encodeURIComponent(await keyOf(stage, name))}`);
    await untilOpen(tab);
    await pause(SETTLE_MS);
    const turn = await counted(stage, async () => {
      const seen = during(tab, ms);
      await go();
      return seen;
    });
    await tab.goto("about:blank");
    return turn;
  });
}

/** Their turn on a container of the same kind. */
export async function followByDocker(host: LabHost, name: string, ms: number): Promise<Turn> {
  return withProducer(host, name, async (go) => {
    const { child, bytes } = dockerLogs(host, ["-f", name]);
    try {
      await pause(SETTLE_MS);
      const from = performance.now();
      const over = pause(ms);
      await go();
      await over;
      return theirTurn(bytes(), performance.now() - from);
    } finally {
      child.kill("SIGKILL");
    }
  });
}

async function withProducer<T>(host: LabHost, name: string, use: (go: () => Promise<unknown>) => Promise<T>): Promise<T> {
  await host.docker(["run", "-d", "--name", name, "--log-driver", "json-file", LAB_IMAGE, "sh", "-c", WAIT_AND_SPEW]);
  try {
    return await use(() => host.docker(["exec", name, "touch", "/go"]));
  } finally {
    await host.docker(["rm", "-f", name]);
  }
}

function dockerLogs(host: LabHost, args: string[]): { child: ChildProcess; bytes: () => number } {
  const child = spawn("docker", ["-H", `unix://${host.socket}`, "logs", ...args], { stdio: ["ignore", "pipe", "ignore"] });
  let bytes = 0;
  child.stdout!.on("data", (chunk: Buffer) => (bytes += chunk.length));
  return { child, bytes: () => bytes };
}

/** The container's lasting address, once the fleet knows of it. */
async function keyOf({ host, fleet }: Pick<Stage, "host" | "fleet">, name: string): Promise<string> {
  return (await eventually(`${name} is known`, () => fleet.container(host.name, name))).key;
}
