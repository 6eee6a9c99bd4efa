/**
 * What a person is told of one container: one of six conditions, each with its own mark, colour and word.
 * Unknown wins over everything: a state that nobody confirms is never shown as if it were true.
 */
import type { ContainerView, HostView } from "@/server/domains/fleet/schema";
import { isFresh } from "@/server/domains/fleet/schema";

export const CONDITIONS = ["failing", "starting", "unknown", "stopped", "paused", "running"] as const;
export type Condition = (typeof CONDITIONS)[number];

/** Exit codes by which a container ends when somebody asks it to: SIGINT, SIGKILL, SIGTERM. */
const ASKED_CODES = new Set([0, 130, 137, 143]);

type Facts = Pick<ContainerView, "state" | "health" | "exitCode" | "oomKilled" | "error">;

/** A run that ended badly. 137 without an out-of-memory mark is not blamed: a plain `docker kill` ends so. */
function endedBadly(container: Facts): boolean {
  if (container.oomKilled || container.error !== null) return true;
  return container.exitCode !== null && !ASKED_CODES.has(container.exitCode);
}

/** `host` is undefined when the container's host is not known (yet): then its condition is unknown. */
export function conditionOf(container: Facts, host: Pick<HostView, "link" | "runtime"> | undefined): Condition {
  return isFresh(host) ? confirmedCondition(container) : "unknown";
}

/** The condition while its host is heard. */
export function confirmedCondition(container: Facts): Exclude<Condition, "unknown"> {
  switch (container.state) {
    case "running":
      if (container.health === "unhealthy") return "failing";
      return container.health === "starting" ? "starting" : "running";
    case "paused":
      return "paused";
    case "restarting":
    case "dead":
      return "failing";
    case "exited":
      return endedBadly(container) ? "failing" : "stopped";
    case "created":
      return container.error === null ? "stopped" : "failing";
    case "removing":
      return "stopped";
  }
}

/** The word for a confirmed state, as a catalogue key under `containers.word`. */
export type StateWord = "running" | "healthy" | "unhealthy" | "starting" | "paused" | "restarting" | "removing" | "exited" | "dead" | "created" | "outOfMemory" | "cannotStart";

/** Which word says it best, and the exit code to put beside it where one matters. */
export function stateWord(container: Facts): { word: StateWord; exitCode: number | null } {
  switch (container.state) {
    case "running":
      return { word: container.health === "none" ? "running" : container.health, exitCode: null };
    case "exited":
    case "dead":
    case "restarting":
      if (container.oomKilled && container.state === "exited") return { word: "outOfMemory", exitCode: container.exitCode };
      return { word: container.state, exitCode: container.exitCode };
    case "created":
      return { word: container.error === null ? "created" : "cannotStart", exitCode: null };
    default:
      return { word: container.state, exitCode: null };
  }
}

/** How many containers are in each condition. */
export function countConditions(conditions: Iterable<Condition>): Record<Condition, number> {
  const counts: Record<Condition, number> = { failing: 0, starting: 0, unknown: 0, stopped: 0, paused: 0, running: 0 };
  for (const condition of conditions) counts[condition]++;
  return counts;
}
