/**
 * The last 15 minutes of one host in memory: a ring of moments, and for each running container and the host
 * itself a row of figures over them. A row is one typed array of 4 KB, so 10,000 containers take 40 MB.
 */
import { LIMITS, TIMES } from "@/protocol/limits";
import type { DiskFigures, Sample } from "@/protocol/metrics";
import type { ContainerPoint, HostPoint, TableFigures } from "./schema";

/** Moments kept: those of a window, and a minute in which a sample may be late. */
export const SLOTS = Math.ceil(TIMES.windowMs / TIMES.sampleMs) + 6;
/** Containers of one host, those that are gone included. Protects the hub from an agent that invents them. */
const MAX_ROWS = 2 * LIMITS.sampleContainers;

const CONTAINER = ["cpu", "cpuLimit", "throttled", "memory", "memoryLimit", "received", "sent", "read", "written", "pids"] as const;
const HOST = ["cpu", "cpus", "load", "memory", "memoryTotal", "swap", "swapTotal", "received", "sent", "read", "written"] as const;
/** Not whole numbers: kept to the fourth digit after the point. */
const FRACTIONS: ReadonlySet<string> = new Set(["cpu", "cpuLimit", "throttled", "load"]);

type Figures<Name extends string> = Record<Name, number | null>;

/** Figures over the slots of the ring, those of one slot side by side. What is not known is NaN inside and null outside. */
function createRow<Name extends string>(names: readonly Name[]) {
  const values = new Float32Array(SLOTS * names.length).fill(NaN);
  return {
    set(slot: number, figures: Figures<Name>): void {
      let place = slot * names.length;
      for (const name of names) values[place++] = figures[name] ?? NaN;
    },
    clear: (slot: number) => void values.fill(NaN, slot * names.length, (slot + 1) * names.length),
    get(slot: number): Figures<Name> {
      return Object.fromEntries(names.map((name, place) => [name, told(name, values[slot * names.length + place])])) as Figures<Name>;
    },
    bytes: () => values.byteLength,
  };
}

function told(name: string, value: number | undefined): number | null {
  if (value === undefined || Number.isNaN(value)) return null;
  return FRACTIONS.has(name) ? Math.round(value * 10_000) / 10_000 : Math.round(value);
}

const NOTHING = Object.fromEntries(CONTAINER.map((name) => [name, null])) as Figures<(typeof CONTAINER)[number]>;

interface ContainerRow {
  row: ReturnType<typeof createRow<(typeof CONTAINER)[number]>>;
  /** ContainerView.key; null while the container is not known. */
  key: string | null;
  /** The push that it was last in. */
  seen: number;
}

export type HostWindow = ReturnType<typeof createHostWindow>;

