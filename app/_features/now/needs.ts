/**
 * What needs a person, as far as the fleet's state tells: a host that is silent, an engine that does not
 * answer, a container that fails. What was asked for is never a need: a stop, a revoked host.
 */
import type { ContainerView, HostView } from "@/server/domains/fleet/schema";
import { isFresh } from "@/server/domains/fleet/schema";
import { confirmedCondition } from "@/app/_features/containers/condition";

export type Fault = "restarting" | "outOfMemory" | "cannotStart" | "unhealthy" | "dead" | "exited";

export type Need =
  | { kind: "hostSilent"; id: string; host: HostView; since: number; containers: number }
  | { kind: "runtimeAway"; id: string; host: HostView; since: null; containers: number }
  | { kind: "container"; id: string; host: HostView; container: ContainerView; fault: Fault; since: number | null };

export interface Needs {
  /** The gravest first, then the newest. */
  needs: Need[];
  /** Containers that ended with an error longer ago than RECENT_MS: told in one line, not a card each. */
  older: number;
}

/** A failed run is news for a day; after that it is somebody's leftover. */
export const RECENT_MS = 24 * 3_600_000;
/** A container that came up this lately after restarts of its own is still in its loop. */
const LOOP_MS = 60_000;
const LOOP_RESTARTS = 2;

/** What is wrong with a container whose state is confirmed; null when nothing is. */
export function faultOf(container: ContainerView, now: number): { fault: Fault; since: number | null } | null {
  const { state, startedAt, finishedAt, restartCount } = container;
  // Between two deaths a looping container looks like a running one.
  const looping = restartCount >= LOOP_RESTARTS && state === "running" && startedAt !== null && now - startedAt < LOOP_MS;
  if (state === "restarting" || looping) return { fault: container.oomKilled ? "outOfMemory" : "restarting", since: finishedAt ?? startedAt };
  if (confirmedCondition(container) !== "failing") return null;
  if (state === "running") return { fault: "unhealthy", since: null };
  if (container.error !== null) return { fault: "cannotStart", since: finishedAt ?? container.createdAt };
  if (container.oomKilled) return { fault: "outOfMemory", since: finishedAt };
  return { fault: state === "dead" ? "dead" : "exited", since: finishedAt };
}

const hasEnded = (container: ContainerView) => container.state === "exited" || container.state === "created" || container.state === "dead";

const GRAVITY: Record<Need["kind"] | Fault, number> = {
  hostSilent: 0, runtimeAway: 1, container: 2, outOfMemory: 2, restarting: 2, cannotStart: 3, unhealthy: 3, dead: 4, exited: 4,
};
const gravity = (need: Need) => GRAVITY[need.kind === "container" ? need.fault : need.kind];

/** `containers` are those in scope; `hosts` are those that are in scope themselves or hold them. */
export function findNeeds(hosts: ReadonlyMap<string, HostView>, containers: Iterable<ContainerView>, now: number): Needs {
  const perHost = new Map<string, number>();
  const needs: Need[] = [];
  let older = 0;
  for (const container of containers) {
    perHost.set(container.hostId, (perHost.get(container.hostId) ?? 0) + 1);
    const host = hosts.get(container.hostId);
    // What nobody confirms is not known to fail: the silent host is the need.
    if (!host || !isFresh(host)) continue;
    const found = faultOf(container, now);
    if (!found) continue;
    if (hasEnded(container) && found.since !== null && now - found.since > RECENT_MS) older++;
    else needs.push({ kind: "container", id: `${host.id}/${container.id}`, host, container, ...found });
  }
  for (const host of hosts.values()) {
    const count = perHost.get(host.id) ?? 0;
    if (host.link === "down") needs.push({ kind: "hostSilent", id: host.id, host, since: host.confirmedAt, containers: count });
    else if (host.link === "up" && host.runtime.state !== "up") needs.push({ kind: "runtimeAway", id: host.id, host, since: null, containers: count });
  }
  needs.sort((one, other) => gravity(one) - gravity(other) || (other.since ?? 0) - (one.since ?? 0) || one.id.localeCompare(other.id));
  return { needs, older };
}
