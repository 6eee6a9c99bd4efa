"use client";
import { useMemo } from "react";
import type { ContainerView, HostView } from "@/server/domains/fleet/schema";
import { isFresh } from "@/server/domains/fleet/schema";
import { toRow } from "@/app/_features/containers/fleet-row";
import type { FleetRow } from "@/app/_features/containers/fleet-row";
import { useScope } from "@/app/_features/shell/scope";
import { useContainers, useHosts } from "@/app/_trpc/live";
import { clockNow, useClock } from "@/app/_ui/clock";
import type { Needs } from "./needs";
import { findNeeds } from "./needs";

export interface HostGroup {
  host: HostView;
  rows: FleetRow[];
}
export interface NowView extends Needs {
  /** By name; with a stack in scope only hosts that hold some of it. */
  groups: HostGroup[];
  containers: number;
  /** Containers whose state nobody confirms now. */
  unknown: number;
  /** When the least lately heard of the connected hosts was heard; null with none connected. */
  confirmedAt: number | null;
}

/** Loops and leftovers come and go with time alone: looked at again this often. */
const LOOK_AGAIN_MS = 10_000;

/** One collator for all: asking for the language's order anew each time costs a hundred milliseconds over 10,000 names. */
const collator = new Intl.Collator("en", { numeric: true });
const byName = (one: { name: string }, other: { name: string }) => collator.compare(one.name, other.name);

/** Rows keep their order and identity per host as long as none of them changed, so that only that host is sorted and drawn again. */
const known = new Map<string, { asFound: FleetRow[]; sorted: FleetRow[] }>();
function sortedRows(hostId: string, asFound: FleetRow[]): FleetRow[] {
  const before = known.get(hostId);
  if (before && before.asFound.length === asFound.length && before.asFound.every((row, index) => row === asFound[index])) return before.sorted;
  const sorted = asFound.toSorted((one, other) => byName(one.container, other.container));
  known.set(hostId, { asFound, sorted });
  return sorted;
}

/** The fleet in scope, host by host, with what needs a person. */
export function useNowView(): NowView {
  const hosts = useHosts();
  const containers = useContainers();
  const { scope, has } = useScope();
  const round = useClock((now) => Math.floor(now / LOOK_AGAIN_MS));
  return useMemo(() => {
    const inScope: ContainerView[] = [];
    const rows = new Map<string, FleetRow[]>();
    for (const container of containers.values()) {
      if (!has(container)) continue;
      inScope.push(container);
      const row = toRow(container, hosts.get(container.hostId));
      const group = rows.get(container.hostId);
      if (group) group.push(row);
      else rows.set(container.hostId, [row]);
    }
    const shown = [...hosts.values()].filter((host) => (scope.host === null || host.id === scope.host) && (scope.stack === null || rows.has(host.id))).sort(byName);
    const groups = shown.map((host) => ({ host, rows: sortedRows(host.id, rows.get(host.id) ?? []) }));
    for (const id of known.keys()) if (!hosts.has(id)) known.delete(id);
    const heard = shown.filter((host) => host.link === "up").map((host) => host.confirmedAt);
    return {
      ...findNeeds(new Map(shown.map((host) => [host.id, host])), inScope, Math.max(clockNow(), round * LOOK_AGAIN_MS)),
      groups,
      containers: inScope.length,
      unknown: groups.reduce((sum, group) => sum + (isFresh(group.host) ? 0 : group.rows.length), 0),
      confirmedAt: heard.length > 0 ? Math.min(...heard) : null,
    };
  }, [hosts, containers, scope, has, round]);
}
