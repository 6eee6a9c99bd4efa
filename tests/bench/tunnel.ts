/**
 * The link with 500 agents: what a tunnel costs the hub in memory, beside a bare WebSocket; how long until
 * all are back after the hub was killed; and what is left after rounds of abrupt ends in mid-stream.
 */
import { fork, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { TIMES } from "@/protocol/limits";
import { makeIdentity, pinOf, type LinkIdentity } from "@/protocol/wire/identity";
import { median, type Bench } from "./bench";
import type { AgentsLook, AgentsRequest } from "./tunnel/agents";
import type { HubLook, HubRequest } from "./tunnel/hub";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const AGENTS = 500;
const TURNS = 5;
const ROUNDS = 10;
const STREAMS_EACH = 3;
const WITHIN_MS = 60_000;
const PAUSE_MS = 25;

interface Program<Request> {
  tell<Answer>(request: Request): Promise<Answer>;
  kill(): Promise<void>;
}
type Hub = Program<HubRequest>;
type Agents = Program<AgentsRequest>;
type Kind = "link" | "bare";
interface Stage {
  startHub(): Hub;
  agents: Agents;
  identity: LinkIdentity;
  pin: string;
  log(line: string): void;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks again and again until the answer is what it should be. Throws when it never is. */
async function untilLook<Look>(ask: () => Promise<Look>, good: (look: Look) => boolean, what: string): Promise<Look> {
  const end = performance.now() + WITHIN_MS;
  for (;;) {
    const look = await ask();
    if (good(look)) return look;
    if (performance.now() > end) throw new Error(`${what}: not within ${WITHIN_MS / 1_000} s, but ${JSON.stringify(look)}`);
    await pause(PAUSE_MS);
  }
}

/** Runs a bundled program; one request at a time, in the order asked. */
function program<Request>(file: string, running: Set<ChildProcess>): Program<Request> {
  const child = fork(file, [], { execArgv: ["--expose-gc"], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const gone = new Promise<void>((resolve) => child.once("exit", () => (running.delete(child), resolve())));
  running.add(child);
  let last: Promise<unknown> = Promise.resolve();
  return {
    tell<Answer>(request: Request) {
      const answer = last.then(
        () =>
          new Promise<Answer>((resolve, reject) => {
            child.once("message", (message) => resolve(message as Answer));
            void gone.then(() => reject(new Error(`a program of the bench ended (${child.exitCode ?? child.signalCode})`)));
            child.send(request as object);
          }),
      );
      last = answer.catch(() => undefined);
      return answer;
    },
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

const lookAt = (hub: Hub, memory = false) => hub.tell<HubLook>({ do: "look", memory });
const full = (look: HubLook) => look.tunnels === AGENTS && look.handshakes === 0;
const empty = (look: HubLook) => look.tunnels + look.handshakes + look.openStreams + look.sockets + look.callersWaiting === 0;


/** A listening hub without tunnels, and what it looks like then. */
async function listen(stage: Stage, kind: Kind, port = 0): Promise<{ hub: Hub; port: number; before: HubLook }> {
  const hub = stage.startHub();
  const listening = await hub.tell<number>({ do: "listen", kind, port, identity: stage.identity });
  return { hub, port: listening, before: await lookAt(hub, true) };
}
const dial = (stage: Stage, kind: Kind, port: number) => stage.agents.tell<AgentsLook>({ do: "dial", kind, url: `http://127.0.0.1:${port}`, pin: stage.pin });

/** KiB of hub memory for each tunnel of one kind, in a hub of its own. */
async function memoryEach(stage: Stage, kind: Kind): Promise<number> {
  const { hub, port, before } = await listen(stage, kind);
  try {
    await dial(stage, kind, port);
    await untilLook(() => lookAt(hub), full, `${AGENTS} tunnels up`);
    const look = await lookAt(hub, true);
    return (look.residentBytes - before.residentBytes) / AGENTS / 1_024;
  } finally {
    await stage.agents.tell({ do: "stop" });
    await hub.kill();
  }
}

interface Return {
  seconds: number;
  /** Until the new hub listened. */
  hubSeconds: number;
  /** What the hub spent on it. */
  hubBusySeconds: number;
  dials: number;
}

/** Seconds from the kill of the hub, which is started again at once on its port, until all agents are back. */
async function reconnects(stage: Stage): Promise<Return[]> {
  const returns: Return[] = [];
  const first = await listen(stage, "link");
  const { port } = first;
  let { hub } = first;
  try {
    await dial(stage, "link", port);
    for (let turn = 0; turn < TURNS; turn++) {
      await untilLook(() => lookAt(hub), full, `${AGENTS} tunnels up`);
      await pause(TIMES.silenceMs + 1_000); // as links are that stood for a while: their backoff begins anew
      const from = performance.now();
      await hub.kill();
      let before: HubLook;
      ({ hub, before } = await listen(stage, "link", port));
      const hubSeconds = (performance.now() - from) / 1_000;
      const look = await untilLook(() => lookAt(hub), full, `${AGENTS} tunnels back`);
      const seconds = (performance.now() - from) / 1_000;
      returns.push({ seconds, hubSeconds, hubBusySeconds: (look.busyMs - before.busyMs) / 1_000, dials: look.dials });
      stage.log(`  all back after ${seconds.toFixed(2)} s: ${JSON.stringify(returns.at(-1))}`);
    }
    return returns;
  } finally {
    await stage.agents.tell({ do: "stop" });
    await hub.kill();
  }
}

interface Round {
  left: number;
  agentFaults: number;
  residentMegabytes: number;
}

/** What is left in both processes after each round of tunnels that were cut off with their streams open. */
async function leaks(stage: Stage): Promise<Round[]> {
  const rounds: Round[] = [];
  const { hub, port, before } = await listen(stage, "link");
  const agentsBefore = await stage.agents.tell<AgentsLook>({ do: "look" });
  try {
    for (let round = 0; round < ROUNDS; round++) {
      await dial(stage, "link", port);
      await untilLook(() => lookAt(hub), full, `${AGENTS} tunnels up`);
      await hub.tell({ do: "engage", streams: STREAMS_EACH });
      // In turn: the hub's side resets everything, the agents' side goes away.
      if (round % 2 === 0) await hub.tell({ do: "cut" });
      await stage.agents.tell({ do: "stop" });
      // Twice, a second apart: a dial that was on its way when the agents stopped still knocks after a first empty look.
      const letGo = (look: HubLook) => empty(look) && look.resources <= before.resources;
      for (const wait of [1_000, 0]) {
        await untilLook(() => lookAt(hub), letGo, "nothing left").catch(() => undefined); // what is left is the figure
        await pause(wait);
      }
      const look = await lookAt(hub, true);
      const agents = await untilLook(() => stage.agents.tell<AgentsLook>({ do: "look" }), (one) => one.resources <= agentsBefore.resources, "the agents let go").catch(() => stage.agents.tell<AgentsLook>({ do: "look" }));
      const things = look.tunnels + look.handshakes + look.openStreams + look.sockets + look.callersWaiting;
      const handles = Math.max(0, look.resources - before.resources) + Math.max(0, agents.resources - agentsBefore.resources);
      rounds.push({ left: things + handles, agentFaults: agents.faults, residentMegabytes: look.residentBytes / 2 ** 20 });
      stage.log(`  round ${round + 1}: ${things + handles} left, hub at ${rounds.at(-1)?.residentMegabytes.toFixed(0)} MiB`);
    }
    return rounds;
  } finally {
    await stage.agents.tell({ do: "stop" });
    await hub.kill();
  }
}

async function runOn(stage: Stage) {
  stage.log(`making ${AGENTS} identities`);
  await stage.agents.tell({ do: "prepare", count: AGENTS });
  const link: number[] = [];
  const bare: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    link.push(await memoryEach(stage, "link"));
    bare.push(await memoryEach(stage, "bare"));
    stage.log(`  ${link.at(-1)?.toFixed(0)} KiB a tunnel, ${bare.at(-1)?.toFixed(0)} KiB a bare WebSocket`);
  }
  stage.log(`killing the hub under ${AGENTS} tunnels, ${TURNS} times`);
  const returns = await reconnects(stage);
  const seconds = returns.map((one) => one.seconds);
  stage.log(`cutting ${AGENTS} tunnels with ${STREAMS_EACH} streams each, ${ROUNDS} times`);
  const rounds = await leaks(stage);
  const left = rounds.reduce((sum, round) => sum + round.left + round.agentFaults, 0);
  const figures = [
    { name: "hub memory a tunnel, median", value: median(link), unit: "KiB", bound: { op: "<=" as const, value: 150 } },
    { name: "the same of a bare WebSocket", value: median(bare), unit: "KiB", bound: null },
    { name: "tunnel to bare WebSocket", value: median(link.map((one, i) => one / (bare[i] ?? Number.NaN))), unit: "x", bound: null },
    { name: "all agents back after a hub kill, slowest", value: Math.max(...seconds), unit: "s", bound: { op: "<=" as const, value: 10 } },
    { name: "all agents back after a hub kill, median", value: median(seconds), unit: "s", bound: null },
    { name: `left after ${ROUNDS} rounds of abrupt end`, value: left, unit: "", bound: { op: "<=" as const, value: 0 } },
    { name: "hub memory grown from round 2 to the last", value: (rounds.at(-1)?.residentMegabytes ?? Number.NaN) - (rounds[1]?.residentMegabytes ?? Number.NaN), unit: "MiB", bound: null },
  ];
  return { figures, raw: { agents: AGENTS, linkKiB: link, bareKiB: bare, returns, rounds } };
}

export const bench: Bench = {
  name: "tunnel",
  does: `${AGENTS} tunnels: hub memory each, seconds until all are back after a hub kill, what abrupt ends leave behind`,
  async run(log) {
    // Within the tree, so that the bundles find the packages they leave out.
    mkdirSync(join(ROOT, "dist"), { recursive: true });
    const folder = mkdtempSync(join(ROOT, "dist/bench-"));
    const running = new Set<ChildProcess>();
    try {
      await build({
        entryPoints: ["hub", "agents"].map((name) => join(ROOT, `tests/bench/tunnel/${name}.ts`)),
        outdir: folder, outExtension: { ".js": ".mjs" }, bundle: true, packages: "external", platform: "node", format: "esm", target: "node20", alias: { "@": ROOT }, logLevel: "warning",
      });
      const identity = await makeIdentity("bench hub");
      return await runOn({
        startHub: () => program<HubRequest>(join(folder, "hub.mjs"), running),
        agents: program<AgentsRequest>(join(folder, "agents.mjs"), running),
        identity,
        pin: pinOf(identity.certificatePem),
        log,
      });
    } finally {
      for (const child of running) child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
