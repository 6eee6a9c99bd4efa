/**
 * How fast a log comes to a person's page: numbered 200-byte lines of a real container, counted and checked
 * one by one in the page's store in a real browser, beside what `docker logs` gives on the same machine.
 *
 * stored: a million lines from the oldest on, ours from the page's asking to the last line in its store,
 * theirs from the start of the command to its end. live: a producer at full speed; the lines that have
 * arrived after a minute. Turns alternate; while it is their turn our page is empty and the hub rests.
 * Each by both ways: from the engine's files, and, with an agent that cannot see them, over its API.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../lab/eventually";
import { mirrorFleet } from "../lab/fleet-mirror";
import { install, type Installation } from "../lab/installation";
import { type Lab, startLab } from "../lab/lab";
import { type Bench, type Figure, median } from "./bench";
import { type Browser, startBrowser } from "./logs/browser";
import { PROBE } from "./logs/probe";
import { followByDocker, followLive, readStored, readStoredByDocker, type Stage, storeLines, type Turn } from "./logs/turns";

const LINES = 1_000_000;
const STORED_TURNS = 5;
const LIVE_MS = 60_000;
const LIVE_TURNS = 2;
const STORED_WITHIN_MS = 120_000;

type Way = "files" | "api";
interface Pair {
  ours: Turn;
  theirs: Turn;
}
type Runs = Record<"stored" | "live", Pair[]>;

async function measure(stage: Stage, way: Way, log: (line: string) => void): Promise<Runs> {
  const runs: Runs = { stored: [], live: [] };
  const say = (what: string, { ours, theirs }: Pair) =>
    log(`${way}, ${what}: ${Math.round(ours.perSecond)} lines/s, docker logs ${Math.round(theirs.perSecond)} (${(ours.perSecond / theirs.perSecond).toFixed(2)}×); ${ours.lines} seen, ${ours.lost} lost, ${ours.repeated} repeated, ${ours.odd} odd; hub ${ours.micros?.hub.toFixed(2)} µs a line, agent ${ours.micros?.agent.toFixed(2)}`);
  const name = `stored-${way}`;
  await storeLines(stage.host, name, LINES);
  for (let turn = 0; turn < STORED_TURNS; turn++) {
    const pair = { ours: await readStored(stage, name, LINES, STORED_WITHIN_MS), theirs: await readStoredByDocker(stage.host, name) };
    if (pair.theirs.lines !== LINES) throw new Error(`docker logs gave ${pair.theirs.lines} of ${LINES} lines`);
    runs.stored.push(pair);
    say("stored", pair);
  }
  await stage.host.docker(["rm", "-f", name]);
  for (let turn = 0; turn < LIVE_TURNS; turn++) {
    const pair = { ours: await followLive(stage, `live-${way}-${turn}`, LIVE_MS), theirs: await followByDocker(stage.host, `theirs-${way}-${turn}`, LIVE_MS) };
    runs.live.push(pair);
    say("live", pair);
  }
  return runs;
}

const WORDS: Record<Way, string> = { files: "from the engine's files", api: "over the API" };
const BOUNDS: Record<Way, number> = { files: 2, api: 0.8 };

function figuresOf(way: Way, runs: Runs): Figure[] {
  const all = [...runs.stored, ...runs.live].map(({ ours }) => ours);
  const sum = (of: "lost" | "repeated" | "odd") => all.reduce((total, turn) => total + turn[of], 0);
  const speeds = (["stored", "live"] as const).flatMap((what): Figure[] => [
    { name: `${what} ${WORDS[way]}, beside docker logs, median of ratios`, value: median(runs[what].map(({ ours, theirs }) => ours.perSecond / theirs.perSecond)), unit: "x", bound: { op: ">=", value: BOUNDS[way] } },
    { name: `${what} ${WORDS[way]}, median`, value: median(runs[what].map(({ ours }) => ours.perSecond)), unit: "lines/s", bound: null },
    { name: `${what} by docker logs, median`, value: median(runs[what].map(({ theirs }) => theirs.perSecond)), unit: "lines/s", bound: null },
  ]);
  return [
    ...speeds,
    { name: `lines seen ${WORDS[way]}`, value: all.reduce((total, turn) => total + turn.lines, 0), unit: "", bound: { op: ">=", value: LINES * STORED_TURNS } },
    { name: `lost ${WORDS[way]}`, value: sum("lost") + sum("odd"), unit: "", bound: { op: "<=", value: 0 } },
    { name: `repeated ${WORDS[way]}`, value: sum("repeated"), unit: "", bound: { op: "<=", value: 0 } },
  ];
}

async function run(log: (line: string) => void) {
  const nothing = mkdtempSync(join(tmpdir(), "bl-"));
  let lab: Lab | undefined;
  let binnacle: Installation | undefined;
  let browser: Browser | undefined;
  try {
    lab = await startLab({ hosts: 1 });
    const host = lab.host(1);
    binnacle = await install(lab);
    const client = await binnacle.client();
    const fleet = mirrorFleet(client.api);
    browser = await startBrowser();
    const agent = await binnacle.join(client, host);
    const stage: Stage = { host, programs: { hub: binnacle.hub(), agent }, tab: await browser.open(binnacle.url, client.cookie, PROBE), url: binnacle.url, fleet };
    const files = await measure(stage, "files", log);
    await agent.stop();
    // An agent in a container that was given the engine's socket and none of the host's folders.
    const blind = binnacle.agent(host, ["--name", host.name, "--host-root", nothing]);
    await eventually("the agent is back", () => /accepted/i.test(blind.log()) && fleet.host(host.name)?.link === "up");
    const api = await measure({ ...stage, programs: { ...stage.programs, agent: blind } }, "api", log);
    fleet.close();
    return { figures: [...figuresOf("files", files), ...figuresOf("api", api)], raw: { files, api } };
  } finally {
    await browser?.close();
    await binnacle?.close();
    await lab?.down();
    rmSync(nothing, { recursive: true, force: true });
  }
}

export const bench: Bench = { name: "logs", does: "Lines a second from a real container to the page's store, stored and live, beside `docker logs`; none lost, none repeated.", run };
