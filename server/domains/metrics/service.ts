/** Figures of hosts and containers: the last 15 minutes in memory, each second while somebody looks. */
import { TIMES } from "@/protocol/limits";
import { Sample } from "@/protocol/metrics";
import { parseTarget } from "@/protocol/target";
import type { FleetService } from "@/server/domains/fleet/service";
import type { HostsService } from "@/server/domains/hosts/service";
import type { Gateway } from "@/server/gateway/gateway";
import type { Clock } from "@/server/lib/clock";
import { AppError, describeError } from "@/server/lib/errors";
import type { Logger } from "@/server/lib/logger";
import { createLiveSamples } from "./live";
import type { MetricsRepo } from "./repo";
import type { LiveSample, MetricsWindow, TableMessage } from "./schema";
import { createTable } from "./table";
import { createHostWindow, SLOTS, type HostWindow } from "./window";

export interface MetricsDeps {
  repo: MetricsRepo;
  hosts: Pick<HostsService, "all" | "get" | "onChange">;
  fleet: Pick<FleetService, "container" | "onSample" | "gaps">;
  gateway: Pick<Gateway, "link" | "onChange">;
  clock: Clock;
  log: Logger;
  /** 0 to 1; spreads what would come at once. */
  random?: () => number;
}

export type MetricsService = ReturnType<typeof createMetricsService>;

interface Held {
  window: HostWindow;
  /** Samples that came while the stored ones were still being read, which go first; null once they are. */
  waiting: { sample: Sample; late: boolean; receivedAt: number }[] | null;
}

export function createMetricsService({ repo, hosts, fleet, gateway, clock, log, random = Math.random }: MetricsDeps) {
  const held = new Map<string, Held>();
  const unsubscribe: (() => void)[] = [];
  let restoring: Promise<void> = Promise.resolve();
  let stopped = false;

  const live = createLiveSamples({ gateway, clock, log, random });
  const table = createTable({
    clock,
    *windows() {
      for (const [hostId, { window }] of held) yield [hostId, window] as [string, HostWindow];
    },
    window: (hostId) => held.get(hostId)?.window,
  });

  function holdOf(hostId: string): Held {
    const known = held.get(hostId);
    if (known) return known;
    const fresh: Held = { window: createHostWindow((id) => fleet.container(hostId, id)?.key ?? null), waiting: null };
    held.set(hostId, fresh);
    return fresh;
  }

  function onSample(hostId: string, sample: Sample, late: boolean): void {
    const { window, waiting } = holdOf(hostId);
    const receivedAt = clock.now();
    if (waiting) {
      waiting.push({ sample, late, receivedAt });
      if (waiting.length > SLOTS) waiting.shift();
    } else window.push(sample, late, receivedAt);
    table.changed(hostId);
    if (!late) live.offer(hostId, sample);
  }

  /** One host after the other, beside everything else that a start does. */
  async function restore(): Promise<void> {
    for (const [hostId, its] of held) {
      if (stopped) return;
      try {
        for (const { document, late, receivedAt } of await repo.newest(hostId, SLOTS)) {
          const sample = Sample.safeParse(document);
          if (sample.success) its.window.push(sample.data, late, receivedAt);
          await new Promise((resolve) => setImmediate(resolve));
        }
        const unnamed = its.window.unnamed();
        if (unnamed.length > 0) its.window.nameRows(await repo.targets(hostId, unnamed));
      } catch (error) {
        log.error({ host: hostId, why: describeError(error) }, "the last figures of a host could not be read");
      }
      for (const { sample, late, receivedAt } of its.waiting ?? []) its.window.push(sample, late, receivedAt);
      its.waiting = null;
      table.changed(hostId);
    }
  }

  function mustKnow(hostId: string, target: string | undefined): void {
    if (!hosts.get(hostId)) throw new AppError("not_found", "There is no such host. It may have been forgotten meanwhile.");
    if (target === undefined) return;
    const parsed = parseTarget(target);
    if (parsed === null) throw new AppError("bad_input", "This is not the address of a container.");
    if (parsed.scope !== hostId) throw new AppError("not_found", "There is no such container on this host.");
  }

  return {
    /** Begins to read what is stored, without waiting for it. Call before fleet.start(), so that no sample is missed. */
    start(): void {
      for (const { id } of hosts.all()) holdOf(id).waiting = [];
      unsubscribe.push(
        fleet.onSample(onSample),
        hosts.onChange((change) => {
          if (change.type === "forgotten") held.delete(change.hostId);
        }),
      );
      restoring = restore();
    },
    async stop(): Promise<void> {
      stopped = true;
      for (const end of unsubscribe.splice(0)) end();
      live.close();
      table.close();
      await restoring;
    },
    /** The last 15 minutes of a host, or of one target on it. AppErrors not_found, bad_input. */
    async window(hostId: string, target?: string): Promise<MetricsWindow> {
      mustKnow(hostId, target);
      await restoring;
      const { window } = holdOf(hostId);
      const now = clock.now();
      const common = { stepMs: TIMES.sampleMs, now: window.nowThere(now), gaps: await fleet.gaps(hostId, window.nowThere(now) - TIMES.windowMs) };
      if (target === undefined) return { ...common, of: "host", points: window.hostPoints(now), disks: window.disks() };
      return { ...common, of: "container", points: window.containerPoints(now, target) };
    },
    /** Samples as they come, each second while the host sends them. Ends with `signal`. AppErrors not_found, bad_input. */
    async *live(hostId: string, target?: string, signal?: AbortSignal): AsyncGenerator<LiveSample> {
      mustKnow(hostId, target);
      for await (const sample of live.follow(hostId, signal)) {
        if (target === undefined) yield sample;
        else yield { ...sample, containers: sample.containers.filter(({ id }) => fleet.container(hostId, id)?.key === target) };
      }
    },
    /** Everything that runs, for tables. Ends with `signal`. */
    async *table(signal?: AbortSignal): AsyncGenerator<TableMessage> {
      await restoring;
      yield* table.follow(signal);
    },
    /** Resolves once what was stored is in memory. */
    restored: (): Promise<void> => restoring,
    /** For /metrics and tests. */
    stats() {
      const windows = [...held.values()].map(({ window }) => window.stats());
      return { ...live.stats(), readers: table.readers(), rows: windows.reduce((sum, { rows }) => sum + rows, 0), bytes: windows.reduce((sum, { bytes }) => sum + bytes, 0) };
    },
  };
}