/** `keyOf`: the lasting address of a container, where it is known now. */
export function createHostWindow(keyOf: (id: string) => string | null) {
  const at = new Float64Array(SLOTS);
  const late = new Uint8Array(SLOTS);
  const host = createRow(HOST);
  const containers = new Map<string, ContainerRow>();
  let disks: DiskFigures[] = [];
  let pushes = 0;
  /** How far the hub's clock is ahead of the host's; 0 until a sample came as it was measured. */
  let ahead = 0;

  function makeRoom(): void {
    if (containers.size < MAX_ROWS) return;
    for (const [id, { seen }] of containers) if (seen < pushes - 1) containers.delete(id);
  }

  /** The slots to show at `now`, oldest first, their times growing whatever the host's clock did. */
  function shown(now: number): number[] {
    const slots: number[] = [];
    let before = Infinity;
    for (let push = pushes - 1; push >= Math.max(0, pushes - SLOTS); push -= 1) {
      const slot = push % SLOTS;
      const time = at[slot] ?? 0;
      if (time >= before) continue;
      if (time <= now - ahead - TIMES.windowMs) break;
      slots.push(slot);
      before = time;
    }
    return slots.reverse();
  }
  const momentOf = (slot: number) => ({ at: at[slot] ?? 0, late: late[slot] === 1 });

  return {
    /** Samples come in the order in which their host counted them. `receivedAt` is the hub's time. */
    push(sample: Sample, isLate: boolean, receivedAt: number): void {
      const slot = pushes % SLOTS;
      pushes += 1;
      at[slot] = sample.at;
      late[slot] = isLate ? 1 : 0;
      if (!isLate) ahead = receivedAt - sample.at;
      if (sample.host) host.set(slot, { ...sample.host, load: sample.host.load?.[0] ?? null });
      else host.clear(slot);
      disks = sample.host?.disks ?? disks;
      for (const figures of sample.containers) {
        let known = containers.get(figures.id);
        if (!known) {
          makeRoom();
          if (containers.size >= MAX_ROWS) continue;
          known = { row: createRow(CONTAINER), key: null, seen: pushes };
          containers.set(figures.id, known);
        }
        known.key ??= keyOf(figures.id);
        known.seen = pushes;
        known.row.set(slot, figures);
      }
      for (const [id, { row, seen }] of containers) {
        if (seen < pushes) row.clear(slot);
        if (seen <= pushes - SLOTS) containers.delete(id);
      }
    },
    /** Now on the host's clock, as far as it is known. */
    nowThere: (now: number): number => now - ahead,
    hostPoints: (now: number): HostPoint[] => shown(now).map((slot) => ({ ...momentOf(slot), ...host.get(slot) })),
    /** All generations of a target as one row; where two ran at a time, the one that was seen last counts. */
    containerPoints(now: number, key: string): ContainerPoint[] {
      const generations = [...containers].filter(([id, row]) => (row.key ??= keyOf(id)) === key).map(([, row]) => row).sort((a, b) => b.seen - a.seen);
      return shown(now).map((slot) => {
        const told = generations.map(({ row }) => row.get(slot));
        return { ...momentOf(slot), ...(told.find((figures) => Object.values(figures).some((value) => value !== null)) ?? NOTHING) };
      });
    },
    /** As last measured. */
    disks: () => disks,
    /** Gives the containers that are not known any more the addresses that they had. */
    nameRows(keys: ReadonlyMap<string, string>): void {
      for (const [id, row] of containers) row.key ??= keys.get(id) ?? null;
    },
    unnamed: () => [...containers].filter(([, { key }]) => key === null).map(([id]) => id),
    /** The newest figures of the host and of what ran then; null before the first sample. */
    newest(): { at: number; figures: TableFigures[] } | null {
      if (pushes === 0) return null;
      const slot = (pushes - 1) % SLOTS;
      const { cpu, cpus, memory, memoryTotal } = host.get(slot);
      const figures: TableFigures[] = [{ id: null, cpu, cpuLimit: cpus, memory, memoryLimit: memoryTotal }];
      for (const [id, { row, seen }] of containers) {
        if (seen !== pushes) continue;
        const its = row.get(slot);
        figures.push({ id, cpu: its.cpu, cpuLimit: its.cpuLimit, memory: its.memory, memoryLimit: its.memoryLimit });
      }
      return { at: at[slot] ?? 0, figures };
    },
    /** Means over `points` equal parts of the window, oldest first; null where nothing is known. */
    spark(now: number, id: string | null, points: number): { cpu: (number | null)[]; memory: (number | null)[] } {
      const row = id === null ? host : containers.get(id)?.row;
      const sums = { cpu: createMeans(points), memory: createMeans(points) };
      const start = now - ahead - TIMES.windowMs;
      for (const slot of row ? shown(now) : []) {
        const part = Math.min(points, Math.ceil((((at[slot] ?? 0) - start) / TIMES.windowMs) * points)) - 1;
        const figures = row?.get(slot);
        sums.cpu.add(part, figures?.cpu ?? null);
        sums.memory.add(part, figures?.memory ?? null);
      }
      return { cpu: sums.cpu.means().map((mean) => told("cpu", mean)), memory: sums.memory.means().map((mean) => told("memory", mean)) };
    },
    stats: () => ({ rows: containers.size, bytes: at.byteLength + late.byteLength + host.bytes() + [...containers.values()].reduce((sum, { row }) => sum + row.bytes(), 0) }),
  };
}

function createMeans(parts: number) {
  const sums = new Float64Array(parts);
  const counts = new Uint16Array(parts);
  return {
    add(part: number, value: number | null): void {
      if (value === null) return;
      sums[part] = (sums[part] ?? 0) + value;
      counts[part] = (counts[part] ?? 0) + 1;
    },
    means: () => [...sums].map((sum, part) => sum / (counts[part] || NaN)),
  };
}
