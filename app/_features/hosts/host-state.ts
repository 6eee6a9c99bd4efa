/** What is said of a host, and how many of its containers run. */
import type { StateShape, StateTone } from "@/app/_ui/state-mark";
import { confirmedCondition } from "@/app/_features/containers/condition";
import type { ContainerView, HostView } from "@/server/domains/fleet/schema";

export interface HostCounts {
  total: number;
  running: number;
  failing: number;
}
export const NO_COUNTS: HostCounts = { total: 0, running: 0, failing: 0 };

/** Containers of each host, by its id. */
export function countByHost(containers: Iterable<ContainerView>): Map<string, HostCounts> {
  const counts = new Map<string, HostCounts>();
  for (const container of containers) {
    const here = counts.get(container.hostId) ?? { ...NO_COUNTS };
    here.total++;
    if (container.state === "running") here.running++;
    if (confirmedCondition(container) === "failing") here.failing++;
    counts.set(container.hostId, here);
  }
  return counts;
}

export type HostState = "well" | "failing" | "down" | "denied" | "absent" | "silent" | "revoked";

/** Silence comes first: of a host that is not heard, nothing else is known. */
export function hostState(host: Pick<HostView, "link" | "runtime">, counts: Pick<HostCounts, "failing">): HostState {
  if (host.link === "revoked") return "revoked";
  if (host.link === "down") return "silent";
  if (host.runtime.state !== "up") return host.runtime.state;
  return counts.failing > 0 ? "failing" : "well";
}

/** full: kernel files and log files are read directly. api: one of them only through the engine. null: nobody has looked yet, or the agent is too old to say. */
export function reachOf(host: Pick<HostView, "runtime">): "full" | "api" | null {
  const { reach } = host.runtime;
  if (!reach) return null;
  return reach.metrics.direct && reach.logs.direct ? "full" : "api";
}

export const HOST_MARKS: Record<HostState, { shape: StateShape; tone?: StateTone }> = {
  well: { shape: "running" },
  failing: { shape: "failing", tone: "warn" },
  down: { shape: "failing" },
  denied: { shape: "failing" },
  absent: { shape: "failing", tone: "warn" },
  silent: { shape: "unknown" },
  revoked: { shape: "ended" },
};

/** Whether its figures are the last known ones. */
export const isPast = (state: HostState): boolean => state === "silent" || state === "revoked";
