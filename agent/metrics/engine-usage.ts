/**
 * The way by the engine, for containers whose files cannot be read. A look of the engine at a container is
 * dear, so only a few are under way at once and no round takes longer than the time between two samples.
 */
import type { Clock } from "../clock";
import type { Reflector } from "../reflector";
import type { Runtime, Usage } from "../runtime/runtime";
import { AT, CPU_LIMIT, CPU_SECONDS, type Counters, MEMORY, MEMORY_LIMIT, PERIODS, PIDS, READ, RECEIVED, SENT, THROTTLED_PERIODS, WRITTEN } from "./counters";
import type { Source } from "./sources";

const LOOKS_AT_ONCE = 4;
/** A round ends here; who had no turn comes first in the next. */
const ROUND_MS = 7_000;

export interface EngineUsage {
  /** Asks for each of these; resolves with those that answered, their rows filled. Never rejects. */
  round(sources: readonly Source[], hostMemory: number): Promise<Set<Source>>;
}

export function createEngineUsage({ runtime, reflector, clock }: { runtime: Pick<Runtime, "usage">; reflector: Pick<Reflector, "sighting">; clock: Clock }): EngineUsage {
  /** When each was last asked. */
  const askedAt = new WeakMap<Source, number>();
  return {
    async round(sources, hostMemory) {
      const answered = new Set<Source>();
      const end = clock.monotonic() + ROUND_MS;
      const queue = [...sources].sort((a, b) => (askedAt.get(a) ?? 0) - (askedAt.get(b) ?? 0)).values();
      const work = async () => {
        for (const source of queue) {
          if (clock.monotonic() > end) return;
          askedAt.set(source, clock.monotonic());
          const usage = await runtime.usage(source.id).catch(() => null); // it is gone, or the engine is: the list tells
          if (usage === null) continue;
          fill(source.now, usage, clock.monotonic(), reflector.sighting(source.id)?.cpuLimit ?? null, hostMemory);
          answered.add(source);
        }
      };
      await Promise.all(Array.from({ length: Math.min(LOOKS_AT_ONCE, sources.length) }, work));
      return answered;
    },
  };
}

function fill(into: Counters, usage: Usage, at: number, cpuLimit: number | null, hostMemory: number): void {
  const limit = usage.memoryLimit ?? Number.NaN;
  into[AT] = at;
  into[CPU_SECONDS] = usage.cpuSeconds ?? Number.NaN;
  into[PERIODS] = usage.periods ?? Number.NaN;
  into[THROTTLED_PERIODS] = usage.throttledPeriods ?? Number.NaN;
  into[RECEIVED] = usage.received ?? Number.NaN;
  into[SENT] = usage.sent ?? Number.NaN;
  into[READ] = usage.read ?? Number.NaN;
  into[WRITTEN] = usage.written ?? Number.NaN;
  into[MEMORY] = usage.memory ?? Number.NaN;
  into[PIDS] = usage.pids ?? Number.NaN;
  into[CPU_LIMIT] = cpuLimit ?? Number.NaN;
  into[MEMORY_LIMIT] = limit < hostMemory ? limit : Number.NaN;
}
