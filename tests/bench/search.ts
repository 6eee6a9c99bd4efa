/**
 * A search through the logs of a fleet, beside grep over the same files: a pattern with ten hits in 1 GB of logs that
 * real containers wrote on three engines. From the page's question to its last answer: hub, tunnels and agents included.
 */
import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import type { SearchHit } from "@/server/domains/logs/schema";
import type { Client } from "../lab/client";
import { eventually } from "../lab/eventually";
import { mirrorFleet } from "../lab/fleet-mirror";
import { install, type Installation } from "../lab/installation";
import { type Lab, LAB_IMAGE, type LabHost, startLab } from "../lab/lab";
import { type Bench, median } from "./bench";

const HOSTS = 3;
/** Hits of each host. */
const HITS = [4, 3, 3];
/** Between two hits; with them 1 GB on three hosts. */
const LINES = 340_000;
const BLOCKS = 4;
const LINE_BYTES = 200;
const TURNS = 7;
/** What reads the files into memory for the first time; in the raw runs and in no figure. */
const WARM_UP = 2;
const PATTERN = "needle-[0-9]+ was lost";
const WRITE_MS = 600_000;

/** A container that writes its host's share, then ends; gives the path of its log file. */
async function write(lab: Lab, host: LabHost, hits: number): Promise<string> {
  const script = Array.from({ length: BLOCKS }, (_, i) => `spew ${LINES} ${LINE_BYTES} 2>/dev/null${i < hits ? `; echo the needle-${i} was lost` : ""}`).join("; ");
  const id = await host.docker(["run", "-d", "--name", "writer", LAB_IMAGE, "sh", "-c", script]);
  await eventually(`${host.name} has written`, async () => (await host.docker(["inspect", "-f", "{{.State.Status}}", id])) === "exited", WRITE_MS, 500);
  return join(lab.dir, host.name, "data/containers", id, `${id}-json.log`);
}

/** Seconds, and lines found. */
async function grep(files: readonly string[]): Promise<{ seconds: number; hits: number }> {
  const from = performance.now();
  // In the C locale, where it is fastest.
  const text = await new Promise<string>((resolve, reject) => execFile("grep", ["-hE", PATTERN, ...files], { env: { ...process.env, LC_ALL: "C" } }, (error, stdout) => (error ? reject(error) : resolve(stdout))));
  return { seconds: (performance.now() - from) / 1_000, hits: text.trimEnd().split("\n").length };
}

async function search({ api }: Client): Promise<{ seconds: number; hits: number }> {
  const from = performance.now();
  const found: SearchHit[] = [];
  return new Promise((resolve, reject) => {
    const query = { pattern: PATTERN, ignoreCase: false, level: null, since: null, until: null };
    const running = api.logs.search.subscribe({ within: { what: "all" }, query, hits: 100 }, {
      onError: reject,
      onData(message) {
        if (message.type === "hits") found.push(...message.hits);
        if (message.type === "skipped") reject(new Error(`a log was skipped: ${message.why}`));
        if (message.type !== "done") return;
        running.unsubscribe();
        resolve({ seconds: (performance.now() - from) / 1_000, hits: found.length });
      },
    });
  });
}

export const bench: Bench = {
  name: "search",
  does: "A pattern with 10 hits in 1 GB of logs over three hosts, beside grep over the same files.",
  async run(log) {
    let lab: Lab | undefined;
    let binnacle: Installation | undefined;
    try {
      lab = await startLab({ hosts: HOSTS });
      const files: string[] = [];
      for (const [i, host] of lab.hosts.entries()) files.push(await write(lab, host, HITS[i] ?? 0));
      const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
      log(`${(bytes / 1e9).toFixed(2)} GB of logs on ${HOSTS} engines`);
      if (bytes < 1e9) throw new Error(`only ${bytes} bytes of logs`);
      binnacle = await install(lab);
      const client = await binnacle.client();
      const fleet = mirrorFleet(client.api);
      for (const host of lab.hosts) await binnacle.join(client, host);
      await eventually("the list is whole", () => fleet.containers.size === HOSTS);
      fleet.close();
      const runs: { grep: number; search: number }[] = [];
      for (let turn = 0; turn < TURNS + WARM_UP; turn++) {
        const [byGrep, bySearch] = [await grep(files), await search(client)];
        if (byGrep.hits !== 10 || bySearch.hits !== 10) throw new Error(`grep found ${byGrep.hits} lines and the search ${bySearch.hits}, of 10`);
        runs.push({ grep: byGrep.seconds, search: bySearch.seconds });
        log(`  grep ${byGrep.seconds.toFixed(2)} s, search ${bySearch.seconds.toFixed(2)} s`);
      }
      const measured = runs.slice(WARM_UP);
      const [ours, theirs] = [median(measured.map((run) => run.search)), median(measured.map((run) => run.grep))];
      return {
        figures: [
          { name: "search beside grep over the same files, ratio of medians", value: ours / theirs, unit: "x", bound: { op: "<=" as const, value: 2 } },
          { name: "search, median", value: ours, unit: "s", bound: null },
          { name: "grep, median", value: theirs, unit: "s", bound: null },
          { name: "logs", value: bytes / 1e9, unit: "GB", bound: { op: ">=" as const, value: 1 } },
        ],
        raw: { bytes, pattern: PATTERN, runs },
      };
    } finally {
      await binnacle?.close();
      await lab?.down();
    }
  },
};
