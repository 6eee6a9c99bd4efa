/** From samples to what charts draw: points in time, gaps, and what came later than it happened. */
import { TIMES } from "@/protocol/limits";
import type { Sample } from "@/protocol/metrics";
import type { GapView } from "@/server/domains/fleet/schema";
import type { ContainerPoint, HostPoint } from "@/server/domains/metrics/schema";

/** When a point is of, on its host's clock, and whether it was filled in later. */
export type Moment = Pick<HostPoint, "at" | "late">;

const NO_HOST: Omit<HostPoint, keyof Moment> = { cpu: null, cpus: null, load: null, memory: null, memoryTotal: null, swap: null, swapTotal: null, received: null, sent: null, read: null, written: null };
const NO_CONTAINER: Omit<ContainerPoint, keyof Moment> = { cpu: null, cpuLimit: null, throttled: null, memory: null, memoryLimit: null, received: null, sent: null, read: null, written: null, pids: null };

/** A live sample as a point of its host. */
export function hostPoint(sample: Sample): HostPoint {
  if (!sample.host) return { at: sample.at, late: false, ...NO_HOST };
  const { disks: _, load, ...figures } = sample.host;
  return { at: sample.at, late: false, ...figures, load: load?.[0] ?? null };
}

/** A live sample of one lasting address as a point: the newest container under it, last in the sample. In a sample without it there are no figures. */
export function containerPoint(sample: Sample): ContainerPoint {
  const found = sample.containers.at(-1);
  if (!found) return { at: sample.at, late: false, ...NO_CONTAINER };
  const { id: _, ...figures } = found;
  return { at: sample.at, late: false, ...figures };
}

/** Points drawn at once: a whole window at one a second, with room for what was filled in. */
const MOST_POINTS = 1_200;

/**
 * The stored window with what came live since, oldest first, from `from` on. Both tell of the same moments:
 * where a live point is near a stored one, the live one is kept, for it lies among others each second.
 */
export function mergePoints<Point extends Moment>(stored: readonly Point[], live: readonly Point[], from: number, stepMs: number): Point[] {
  const near = stepMs / 2;
  let next = 0;
  const kept = stored.filter((point) => {
    while (next < live.length && (live[next]?.at ?? 0) < point.at - near) next++;
    const neighbour = live[next];
    return neighbour === undefined || neighbour.at > point.at + near;
  });
  return [...kept, ...live].filter((point) => point.at >= from).sort((a, b) => a.at - b.at).slice(-MOST_POINTS);
}

/** Adds a live point: never an older one than the last, and no more than a window of them. */
export function withLive<Point extends Moment>(live: readonly Point[], point: Point): readonly Point[] {
  const last = live.at(-1);
  if (last && point.at <= last.at) return live;
  return [...live.filter((one) => one.at >= point.at - TIMES.windowMs), point];
}

export interface Span {
  from: number;
  to: number;
}

/** The stretches whose points came late, each from one step before its first point: the host was cut off then. */
export function lateSpans(points: readonly Moment[], stepMs: number): Span[] {
  const spans: Span[] = [];
  let open: Span | null = null;
  for (const point of points) {
    if (!point.late) {
      open = null;
      continue;
    }
    if (open && point.at - open.to <= longestJoin(stepMs)) open.to = point.at;
    else spans.push((open = { from: point.at - stepMs, to: point.at }));
  }
  return spans;
}

/** A gap within `from`…`to`; an end that nobody knows is the window's own. null: it lies outside. */
export function gapSpan(gap: Pick<GapView, "since" | "until">, from: number, to: number): Span | null {
  const span = { from: Math.max(from, gap.since ?? from), to: Math.min(to, gap.until ?? to) };
  return span.to > span.from ? span : null;
}

/** Two points further apart than this are not joined by a line: at least two were missed. */
export const longestJoin = (stepMs: number): number => stepMs * 2.5;

/** How old the newest figure may be and still be said to be now. */
export const isCurrent = (at: number | null, now: number, stepMs: number): boolean => at !== null && now - at <= longestJoin(stepMs);
