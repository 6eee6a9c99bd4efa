"use client";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslations } from "use-intl";
import { keepSubscribed } from "@/app/_trpc/keep-subscribed";
import { useTRPC, useTRPCClient } from "@/app/_trpc/client";
import { useHost } from "@/app/_trpc/live";
import type { ChartBand } from "@/app/_ui/chart-group";
import { clockNow, useClock } from "@/app/_ui/clock";
import { useFormat } from "@/app/_ui/format";
import { useIsVisible } from "@/app/_ui/use-visible";
import { TIMES } from "@/protocol/limits";
import type { HostFigures } from "@/protocol/metrics";
import { isFresh, type GapView } from "@/server/domains/fleet/schema";
import type { ContainerPoint, HostPoint, LiveSample, MetricsWindow } from "@/server/domains/metrics/schema";
import { containerPoint, gapSpan, hostPoint, isCurrent, lateSpans, longestJoin, mergePoints, withLive, type Moment } from "./points";

/** The stored window is read again this often: what was filled in appears in it. */
const READ_AGAIN_MS = 30_000;
/** Charts slide on by this much while nothing comes. */
const SLIDE_MS = 10_000;

/** What a page of charts draws. Times are on the host's clock. */
export interface Window<Point extends Moment> {
  /** Oldest first, within `from`…`to`. */
  points: readonly Point[];
  from: number;
  to: number;
  bands: readonly ChartBand[];
  /** Points further apart are not joined. */
  longestMs: number;
  /** The newest figures are not those of now. */
  isPast: boolean;
  /** Asked for, and not answered yet. */
  isPending: boolean;
  error: unknown;
  retry: () => void;
}

/** Samples each second, for as long as somebody looks: the stream ends when the tab is hidden or the page left. */
function useLive(hostId: string, target: string | undefined, isWanted: boolean, onSample: (sample: LiveSample) => void): void {
  const client = useTRPCClient();
  const visible = useIsVisible();
  useEffect(() => {
    if (!visible || !isWanted) return;
    return keepSubscribed<LiveSample>((handlers) => client.metrics.live.subscribe(target === undefined ? { hostId } : { hostId, target }, handlers), {
      onStarted: () => undefined,
      onData: onSample,
      onStopped: () => undefined,
    });
  }, [client, visible, isWanted, hostId, target, onSample]);
}

/** The stored window: read when the page opens, again from time to time, and when the tab or the host is back. */
function useStored(hostId: string, target: string | undefined) {
  const trpc = useTRPC();
  const visible = useIsVisible();
  const link = useHost(hostId)?.link;
  const input = target === undefined ? { hostId } : { hostId, target };
  const answer = useQuery(trpc.metrics.window.queryOptions(input, { enabled: visible, refetchInterval: READ_AGAIN_MS, staleTime: 0 }));
  const { refetch } = answer;
  const before = useRef(link);
  useEffect(() => {
    if (before.current === link) return;
    before.current = link;
    void refetch();
  }, [link, refetch]);
  return answer;
}

/** The charts' bands with their words. */
function useBands(points: readonly Moment[], gaps: readonly GapView[], stepMs: number, from: number, to: number): readonly ChartBand[] {
  const t = useTranslations("metrics.band");
  const { minute } = useFormat();
  return useMemo(() => {
    const late = lateSpans(points, stepMs).map(({ from: since, to: until }): ChartBand => ({ from: since, to: until, look: "late", label: t("late", { since: minute(since), until: minute(until) }) }));
    const lost = gaps.flatMap((gap): ChartBand[] => {
      const span = gapSpan(gap, from, to);
      return span ? [{ ...span, look: "gap", label: t("gap", { since: minute(span.from), until: minute(span.to), why: gap.why }) }] : [];
    });
    return [...late, ...lost].sort((a, b) => a.from - b.from);
  }, [points, gaps, stepMs, from, to, t, minute]);
}

const NO_POINTS: readonly never[] = [];

/** Stored and live points as one window. `has`: whether a point holds any figure. */
function useJoined<Point extends Moment>(hostId: string, answer: ReturnType<typeof useStored>, stored: readonly Point[], live: readonly Point[], has: (point: Point) => boolean): Window<Point> {
  const host = useHost(hostId);
  const { data, dataUpdatedAt } = answer;
  const stepMs = data?.stepMs ?? TIMES.sampleMs;
  // Points carry their host's time: the window ends there, and not at the reader's now.
  const skew = useMemo(() => (data && dataUpdatedAt > 0 ? data.now - clockNow() : 0), [data, dataUpdatedAt]);
  const slide = useClock((now) => Math.floor(now / SLIDE_MS) * SLIDE_MS);
  const to = Math.max(slide + skew, live.at(-1)?.at ?? 0, stored.at(-1)?.at ?? 0);
  const from = to - TIMES.windowMs;
  const points = useMemo(() => mergePoints(stored, live, from, stepMs), [stored, live, from, stepMs]);
  const known = points.findLast(has)?.at ?? null;
  const old = useClock((now) => !isCurrent(known, now + skew, stepMs));
  const bands = useBands(points, data?.gaps ?? NO_POINTS, stepMs, from, to);
  return { points, from, to, bands, longestMs: longestJoin(stepMs), isPast: old || !isFresh(host), isPending: answer.isPending, error: answer.error, retry: () => void answer.refetch() };
}

const hasHostFigures = (point: HostPoint) => point.cpu !== null || point.memory !== null;
const hasFigures = (point: ContainerPoint) => point.cpu !== null || point.memory !== null;
const pointsOf = <Of extends MetricsWindow["of"]>(data: MetricsWindow | undefined, of: Of) => (data?.of === of ? (data as Extract<MetricsWindow, { of: Of }>) : undefined);

type Disks = readonly HostFigures["disks"][number][];

/** A host's last 15 minutes, live, and its disks as last measured. */
export function useHostWindow(hostId: string): Window<HostPoint> & { disks: Disks } {
  const answer = useStored(hostId, undefined);
  const [live, setLive] = useState<readonly HostPoint[]>(NO_POINTS);
  const [disks, setDisks] = useState<Disks | null>(null);
  const [onSample] = useState(() => (sample: LiveSample) => {
    setLive((before) => withLive(before, hostPoint(sample)));
    if (sample.host) setDisks(sample.host.disks);
  });
  useLive(hostId, undefined, true, onSample);
  const stored = pointsOf(answer.data, "host");
  return { ...useJoined(hostId, answer, stored?.points ?? NO_POINTS, live, hasHostFigures), disks: disks ?? stored?.disks ?? NO_POINTS };
}

/** The last 15 minutes of what runs under a lasting address, live while it runs. The address stays when the container is created again. */
export function useContainerWindow(hostId: string, target: string, isRunning: boolean): Window<ContainerPoint> {
  const answer = useStored(hostId, target);
  const [live, setLive] = useState<readonly ContainerPoint[]>(NO_POINTS);
  const [onSample] = useState(() => (sample: LiveSample) => setLive((before) => withLive(before, containerPoint(sample))));
  useLive(hostId, target, isRunning, onSample);
  return useJoined(hostId, answer, pointsOf(answer.data, "container")?.points ?? NO_POINTS, live, hasFigures);
}
