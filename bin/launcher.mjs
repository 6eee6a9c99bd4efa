import { install } from "./install.mjs";
import { build } from "./build.mjs";
import { Plain } from "./console.mjs";
import { whenNpmIsGone } from "./npm-parent.mjs";
import { createProcesses } from "./processes.mjs";
import { findRuntime } from "./runtime.mjs";
import { say, sayReady, saySetUp } from "./screen.mjs";

const FLAGS = {
  "--dev": "rebuild and reload while you edit the sources",
  "--no-agent": "do not watch this machine, only the hosts that you add",
  "--help": "show this list",
};
const listFlags = () => Object.entries(FLAGS).map(([flag, does]) => `  ${flag.padEnd(12)}${does}`).join("\n");

// A runtime that is installed while the hub runs is picked up without a restart.
const LOOK_FOR_RUNTIME_MS = 15_000;
// The page and the agents' gateway are up long before; past it, the person gets the address all the same.
const READY_WITHIN_MS = 60_000;

/** What the command line asks for; Plain for a flag that does not exist. */
export function parseFlags(words) {
  const unknown = words.filter((word) => !(word in FLAGS));
  if (unknown.length) throw new Plain(`npm start does not know ${unknown.join(" ")}. It knows:\n${listFlags()}\nSettings such as the port are environment variables, e.g. PORT=8080 npm start; README.md lists them.`);
  return { dev: words.includes("--dev"), agent: !words.includes("--no-agent"), help: words.includes("--help") };
}

/** `npm start`, from the command line to the end of the hub. */
export async function launch(words = process.argv.slice(2)) {
  const flags = parseFlags(words);
  if (flags.help) return say(`npm start [-- FLAG …]\n${listFlags()}`);
  refuseBadPort(process.env.PORT);
  let stop = () => process.exit(130); // while nothing but install and build runs
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => void stop());
  whenNpmIsGone(() => void stop());
  await install({ dev: flags.dev, stream: process.stdout });
  const steps = ["generate", "hub", "agent", ...(flags.dev ? [] : ["pages"])];
  await build(steps, { stream: process.stdout });

  const processes = createProcesses({ dev: flags.dev });
  stop = () => processes.stop(0);
  processes.startHub({
    onReady: (url, setUpLink) => {
      sayReady(url, setUpLink);
      if (flags.agent) void startLocalAgent(processes, url);
    },
    onSetUp: saySetUp,
    readyWithinMs: READY_WITHIN_MS,
  });
  if (flags.dev) {
    const { rebuildOnChange } = await import("./dev.mjs");
    await rebuildOnChange(() => processes.restartHub());
  }
}

// Before the long steps of a first start, not after them. The hub checks the rest of its settings itself.
function refuseBadPort(port) {
  if (port === undefined || port === "" || (/^\d{1,5}$/.test(port) && Number(port) <= 65_535)) return;
  throw new Plain(`PORT is "${port}", which is not a port. Use a number from 1 to 65535, e.g. PORT=8080 npm start.`);
}

async function startLocalAgent(processes, url) {
  const begin = (runtime) => {
    say(`This machine's containers are watched through ${runtime.from}.`);
    return processes.startAgent({ hubUrl: url, docker: runtime.address });
  };
  const found = findRuntime();
  if (found) return begin(found);
  say(`No container runtime was found on this machine (no DOCKER_HOST, no Docker context, no Docker or Podman socket).\nBinnacle works all the same: open ${url}, choose Hosts → Add host, and paste the line it shows on a machine that has one.`);
  const looking = setInterval(() => {
    const late = findRuntime();
    if (!late) return;
    clearInterval(looking);
    void begin(late);
  }, LOOK_FOR_RUNTIME_MS);
  looking.unref();
}
