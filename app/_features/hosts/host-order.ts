/** In which order hosts stand in their list. */
import type { HostView } from "@/server/domains/fleet/schema";

export type HostFigure = "cpu" | "memory";
/** null: by name. */
export type HostOrder = { by: HostFigure; descending: boolean } | null;

interface Used {
  cpu: number | null;
  memory: number | null;
  cpuLimit: number | null;
  memoryLimit: number | null;
}

/** How much of what it has a host uses, 0 to 1; null where that is not known now. */
function shareOf(host: HostView, used: Used | undefined, by: HostFigure): number | null {
  if (host.link !== "up" || !used) return null;
  const [amount, whole] = by === "cpu" ? [used.cpu, used.cpuLimit] : [used.memory, used.memoryLimit];
  return amount === null || whole === null || whole <= 0 ? null : amount / whole;
}

/** By name, or by the share of their processors or memory in use; what is not known comes last either way. */
export function sortHosts(hosts: readonly HostView[], order: HostOrder, usedOf: (id: string) => Used | undefined): HostView[] {
  const byName = (a: HostView, b: HostView) => a.name.localeCompare(b.name, "en", { numeric: true }) || (a.id < b.id ? -1 : 1);
  if (order === null) return [...hosts].sort(byName);
  const shares = new Map(hosts.map((host) => [host.id, shareOf(host, usedOf(host.id), order.by)]));
  return [...hosts].sort((a, b) => {
    const one = shares.get(a.id) ?? null;
    const other = shares.get(b.id) ?? null;
    if (one === null || other === null) return Number(one === null) - Number(other === null) || byName(a, b);
    return (order.descending ? other - one : one - other) || byName(a, b);
  });
}
