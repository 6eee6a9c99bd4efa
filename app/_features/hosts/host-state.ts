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
