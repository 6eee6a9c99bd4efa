/**
 * Live metrics: a sample of the host and its running containers every TIMES.sampleMs, and every
 * TIMES.sampleLiveMs for as long as somebody looks. The two rows of samples stand on rows of counters of
 * their own, so that each one's rates are over its own span. Spans come from the clock that only grows: a
 * wall clock that jumps changes what a sample is called, never what it says.
 */
import { TIMES } from "@/protocol/limits";
import type { ContainerFigures, DiskFigures, Sample } from "@/protocol/metrics";
import type { BlackBox } from "@/protocol/shapes";
import type { Clock } from "../clock";
import type { Reach } from "../reach";
import type { Reflector } from "../reflector";
import type { Runtime } from "../runtime/runtime";
import { AT, type Counters, figuresBetween, newCounters } from "./counters";
import { createDisks } from "./disks";
import { createEngineUsage } from "./engine-usage";
import { type HostCounters, openHostFiles } from "./host-files";
import { describeReach } from "./obstacles";
import { createSources, type HostPlaces, hostPlaces, readFiles, type Source } from "./sources";
import { createWindows } from "./windows";

/** Containers read in one turn of the event loop, under one time: half a dozen milliseconds, and in the same order each time. */
const READ_AT_ONCE = 100;

export interface Metrics {
  /** Begins with the first list of containers. `onSample` gets the samples of each TIMES.sampleMs, and only those. */
  start(onSample: (sample: Sample) => void): void;
  stop(): void;
  /** Somebody looks: samples at once and then each TIMES.sampleLiveMs, until the returned function is called. What only the engine knows is as of its last 10 s sample. */
  live(listener: (sample: Sample) => void): () => void;
  /** A container's last 15 minutes, oldest first, also for a while after it is gone. */
  window(id: string): BlackBox["window"];
  /** Whether the kernel's files are read for every container. */
  reach(): Reach;
}

export interface MetricsOptions {
  runtime: Pick<Runtime, "usage">;
  reflector: Pick<Reflector, "containers" | "sighting" | "subscribe" | "listedAt">;
  clock: Clock;
  /** Where the host's /proc and /sys/fs/cgroup are mounted for an agent in a container; null: at their own places. */
  hostRoot: string | null;
  /** For tests. */
  places?: HostPlaces;
}

/** What a row of samples stands on. */
interface Series {
  key: "sampled" | "shown";
  host: HostCounters | null;
  /** By the clock that only grows; null before the first sample. */
  at: number | null;
}

export function createMetrics({ runtime, reflector, clock, hostRoot, places = hostPlaces(hostRoot) }: MetricsOptions): Metrics {
  const host = openHostFiles(places.proc, places.network);
  const hostMemory = host.memoryTotal();
  const sources = createSources({ reflector, places, hostMemory: () => hostMemory });
  const disks = createDisks({ hostMounts: places.mounts, ownMounts: places.ownMounts, clock });
  const engine = createEngineUsage({ runtime, reflector, clock });
  const windows = createWindows();
  const listeners = new Set<(sample: Sample) => void>();
  const sampled: Series = { key: "sampled", host: null, at: null };
  const shown: Series = { key: "shown", host: null, at: null };
  let room: DiskFigures[] = [];
  let stopped = true;
  let cleanup: (() => void)[] = [];
  let endLive: (() => void) | null = null;

  /** Reads the files of all sources, and makes the sample of a series from them and from `others`, whose rows are filled already. */
  async function take(series: Series, others: (source: Source) => ContainerFigures | null): Promise<Sample> {
    const containers: ContainerFigures[] = [];
    let turn = 0;
    let at = clock.monotonic();
    for (const source of sources.all.values()) {
      if (++turn % READ_AT_ONCE === 0) {
        await new Promise((resolve) => setImmediate(resolve));
        at = clock.monotonic();
      }
      const figures = readFiles(source, series === sampled) ? since(series, source, at) : others(source);
      if (figures) containers.push(figures);
    }
    const now = host.count(clock.monotonic());
    const ofHost = host.figures(series.host, now);
    const sample: Sample = {
      at: clock.now(),
      spanMs: series.at === null ? null : Math.max(0, Math.round(now[AT]! - series.at)),
      host: ofHost && { ...ofHost, disks: room },
      containers,
    };
    series.host = now;
    series.at = now[AT]!;
    return sample;
  }
  function since(series: Series, source: Source, at: number): ContainerFigures {
    source.now[AT] = at;
    const figures = figuresBetween(source.id, source[series.key], source.now);
    const row: Counters = (source[series.key] ??= newCounters());
    row.set(source.now);
    return figures;
  }

  async function takeSample(onSample: (sample: Sample) => void): Promise<void> {
    sources.match(true);
    const asked = [...sources.all.values()].filter((source) => source.files === null);
    const [answered] = await Promise.all([engine.round(asked, hostMemory), disks.look().then((found) => (room = found))]);
    if (stopped) return;
    const sample = await take(sampled, (source) => (source.figures = answered.has(source) ? since(sampled, source, source.now[AT]!) : null));
    if (stopped) return;
    for (const figures of sample.containers) windows.add(figures, sample.at, sampled.at!);
    windows.forgetOld(sampled.at!);
    onSample(sample);
  }
  async function takeLive(): Promise<void> {
    sources.match(false);
    const sample = await take(shown, (source) => source.figures);
    for (const listener of [...listeners]) listener(sample);
  }
  /** The first live sample is over the time since the last 10 s one. */
  function beginLive(): void {
    shown.host = sampled.host;
    shown.at = sampled.at;
    for (const source of sources.all.values()) source.shown = source.sampled === null ? null : source.sampled.slice();
    const pass = onceAtATime(takeLive);
    endLive = clock.every(TIMES.sampleLiveMs, pass);
    pass();
  }

  return {
    start(onSample) {
      if (!stopped) return;
      stopped = false;
      const pass = onceAtATime(() => takeSample(onSample));
      cleanup = [
        clock.every(TIMES.sampleMs, pass),
        reflector.subscribe((change) => {
          if (change.what === "list") pass();
          else if (change.what === "container") sources.dropIfEnded(change.id);
        }),
      ];
      if (reflector.listedAt() !== null) pass();
    },
    stop() {
      stopped = true;
      for (const task of cleanup.splice(0)) task();
      endLive?.();
      endLive = null;
      listeners.clear();
      sources.close();
      host.close();
    },
    live(listener) {
      listeners.add(listener);
      if (listeners.size === 1) beginLive();
      return () => {
        if (!listeners.delete(listener) || listeners.size > 0) return;
        endLive?.();
        endLive = null;
      };
    },
    window: windows.of,
    reach: () => describeReach(sources.all),
  };
}

/** A timer's task that is left out while the one before it is still at work. */
function onceAtATime(work: () => Promise<void>): () => void {
  let working = false;
  return () => {
    if (working) return;
    working = true;
    void work().finally(() => (working = false));
  };
}
