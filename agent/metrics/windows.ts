/** The last 15 minutes of each container, for what is kept beside its death. */
import { LIMITS, TIMES } from "@/protocol/limits";
import type { ContainerFigures } from "@/protocol/metrics";
import type { BlackBox } from "@/protocol/shapes";

/** Rows kept of one container: a row each TIMES.sampleMs. */
const ROWS = LIMITS.boxPoints;
const WIDTH = 4;
/** Containers kept: those of a sample, and as many again that are gone. */
const CONTAINERS = 2 * LIMITS.sampleContainers;

interface Ring {
  rows: Float64Array;
  /** Where the next row goes, and how many there are. */
  next: number;
  size: number;
  /** By the clock that only grows. */
  touchedAt: number;
}

export interface Windows {
  add(figures: ContainerFigures, at: number, monotonic: number): void;
  /** Lets go of containers of which nothing was added within TIMES.windowMs. */
  forgetOld(monotonic: number): void;
  /** Oldest first; empty for a container that was never measured. */
  of(id: string): BlackBox["window"];
}

export function createWindows(): Windows {
  /** The one touched last is at the end. */
  const rings = new Map<string, Ring>();
  return {
    add({ id, cpu, memory, memoryLimit }, at, monotonic) {
      const ring = rings.get(id) ?? { rows: new Float64Array(ROWS * WIDTH), next: 0, size: 0, touchedAt: 0 };
      rings.delete(id);
      rings.set(id, ring);
      const row = ring.next * WIDTH;
      ring.rows[row] = at;
      ring.rows[row + 1] = cpu ?? Number.NaN;
      ring.rows[row + 2] = memory ?? Number.NaN;
      ring.rows[row + 3] = memoryLimit ?? Number.NaN;
      ring.next = (ring.next + 1) % ROWS;
      ring.size = Math.min(ROWS, ring.size + 1);
      ring.touchedAt = monotonic;
      if (rings.size > CONTAINERS) for (const oldest of rings.keys()) { rings.delete(oldest); break; }
    },
    forgetOld(monotonic) {
      for (const [id, ring] of rings) {
        if (monotonic - ring.touchedAt <= TIMES.windowMs) return;
        rings.delete(id);
      }
    },
    of(id) {
      const ring = rings.get(id);
      if (!ring) return [];
      return Array.from({ length: ring.size }, (_, i) => {
        const row = ((ring.next - ring.size + i + ROWS) % ROWS) * WIDTH;
        const [at = 0, cpu = Number.NaN, memory = Number.NaN, memoryLimit = Number.NaN] = ring.rows.subarray(row, row + WIDTH);
        return { at, cpu: known(cpu), memory: known(memory), memoryLimit: known(memoryLimit) };
      });
    },
  };
}

function known(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
