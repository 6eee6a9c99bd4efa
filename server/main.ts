/** The hub: starts everything in order, and stops it within seconds. Nothing else runs code by being loaded. */
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { prepareEnvironment, readConfig, type Config } from "./config";
import { openDatabase } from "./db/client";
import { asDiskError, takeDataDirectory } from "./db/data-directory";
import { migrate } from "./db/migrate";
import { loadSecrets } from "./auth/secrets";
import { createLauncher, type Launcher } from "./launcher";
import { systemClock } from "./lib/clock";
import { AppError, describeError } from "./lib/errors";
import { loadHubIdentity } from "./lib/hub-identity";
import { createLogger, type Logger } from "./lib/logger";
import { startSchedule } from "./schedule";
import { namedHost, wireHub, type Hub } from "./wiring";

/** A start that hangs is killed by whoever waits; a stop that hangs ends here. */
const STOP_MS = 3_500;
const LAST_LINES_MS = 50;
const RENDER_MS = 30_000;
/** A second rests between "is this session still good?" and closed sockets, so look twice as often. */
const RECHECK_SOCKETS_MS = 500;
const OVERFULL_MS = 1_000;
const SWEEP_MS = 3_600_000;
const SWEEP_RECORDS_MS = 600_000;

const launcher = createLauncher();
/** What to undo, newest first. */
const undo: (() => unknown)[] = [];
let log: Logger = createLogger("info");

async function start(): Promise<void> {
  process.umask(0o077); // what the hub writes is for its own user
  const config = readConfig();
  prepareEnvironment(config);
  log = createLogger(config.logLevel);
  const hub = await build(config);
  const { port } = await hub.server.listen(config.port, config.host);
  hub.listening.port = port;
  const url = `http://${namedHost(config) ?? "localhost"}:${port}`;
  log.info({ url, version: config.version, data: config.dataDirectory }, "listening");
  await launcher.tell({ type: "listening", url });

  await welcomeFirst(config, hub, url);
  undo.push(startSchedule(jobs(hub), systemClock, log));
  launcher.onLocalJoin(() => void answerLocalJoin(hub).catch((error: unknown) => log.error({ err: error }, "no token for this machine's agent")));
  await hub.pages.prepare();
  undo.push(() => hub.pages.close());
  await renderOnePage(config, hub, port);
  log.info({ url }, "ready");
  await launcher.tell({ type: "ready" });
}

/** From the data directory to the wired hub; each step's undoing is noted as soon as it is needed. */
async function build(config: Config): Promise<Hub> {
  const data = await takeDataDirectory(config.dataDirectory);
  undo.push(() => data.release());
  try {
    const applied = await migrate(data.databaseFile, `${config.root}/prisma/migrations`);
    if (applied.length > 0) log.info({ applied }, "database brought up to date");
    const database = await openDatabase(data.databaseFile);
    undo.push(() => database.close());
    const secrets = loadSecrets(data.path);
    const identity = await loadHubIdentity(data.path);
    const hub = await wireHub({ config, database, secrets, identity, clock: systemClock, log });
    // Last first: the pages' sockets and the tunnels end, so that the server has nothing left to wait for.
    undo.push(() => hub.server.close(), () => hub.fleet.stop(), () => hub.gateway.close(), () => hub.trpcSocket.close(), () => hub.streamSocket.close(), () => hub.sockets.closeAll("the hub is stopping"), () => hub.operations.stop(), () => hub.metrics.stop());
    hub.metrics.start();
    await hub.fleet.start();
    await hub.operations.start();
    return hub;
  } catch (error) {
    throw asDiskError(error, data.path) ?? error;
  }
}

/** The first administrator: from the environment, else by a link that is good for one day or until the next start. */
async function welcomeFirst(config: Config, hub: Hub, url: string): Promise<void> {
  if (config.admin) await hub.accounts.seedAdministrator(config.admin);
  const secret = await hub.accounts.makeSetupLink();
  if (secret === null) return;
  const link = `${url}/set-up#${secret}`;
  await launcher.tell({ type: "setup", link });
  if (!launcher.present) process.stdout.write(`Set up Binnacle here, once, within 24 hours: ${link}\n`);
}

function jobs({ accounts, sockets, fleet }: Hub) {
  return [
    { name: "close sockets of ended sessions", everyMs: RECHECK_SOCKETS_MS, run: () => accounts.recheckSockets() },
    { name: "end overfull sockets", everyMs: OVERFULL_MS, run: () => void sockets.endOverfull() },
    { name: "remove expired sessions and links", everyMs: SWEEP_MS, run: () => accounts.removeExpired() },
    { name: "remove old records", everyMs: SWEEP_RECORDS_MS, run: async () => void (await fleet.sweep()) },
  ];
}

async function answerLocalJoin(hub: Hub): Promise<void> {
  const { token } = await hub.hosts.issueJoin({ tags: [], uses: 1, minutes: 15, createdBy: "local" });
  await launcher.tell({ type: "local-join", token, pin: hub.settings.view().pin });
}

/** The pages work when one of them was rendered through the server itself. */
async function renderOnePage(config: Config, hub: Hub, port: number): Promise<void> {
  const response = await fetch(`http://${namedHost(config) ?? "127.0.0.1"}:${port}/sign-in`, { signal: AbortSignal.timeout(RENDER_MS), redirect: "manual" });
  await response.arrayBuffer();
  if (response.status >= 400) throw new Error(`the sign-in page answered ${response.status}`);
  hub.rendered.once = true;
}

let stopping = false;
async function stop(code: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  // The process must end even if something below does not. Not by the Clock, whose timers keep nothing
  // alive: with the last socket closed, Node would end before the last writes.
  void setTimeout(STOP_MS).then(() => {
    log.warn("a part took too long to stop");
    process.exit(code);
  });
  for (const step of undo.reverse()) {
    await Promise.resolve().then(step).catch((error: unknown) => log.warn({ err: describeError(error) }, "a part did not stop cleanly"));
  }
  log.info("stopped");
  // The log is written without waiting, so that a halted terminal cannot halt the hub; its end needs a moment.
  await setTimeout(LAST_LINES_MS);
  process.exit(code);
}

async function fail(error: unknown, channel: Launcher): Promise<void> {
  const expected = error instanceof AppError;
  const message = expected ? error.message : `Binnacle could not start: ${describeError(error)}`;
  if (!expected) log.fatal({ err: error }, "start failed");
  if (!channel.present) process.stderr.write(`${message}\n`);
  await channel.tell({ type: "fatal", message });
  await stop(1);
}

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => void stop(0));
// Unforeseen: say where, and end. The data is safe (every write is a transaction), and the launcher reports it.
process.on("uncaughtException", (error) => {
  log.fatal({ err: error }, "a mistake in Binnacle ended it");
  void stop(1);
});
process.on("unhandledRejection", (error) => {
  log.fatal({ err: error }, "a mistake in Binnacle ended it");
  void stop(1);
});
start().catch((error: unknown) => fail(error, launcher));
