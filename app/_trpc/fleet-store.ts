import type { ContainerView, FleetMessage, HostView } from "@/server/domains/fleet/schema";
import { createStore } from "./store";

export type Hosts = ReadonlyMap<string, HostView>;
/** By `containerKey`. A row that did not change is the same object as before. */
export type Containers = ReadonlyMap<string, ContainerView>;

/** The address of one container of now. Its lasting address is `ContainerView.key`. */
export const containerKey = (hostId: string, id: string): string => `${hostId}/${id}`;

/** Deep equality of plain JSON values. */
export function sameJson(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const left = Object.entries(one);
  const right = other as Record<string, unknown>;
  return left.length === Object.keys(right).length && left.every(([key, value]) => Object.hasOwn(right, key) && sameJson(value, right[key]));
}

/** Puts rows into a copy of the map, keeping the old object of every row that is equal. The same map when nothing changed. */
function withRows<T>(map: ReadonlyMap<string, T>, rows: readonly T[], keyOf: (row: T) => string, gone: readonly string[]): ReadonlyMap<string, T> {
  const changed = rows.filter((row) => !sameJson(map.get(keyOf(row)), row));
  const removed = gone.filter((key) => map.has(key));
  if (changed.length === 0 && removed.length === 0) return map;
  const next = new Map(map);
  for (const key of removed) next.delete(key);
  for (const row of changed) next.set(keyOf(row), row);
  return next;
}

/** The map that has exactly these rows, with old objects where they are equal. */
function onlyRows<T>(map: ReadonlyMap<string, T>, rows: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  let same = map.size === rows.size;
  const next = new Map<string, T>();
  for (const [key, row] of rows) {
    const old = map.get(key);
    const kept = old !== undefined && sameJson(old, row) ? old : row;
    if (kept !== old) same = false;
    next.set(key, kept);
  }
  return same ? map : next;
}

const keyOfContainer = (row: ContainerView) => containerKey(row.hostId, row.id);
const keyOfHost = (host: HostView) => host.id;

/**
 * The whole fleet as this tab knows it. A snapshot comes in parts and replaces everything when its last
 * part is here; until then the old picture stands. Nothing is taken away because the server is away.
 */
export function createFleetStore() {
  const hosts = createStore<Hosts>(new Map());
  const containers = createStore<Containers>(new Map());
  const ready = createStore(false);
  let coming: { hosts: Map<string, HostView>; containers: Map<string, ContainerView> } | null = null;

  function takeSnapshot(message: Extract<FleetMessage, { type: "snapshot" }>): void {
    if (message.first || !coming) coming = { hosts: new Map(), containers: new Map() };
    for (const host of message.hosts) coming.hosts.set(host.id, host);
    for (const row of message.containers) coming.containers.set(keyOfContainer(row), row);
    if (!message.last) return;
    hosts.set(onlyRows(hosts.get(), coming.hosts));
    containers.set(onlyRows(containers.get(), coming.containers));
    coming = null;
    ready.set(true);
  }

  function takePatch(message: Extract<FleetMessage, { type: "patch" }>): void {
    const lost = new Set(message.goneHosts);
    const gone = message.gone.map((one) => containerKey(one.hostId, one.id));
    if (lost.size > 0) for (const [key, row] of containers.get()) if (lost.has(row.hostId)) gone.push(key);
    hosts.set(withRows(hosts.get(), message.hosts, keyOfHost, message.goneHosts));
    containers.set(withRows(containers.get(), message.containers, keyOfContainer, gone));
  }

  return {
    hosts,
    containers,
    /** false until the first whole snapshot is here. */
    ready,
    take: (message: FleetMessage) => (message.type === "snapshot" ? takeSnapshot(message) : takePatch(message)),
    /** The socket ended: a snapshot that had begun is void. */
    interrupted: () => void (coming = null),
  };
}
