// The two programs that `npm start` runs: the hub, and the agent of this machine.
import { fork } from "node:child_process";
import { join } from "node:path";
import { AGENT_ENV, AGENT_FLAGS } from "./agent-flags.mjs";
import { ROOT } from "./child.mjs";
import { HUB_FLAGS } from "./hub-flags.mjs";
import { say, saySlow, showLog } from "./screen.mjs";

// Both stop by themselves on SIGTERM; what has not stopped by then is ended, so that Ctrl-C takes under 5 s.
const STOP_WITHIN_MS = 4_000;
const BACKOFF_FIRST_MS = 1_000;
const BACKOFF_LONGEST_MS = 60_000;
// An agent that ran this long was well: its next end begins the waits anew.
const WELL_AFTER_MS = 60_000;
// A hub that cannot hand out a token for its own machine's agent in this time will not; the agent goes without.
const JOIN_WITHIN_MS = 10_000;

/** The address at which a program on this machine reaches the hub that says it listens on `url`. */
export function localAddress(url, env = process.env) {
  const host = env.BINNACLE_HOST;
  const port = new URL(url).port || "80";
  if (!host || host === "0.0.0.0" || host === "::") return `http://127.0.0.1:${port}`;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/**
 * Starts and stops the hub and the local agent. `stop(code)` ends both and then this process. The hub's end
 * ends everything with exit code 1; the agent is started again after growing waits.
 */
export function createProcesses({ dev }) {
  /** @type {{ hub: import("node:child_process").ChildProcess | null, agent: import("node:child_process").ChildProcess | null }} */
  const running = { hub: null, agent: null };
  let stopping = null;
  let restarting = false;
  let hubCallbacks = null;

  const start = (bundle, env, flags = []) => {
    const child = fork(join(ROOT, "dist", bundle), [], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      execArgv: [...flags, "--import", new URL("./with-parent.mjs", import.meta.url).href],
      // A group of its own: Ctrl-C reaches the launcher alone, which then stops each program once.
      detached: true,
      stdio: ["ignore", process.stdout.isTTY ? "pipe" : "inherit", "inherit", "ipc"],
    });
    if (child.stdout) showLog(child.stdout);
    child.on("error", (error) => say(`${bundle} could not be started: ${error.message}`));
    return child;
  };

  const end = (child) =>
    new Promise((resolve) => {
      if (!child || child.exitCode !== null || child.signalCode !== null) return resolve();
      const kill = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN_MS);
      child.once("exit", () => (clearTimeout(kill), resolve()));
      child.kill("SIGTERM");
    });

  const stop = (code) => {
    if (stopping) {
      // Asked twice: the person does not want to wait.
      for (const child of Object.values(running)) child?.kill("SIGKILL");
      return stopping;
    }
    say("Stopping …");
    stopping = Promise.all([end(running.agent), end(running.hub)]).then(() => process.exit(code));
    return stopping;
  };

  function startHub(callbacks) {
    hubCallbacks = callbacks;
    let url = null;
    let fatal = null;
    let ready = false;
    let setUpLink = null;
    const hub = start("hub.mjs", { NODE_ENV: dev ? "development" : "production" }, HUB_FLAGS);
    running.hub = hub;
    const slow = setTimeout(() => url && !ready && saySlow(url), callbacks.readyWithinMs);
    slow.unref();
    hub.on("message", (message) => {
      if (message.type === "listening") url = message.url;
      if (message.type === "setup") {
        setUpLink = message.link;
        if (ready) callbacks.onSetUp(setUpLink);
      }
      if (message.type === "ready" && !ready) {
        ready = true;
        clearTimeout(slow);
        callbacks.onReady(url, setUpLink);
      }
      if (message.type === "fatal") fatal = message.message;
    });
    hub.once("exit", (code, signal) => {
      if (running.hub === hub) running.hub = null;
      if (stopping || restarting) return;
      console.error(`\n${fatal ?? `The hub ended unexpectedly (${signal ? `signal ${signal}` : `exit code ${code}`}); its last lines above say why.`}`);
      void stop(1);
    });
  }

  /** For --dev: the same hub again with its new code. */
  async function restartHub() {
    if (stopping || restarting) return;
    restarting = true;
    await end(running.hub);
    restarting = false;
    if (!stopping) startHub({ ...hubCallbacks, onReady: (url) => say(`The hub runs the new code: ${url}`) });
  }

  /** A token and the hub's fingerprint for the agent of this machine; null when the hub does not answer. */
  const askToJoin = () =>
    new Promise((resolve) => {
      const hub = running.hub;
      if (!hub?.connected) return resolve(null);
      const finish = (answer) => {
        clearTimeout(timer);
        hub.off("message", onMessage);
        resolve(answer);
      };
      const onMessage = (message) => message.type === "local-join" && finish(message);
      const timer = setTimeout(() => finish(null), JOIN_WITHIN_MS);
      hub.on("message", onMessage);
      hub.send({ type: "local-join" });
    });

  async function startAgent({ hubUrl, docker }, waitMs = BACKOFF_FIRST_MS) {
    const invitation = await askToJoin();
    if (stopping) return;
    const from = performance.now();
    const agent = start("agent.mjs", {
      ...AGENT_ENV,
      BINNACLE_HUB: localAddress(hubUrl),
      BINNACLE_DOCKER: docker,
      BINNACLE_STATE_DIR: join(process.env.BINNACLE_DATA || join(ROOT, "data"), "agent"),
      ...(invitation ? { BINNACLE_PIN: invitation.pin, BINNACLE_TOKEN: invitation.token } : {}),
    }, AGENT_FLAGS);
    running.agent = agent;
    agent.once("exit", (code, signal) => {
      running.agent = null;
      if (stopping) return;
      const next = performance.now() - from > WELL_AFTER_MS ? BACKOFF_FIRST_MS : waitMs;
      say(`This machine's agent ended (${signal ?? `exit code ${code}`}); it starts again in ${Math.round(next / 1000)} s.`);
      setTimeout(() => void startAgent({ hubUrl, docker }, Math.min(next * 2, BACKOFF_LONGEST_MS)), next);
    });
  }

  return { startHub, restartHub, startAgent, stop };
}
