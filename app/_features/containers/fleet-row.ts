/** One line of the fleet table, before it is filtered and sorted: a container with what is said of it. */
import type { ContainerView, HostView } from "@/server/domains/fleet/schema";
import { conditionOf, type Condition } from "./condition";
import { publishedPorts } from "./ports";

export interface FleetRow {
  /** `hostId/runtime id`: unique, where the target is not while a recreate is under way. */
  id: string;
  container: ContainerView;
  host: HostView | undefined;
  hostName: string;
  condition: Condition;
  /** Lower-case texts, so that a keystroke does not fold 10,000 names again. */
  folded: { name: string; host: string; stack: string; image: string; id: string; ports: string; tags: string[] };
  /** Texts that compare as people count (web-2 before web-10) by plain order, made once. */
  sortKeys: { name: string; host: string; image: string };
}

/** Digits kept of one number in a sort key: longer ones are ids, not counts. */
const DIGITS = 12;
/** Lower case, numbers filled up with zeros. */
export const sortKey = (text: string): string => text.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(DIGITS, "0"));

export function rowId(container: { hostId: string; id: string }): string {
  return `${container.hostId}/${container.id}`;
}

/** Whether a row's figures are of now, the last known ones, or none because it does not run. */
export function figuresState(row: FleetRow): "now" | "unknown" | "ended" {
  const { state } = row.container;
  if (state !== "running" && state !== "paused") return "ended";
  return row.condition === "unknown" ? "unknown" : "now";
}

/** Rows by container object: the live store replaces an object when it changed, so the rest is reused as it is. */
const made = new WeakMap<ContainerView, { host: HostView | undefined; row: FleetRow }>();

/** The row of a container. The same container and host give the same object back. */
export function toRow(container: ContainerView, host: HostView | undefined): FleetRow {
  const known = made.get(container);
  if (known && known.host === host) return known.row;
  const condition = conditionOf(container, host);
  const hostName = host?.name ?? container.hostId;
  // A heartbeat makes a new host object each few seconds: only what a row shows of it makes a new row.
  if (known && known.row.condition === condition && sameHostFacts(known.host, host)) {
    known.row.host = host;
    known.host = host;
    return known.row;
  }
  const row: FleetRow = {
    id: rowId(container),
    container,
    host,
    hostName,
    condition,
    folded: {
      name: container.name.toLowerCase(),
      host: hostName.toLowerCase(),
      stack: (container.target.namespace ?? "").toLowerCase(),
      image: container.image.toLowerCase(),
      id: container.id,
      ports: publishedPorts(container.ports).map((port) => port.label).join(" "),
      tags: (host?.tags ?? []).map((tag) => tag.toLowerCase()),
    },
    sortKeys: { name: sortKey(container.name), host: sortKey(hostName), image: sortKey(container.image) },
  };
  made.set(container, { host, row });
  return row;
}

/** Whether a row would show the same of both. */
function sameHostFacts(a: HostView | undefined, b: HostView | undefined): boolean {
  if (!a || !b || a === b) return a === b;
  return a.name === b.name && a.link === b.link && a.runtime.state === b.runtime.state && a.allow === b.allow && a.address === b.address && a.tags.join() === b.tags.join();
}

/** Whether two pictures of all hosts make the same rows: a heartbeat alone changes none. */
export function sameHostsForRows(a: ReadonlyMap<string, HostView>, b: ReadonlyMap<string, HostView>): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [id, host] of b) if (!sameHostFacts(a.get(id), host)) return false;
  return true;
}
