"use client";
import { useMemo, useState } from "react";
import { useScope } from "@/app/_features/shell/scope";
import { useContainers, useHosts } from "@/app/_trpc/live";
import type { HostView } from "@/server/domains/fleet/schema";
import { sameHostsForRows, toRow, type FleetRow } from "./fleet-row";

/** All hosts, with a new map only when a row would show something else: heartbeats pass by. */
export function useSettledHosts(): ReadonlyMap<string, HostView> {
  const hosts = useHosts();
  const [settled, setSettled] = useState(hosts);
  if (settled !== hosts && !sameHostsForRows(settled, hosts)) {
    setSettled(hosts);
    return hosts;
  }
  return settled;
}

/** A row for each container within the scope. A row that did not change is the same object as before. */
export function useFleetRows(): FleetRow[] {
  const containers = useContainers();
  const hosts = useSettledHosts();
  const { has } = useScope();
  return useMemo(() => {
    const rows: FleetRow[] = [];
    for (const container of containers.values()) if (has(container)) rows.push(toRow(container, hosts.get(container.hostId)));
    return rows;
  }, [containers, hosts, has]);
}
