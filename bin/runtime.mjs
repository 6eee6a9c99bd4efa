// Where this machine's container runtime is, in the order that Docker's own command looks.
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const isSocket = (path) => {
  try {
    return statSync(path).isSocket();
  } catch {
    return false; // absent, or behind a folder we may not enter
  }
};

const readJson = (path) => {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
};

/** The engine's address in the Docker context that is in use; null for the default context or none. */
function contextAddress(env, home) {
  const folder = env.DOCKER_CONFIG || join(home, ".docker");
  const name = env.DOCKER_CONTEXT || readJson(join(folder, "config.json"))?.currentContext;
  if (!name || name === "default") return null;
  const id = createHash("sha256").update(name).digest("hex");
  const host = readJson(join(folder, "contexts", "meta", id, "meta.json"))?.Endpoints?.docker?.Host;
  return typeof host === "string" && host !== "" ? host : null;
}

/** Where the engines of a whole machine listen. */
const OF_THE_MACHINE = { docker: "/var/run/docker.sock", podman: "/run/podman/podman.sock" };

function sockets(env, home, machine) {
  const own = env.XDG_RUNTIME_DIR;
  return [
    machine.docker,
    join(home, ".docker/run/docker.sock"),
    ...(own ? [join(own, "docker.sock")] : []),
    machine.podman,
    ...(own ? [join(own, "podman/podman.sock")] : []),
  ];
}

/**
 * The runtime of this machine: `{ address, from }`, or null where there is none. DOCKER_HOST first, then
 * the Docker context, then the Docker and Podman sockets. Whether it answers is for the agent to find out
 * and to say on the page; a socket is enough to start one.
 * @param {NodeJS.ProcessEnv} [env]
 */
export function findRuntime(env = process.env, home = homedir(), machine = OF_THE_MACHINE) {
  const explicit = env.BINNACLE_DOCKER || env.DOCKER_HOST;
  if (explicit) return { address: explicit, from: env.BINNACLE_DOCKER ? "BINNACLE_DOCKER" : "DOCKER_HOST" };
  const context = contextAddress(env, home);
  if (context) return { address: context, from: "the Docker context" };
  const path = sockets(env, home, machine).find(isSocket);
  return path ? { address: `unix://${path}`, from: path } : null;
}
