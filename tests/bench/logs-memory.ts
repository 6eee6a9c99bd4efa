/**
 * Whether the hub's memory grows while logs flow and things go wrong: for ten minutes there are a tab in a
 * real browser that hangs, readers that read nothing, an agent that is stopped in mid-stream for most of each
 * round and then loses its link, and readers that come and go all the time.
 *
 * Each round of 15 s ends with a quiet moment: the readers that work are closed, the stopped agent goes on,
 * and two seconds later the hub's resident memory is read. The first two minutes warm up. The figure is the
 * median of the slopes between all pairs of the later samples (Theil–Sen), so that one late or early
 * collection of garbage does not decide it.
 */
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "../lab/client";
import { eventually } from "../lab/eventually";
import { type FleetMirror, mirrorFleet } from "../lab/fleet-mirror";
import { install, type Installation } from "../lab/installation";
import { type Lab, LAB_IMAGE, startLab } from "../lab/lab";
import type { Program } from "../lab/processes";
import { type Bench, median } from "./bench";
import { type Browser, startBrowser } from "./logs/browser";
import { PROBE, untilOpen } from "./logs/probe";
import { openReader, type Reader } from "./logs/reader";

const TOTAL_MS = 10 * 60_000;
const WARM_UP_MS = 2 * 60_000;
const FLOW_MS = 12_500;
const QUIET_MS = 2_500;
/** Readers that come and go, on each host. */
const READERS = 4;
const STALLED_READERS = 2;
/** Two containers a host, each so fast. */
const LINES_PER_SECOND = 5_000;
const NAMES = ["talker-1", "talker-2"];

interface Sample {
  minutes: number;
  megabytes: number;
}

function residentMegabytes(program: Program): number {
  const status = readFileSync(`/proc/${program.pid()}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1_024;
}

/** The median of the slopes between all pairs, a minute. */
export function slopeOf(samples: readonly Sample[]): number {
  const slopes = samples.flatMap((one, i) => samples.slice(i + 1).map((other) => (other.megabytes - one.megabytes) / (other.minutes - one.minutes)));
  return median(slopes);
}

interface Scene {
  hub: Program;
  /** The agent that is stopped again and again. */
  stopped: Program;
  /** Resets the connections of that agent's host. */
  cut(): Promise<void>;
  open(isStalled: boolean): Promise<Reader[]>;
  log(line: string): void;
}

async function observe({ hub, stopped, cut, open, log }: Scene): Promise<{ samples: Sample[]; bytes: number }> {
  const samples: Sample[] = [];
  const began = performance.now();
  let bytes = 0;
  while (performance.now() - began < TOTAL_MS) {
    const readers: Reader[] = [];
    const until = performance.now() + FLOW_MS;
    for (let step = 0; step < READERS / NAMES.length; step++) {
      readers.push(...(await open(false)));
      await pause(FLOW_MS / 4);
      if (step === 0) stopped.signal("SIGSTOP");
    }
    await pause(Math.max(0, until - performance.now()));
    stopped.signal("SIGCONT");
    await cut();
    for (const reader of readers) {
      bytes += reader.bytes();
      reader.close();
    }
    await pause(QUIET_MS);
    samples.push({ minutes: (performance.now() - began) / 60_000, megabytes: residentMegabytes(hub) });
    log(`${samples.at(-1)!.minutes.toFixed(1)} min: hub at ${samples.at(-1)!.megabytes.toFixed(1)} MB, ${(bytes / 1e6).toFixed(0)} MB read`);
  }
  return { samples, bytes };
}

/** A real tab on a log, whose page has stopped. */
async function hangTab(browser: Browser, url: string, client: Client, key: string): Promise<void> {
  const tab = await browser.open(url, client.cookie, PROBE);
  await tab.goto(`${url}/logs?c=${encodeURIComponent(key)}`);
  await untilOpen(tab);
  await tab.halt();
}

function openAll(client: Client, url: string, fleet: FleetMirror, hosts: readonly string[]): Scene["open"] {
  const containers = hosts.flatMap((host) => NAMES.map((name) => fleet.container(host, name)!));
  return (isStalled) => Promise.all(containers.map(({ hostId, id }) => openReader(client, url, { hostId, id }, isStalled)));
}

async function run(log: (line: string) => void) {
  let lab: Lab | undefined;
  let binnacle: Installation | undefined;
  let browser: Browser | undefined;
  try {
    lab = await startLab({ hosts: 2 });
    for (const host of lab.hosts) for (const name of NAMES) await host.docker(["run", "-d", "--name", name, "--log-opt", "max-size=20m", "--log-opt", "max-file=3", LAB_IMAGE, "spew", "1000000000", "200", String(LINES_PER_SECOND)]);
    binnacle = await install(lab);
    const client = await binnacle.client();
    const fleet = mirrorFleet(client.api);
    const agents: Program[] = [];
    for (const host of lab.hosts) agents.push(await binnacle.join(client, host));
    await eventually("all containers are known", () => fleet.containers.size === lab!.hosts.length * NAMES.length);
    browser = await startBrowser();
    await hangTab(browser, binnacle.url, client, fleet.container("h1", NAMES[0]!)!.key);
    const open = openAll(client, binnacle.url, fleet, lab.hosts.map(({ name }) => name));
    for (let i = 0; i < STALLED_READERS / 2; i++) await open(true);
    const { samples, bytes } = await observe({ hub: binnacle.hub(), stopped: agents[1]!, cut: () => lab!.host(2).reset(), open, log });
    fleet.close();
    const later = samples.filter(({ minutes }) => minutes * 60_000 >= WARM_UP_MS);
    return {
      figures: [
        { name: "hub's memory grows, median slope of the last 8 minutes", value: slopeOf(later), unit: "MB/min", bound: { op: "<=" as const, value: 1 } },
        { name: "hub's memory at the end", value: later.at(-1)!.megabytes, unit: "MB", bound: null },
        { name: "bytes of logs read meanwhile", value: bytes / 1e6, unit: "MB", bound: { op: ">=" as const, value: 500 } },
      ],
      raw: { samples },
    };
  } finally {
    await browser?.close();
    await binnacle?.close();
    await lab?.down();
  }
}

export const bench: Bench = { name: "logs-memory", does: "The hub's memory over ten minutes of logs with a hung tab, a stopped agent and readers that come and go.", run };
