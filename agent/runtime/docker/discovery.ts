/** Where to look for an engine, in the order in which a person would expect it. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type EngineAddress, parseEngineAddress } from "./address";

/** What a person or their shell said about engines; null: nothing. Read by agent/config.ts. */
export interface EngineHints {
  /** --docker */
  flag: string | null;
  /** DOCKER_HOST */
  dockerHost: string | null;
  /** DOCKER_CONTEXT */
  dockerContext: string | null;
  /** DOCKER_CONFIG, else ~/.docker */
  dockerConfigDir: string;
  home: string;
  /** XDG_RUNTIME_DIR */
  xdgRuntimeDir: string | null;
}

/** A place to try. `from` names for a person who chose it; null: it is one of the usual places. */
export type EngineCandidate = { from: string | null; address: EngineAddress } | { from: string; problem: string };

const DOCKER_SOCKET = "/var/run/docker.sock";
const DESKTOP_SOCKET = ".docker/run/docker.sock";
const PODMAN_SOCKET = "/run/podman/podman.sock";

/**
 * The places to try, in order: --docker, DOCKER_HOST, the current Docker context, then the usual sockets
 * of Docker and Podman. A place that somebody named is the only one: falling through to another engine
 * would show the wrong containers.
 */
export function findEngines(hints: EngineHints): EngineCandidate[] {
  if (hints.flag !== null) return [candidate("--docker", hints.flag)];
  if (hints.dockerHost !== null) return [candidate("DOCKER_HOST", hints.dockerHost)];
  const context = currentContext(hints);
  if (context) return [context];
  const own = (path: string) => (hints.xdgRuntimeDir === null ? [] : [join(hints.xdgRuntimeDir, path)]);
  const sockets = [DOCKER_SOCKET, join(hints.home, DESKTOP_SOCKET), ...own("docker.sock"), PODMAN_SOCKET, ...own("podman/podman.sock")];
  return sockets.map((path) => ({ from: null, address: { kind: "unix", path } }));
}

function candidate(from: string, text: string): EngineCandidate {
  const address = parseEngineAddress(text);
  return "problem" in address ? { from, problem: `${from}: ${address.problem}.` } : { from, address };
}

/** The engine of the current Docker context, or null when that is the default one or there are none. */
function currentContext(hints: EngineHints): EngineCandidate | null {
  const name = hints.dockerContext ?? readJson(join(hints.dockerConfigDir, "config.json"))?.currentContext;
  if (typeof name !== "string" || name === "" || name === "default") return null;
  const from = `the Docker context "${name}"`;
  const folder = createHash("sha256").update(name).digest("hex");
  const endpoints = readJson(join(hints.dockerConfigDir, "contexts/meta", folder, "meta.json"))?.Endpoints;
  const host = isRecord(endpoints) && isRecord(endpoints.docker) ? endpoints.docker.Host : undefined;
  if (typeof host !== "string") return { from, problem: `${from} names no engine. Choose another with "docker context use", or name the engine with --docker.` };
  return candidate(from, host);
}

function readJson(path: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return isRecord(value) ? value : null;
  } catch {
    return null; // no such file, or not ours to read: then it says nothing
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
