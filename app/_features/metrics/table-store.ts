/** The newest figures of every container and host with a short history, as this tab knows them: what tables show. */
import type { TableFigures, TableMessage, TableRow } from "@/server/domains/metrics/schema";

/** One row's figures. null: not known. A row that did not change is the same object as before. */
export interface Figures extends Omit<TableFigures, "id"> {
  /** When they came, on this tab's clock. */
  receivedAt: number;
  /** Means over one step each, oldest first, the newest still growing: at most POINTS. */
  cpuPoints: readonly (number | null)[];
}

/** Points of a sparkline. */
export const POINTS = 30;

interface Entry {
  figures: Figures;
  /** Which step the newest point is of, and of how many figures it is the mean; null: as the server made it. */
  step: number | null;
  count: number;
}

/** The key of a row: a container's as in the fleet store, a host's its own id. */
export const figuresKey = (hostId: string, id: string | null): string => (id === null ? hostId : `${hostId}/${id}`);

/** The points with one more figure of the step it belongs to. */
function withPoint(entry: Entry, step: number, value: number | null): { points: (number | null)[]; count: number } {
  const points = [...entry.figures.cpuPoints];
  const passed = entry.step === null ? 0 : step - entry.step;
  if (passed > 0) for (let index = 0; index < Math.min(passed, POINTS); index++) points.push(null);
  if (points.length === 0) points.push(null);
  const last = points.length - 1;
  const before = points[last] ?? null;
  const count = passed > 0 || before === null ? 0 : entry.count;
  points[last] = value === null ? before : ((before ?? 0) * count + value) / (count + 1);
  return { points: points.slice(-POINTS), count: value === null ? count : count + 1 };
}

/** `now`: this tab's clock, milliseconds. */
export function createTableStore(now: () => number) {
  let entries = new Map<string, Entry>();
  let coming: Map<string, Entry> | null = null;
  let stepMs = 30_000;
  let version = 0;
  const listeners = new Map<string, Set<() => void>>();
  const anyListeners = new Set<() => void>();

  function tell(keys: Iterable<string>): void {
    version++;
    for (const key of keys) for (const listener of listeners.get(key) ?? []) listener();
    for (const listener of anyListeners) listener();
  }

  function takeSnapshot(message: Extract<TableMessage, { type: "snapshot" }>): void {
    if (message.first || !coming) coming = new Map();
    for (const row of message.rows) coming.set(figuresKey(row.hostId, row.id), toEntry(row, now()));
    if (!message.last) return;
    const known = new Set([...entries.keys(), ...coming.keys()]);
    entries = coming;
    coming = null;
    stepMs = message.stepMs;
    tell(known);
  }

  function takePatch(message: Extract<TableMessage, { type: "patch" }>): void {
    const touched: string[] = [];
    for (const host of message.hosts) {
      const step = Math.floor(host.at / stepMs);
      const told = new Set<string>();
      for (const { id, ...figures } of host.figures) {
        const key = figuresKey(host.hostId, id);
        const entry = entries.get(key) ?? EMPTY;
        const { points, count } = withPoint(entry, step, figures.cpu);
        entries.set(key, { figures: { ...figures, receivedAt: now(), cpuPoints: points }, step, count });
        told.add(key);
        touched.push(key);
      }
      touched.push(...dropMissing(host.hostId, told));
    }
    tell(touched);
  }

  /** A container that its host tells nothing of has no figures now; what it had is gone from the table. */
  function dropMissing(hostId: string, told: ReadonlySet<string>): string[] {
    const missing = [...entries.keys()].filter((key) => key.startsWith(`${hostId}/`) && !told.has(key));
    for (const key of missing) entries.delete(key);
    return missing;
  }

  return {
    take: (message: TableMessage) => (message.type === "snapshot" ? takeSnapshot(message) : takePatch(message)),
    /** A snapshot that had begun is void; what is known stays. */
    interrupted: () => void (coming = null),
    get: (key: string): Figures | undefined => entries.get(key)?.figures,
    stepMs: () => stepMs,
    /** Grows with each message: for sums and orders over many rows. */
    version: () => version,
    /** Only when that one row changed. */
    subscribe(key: string, listener: () => void): () => void {
      const set = listeners.get(key) ?? new Set();
      listeners.set(key, set.add(listener));
      return () => {
        set.delete(listener);
        if (set.size === 0) listeners.delete(key);
      };
    },
    subscribeAny(listener: () => void): () => void {
      anyListeners.add(listener);
      return () => anyListeners.delete(listener);
    },
  };
}

const EMPTY: Entry = { figures: { cpu: null, cpuLimit: null, memory: null, memoryLimit: null, receivedAt: 0, cpuPoints: [] }, step: null, count: 0 };

function toEntry(row: TableRow, receivedAt: number): Entry {
  const { cpu, cpuLimit, memory, memoryLimit, cpuPoints } = row;
  return { figures: { cpu, cpuLimit, memory, memoryLimit, receivedAt, cpuPoints: cpuPoints.slice(-POINTS) }, step: null, count: 1 };
}

/** What a group's rows use together; null where nothing of it is known. */
export function sumFigures(rows: Iterable<Pick<Figures, "cpu" | "memory">>): { cpu: number | null; memory: number | null } {
  let cpu: number | null = null;
  let memory: number | null = null;
  for (const row of rows) {
    if (row.cpu !== null) cpu = (cpu ?? 0) + row.cpu;
    if (row.memory !== null) memory = (memory ?? 0) + row.memory;
  }
  return { cpu, memory };
}
