/** The agent's composition root: the only file that constructs, wires, starts and stops. */
import { IdentityError } from "@/protocol/wire/identity";
import { systemClock } from "./clock";
import { type AgentConfig, ConfigError, helpText, readConfig } from "./config";
import { createContainerHandlers } from "./handlers/container";
import { createLogHandlers } from "./handlers/logs";
import { createMetricsHandlers } from "./handlers/metrics";
import { createOperationHandlers } from "./handlers/operation";
import { createTelemetryHandlers } from "./handlers/telemetry";
import { afterAccept, mergeHubMemory } from "./hub-memory";
import { loadAgentIdentity } from "./identity";
import { AGENT_VERSION, introduce } from "./introduction";
import { createLog, type Log } from "./log";
import { createLogs } from "./logs/logs";
import { openJournal } from "./operations/journal";
import { createOperations, type Operations } from "./operations/operations";
import { createMetrics } from "./metrics/metrics";
import { createReach } from "./reach";
import { createReflector } from "./reflector";
import { createDockerRuntime } from "./runtime/docker/docker";
import { findEngines } from "./runtime/docker/discovery";
import { openSpool } from "./spool/spool";
import { openStateDir, type StateDir, StateDirError } from "./state-dir";
import { createBlackBoxes } from "./telemetry/black-box";
import { createAgentTunnel, type TunnelState } from "./tunnel/create-tunnel";

const clock = systemClock;
/** A clean stop waits this long for what is being written. */
const STOP_MS = 3_000;

async function start(config: AgentConfig, stateDir: StateDir, log: Log): Promise<() => Promise<void>> {
  let memory = mergeHubMemory(config, stateDir.hub());
  stateDir.rememberHub(memory);
  const identity = await loadAgentIdentity(stateDir.path);
  log.info(`Binnacle agent ${AGENT_VERSION}, allows ${config.allow}, state in ${stateDir.path}, hub ${memory.hub}`);

  const runtime = createDockerRuntime({ candidates: () => findEngines(config.engine), clock });
  const journal = await openJournal({
    dir: stateDir.path,
    clock,
    onBadLine: (count) => log.warn(`${count} line(s) of the journal could not be read and are left out`),
  });
  const spool = await openSpool({ dir: stateDir.path, epoch: stateDir.epoch, rememberEpoch: stateDir.rememberEpoch, clock, log });
  const operations: Operations = createOperations({ runtime, journal, allow: config.allow, ended: (step, outcome) => void spool.append("outcome", { step, outcome }), clock, log });
  const boxes = createBlackBoxes({
    runtime,
    lastLines: (id, lines) => logs.lastLines(id, lines),
    window: (id) => metrics.window(id),
    keep(box) {
      spool.append("box", box);
      return spool.written();
    },
    clock,
    log,
  });
  const reflector = createReflector({
    runtime, clock, log,
    earlier: spool.earlier,
    stepAt: operations.stepAt,
    happened: (event) => boxes.note(event, spool.append("event", event)),
    missed: spool.noteGap,
    reach: createReach({ metrics: () => metrics.reach(), logs: () => logs.reach() }),
  });
  const logs = createLogs({ runtime, reflector, clock, hostRoot: config.hostRoot ?? "" });
  const metrics = createMetrics({ runtime, reflector, clock, hostRoot: config.hostRoot });
  reflector.subscribe((change) => {
    if (change.what !== "container") return;
    const container = reflector.containers().get(change.id);
    if (container) boxes.seen(container);
    else boxes.gone(change.id);
  });
  metrics.start((sample) => void spool.append("sample", sample));
  reflector.start();
  void operations.settleOpen();

  const tunnel = createAgentTunnel({
    hub: memory.hub,
    pin: memory.pin,
    identity,
    clock,
    handlers: {
      ...createTelemetryHandlers({ reflector, spool, clock }),
      ...createContainerHandlers({ runtime, operations }),
      ...createOperationHandlers({ operations }),
      ...createLogHandlers({ logs, clock }),
      ...createMetricsHandlers({ metrics }),
    },
    hello: () => ({ ...introduce(clock.now()), allow: config.allow, name: config.name, token: memory.token, epoch: spool.last().epoch, runtime: reflector.status() }),
    onAccepted({ hostId, hostName }) {
      const next = afterAccept(memory, { hostId, hostName });
      if (JSON.stringify(next) === JSON.stringify(memory)) return;
      memory = next;
      try {
        stateDir.rememberHub(next);
      } catch (error) {
        log.error("being accepted could not be remembered; the next start may need a new token", error);
      }
    },
    onRefused: ({ code, message }) => log.warn(`the hub refused this agent (${code}): ${message}`),
    onState: tellStates(log),
    onBug: (verb, error) => log.error(`${verb} failed`, error),
  });

  return async () => {
    tunnel.stop();
    metrics.stop();
    logs.stop();
    reflector.stop();
    await journal.close();
    await spool.close();
    stateDir.release();
  };
}

/** A line for each change that a person would want to know; a hub that stays away for the same reason is told once. */
function tellStates(log: Log): (state: TunnelState) => void {
  let told = "";
  return (state) => {
    if (state.state === "accepted") {
      log.info(`accepted by the hub as "${state.hostName}"`);
      told = "";
    } else if (state.state === "waiting" && state.why !== told) {
      log.warn(`no link to the hub: ${state.why}; trying on`);
      told = state.why;
    }
  };
}

async function main(): Promise<void> {
  const log = createLog((line) => process.stdout.write(line), clock.now);
  process.stdout.on("error", () => {}); // a closed terminal or pipe must not end the agent
  const config = readConfig();
  if (config === null) return void process.stdout.write(helpText());
  const stateDir = openStateDir(config.stateDir);
  process.on("exit", stateDir.release);
  process.on("uncaughtException", (error) => {
    log.error("the agent has a bug and ends", error);
    process.exit(1);
  });
  const stop = await start(config, stateDir, log);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      log.info("stopping");
      clock.after(STOP_MS, () => process.exit(0));
      void stop().finally(() => process.exit(0));
    });
  }
}

main().catch((error: unknown) => {
  const forPerson = error instanceof ConfigError || error instanceof StateDirError || error instanceof IdentityError;
  process.stderr.write(forPerson ? `${error.message}\n` : `The agent could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = forPerson ? 2 : 1;
  if (!forPerson) process.exit();
});
