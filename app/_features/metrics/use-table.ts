"use client";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { keepSubscribed } from "@/app/_trpc/keep-subscribed";
import { useTRPCClient } from "@/app/_trpc/client";
import { clockNow, useClock } from "@/app/_ui/clock";
import { useIsVisible } from "@/app/_ui/use-visible";
import type { TableMessage } from "@/server/domains/metrics/schema";
import { TIMES } from "@/protocol/limits";
import { createTableStore, sumFigures, type Figures } from "./table-store";

const table = createTableStore(clockNow);
/** Figures older than this are said to be past: two samples were missed. */
const PAST_MS = TIMES.sampleMs * 2.5;

/** Keeps the figures of the tables coming while the calling screen is mounted and somebody looks. What is known stays known. */
export function useTableFeed(): void {
  const client = useTRPCClient();
  const visible = useIsVisible();
  useEffect(() => {
    if (!visible) return;
    return keepSubscribed<TableMessage>((handlers) => client.metrics.table.subscribe(undefined, handlers), {
      onStarted: () => undefined,
      onData: table.take,
      onStopped: table.interrupted,
    });
  }, [client, visible]);
}

/** The figures of one row; renders again only when they change. undefined: none are known. */
export const useFigures = (key: string): Figures | undefined =>
  useSyncExternalStore((listener) => table.subscribe(key, listener), () => table.get(key), () => undefined);

/** Whether figures are no longer those of now. */
export const useIsPast = (figures: Figures | undefined): boolean => useClock((now) => figures !== undefined && now - figures.receivedAt > PAST_MS);

/** How long one point of a sparkline is, in milliseconds. */
export const useStepMs = (): number => useSyncExternalStore(table.subscribeAny, table.stepMs, table.stepMs);

/** What rows use together now, written `cpu memory`; each null while nothing is known. Renders again only when a sum changes. */
export function useSums(keys: readonly string[]): { cpu: number | null; memory: number | null } {
  const read = () => {
    const now = clockNow();
    const { cpu, memory } = sumFigures(keys.flatMap((key) => table.get(key) ?? []).filter((figures) => now - figures.receivedAt <= PAST_MS));
    return `${cpu ?? ""} ${memory ?? ""}`;
  };
  const text = useSyncExternalStore(table.subscribeAny, read, () => " ");
  return useMemo(() => {
    const [cpu = "", memory = ""] = text.split(" ");
    return { cpu: cpu === "" ? null : Number(cpu), memory: memory === "" ? null : Number(memory) };
  }, [text]);
}

export type FiguresOf = (key: string) => Figures | undefined;
const NOTHING: FiguresOf = () => undefined;

/** All figures, for an order by them: a new function with each message while `isWanted`, else always the same one. */
export function useFiguresOf(isWanted: boolean): FiguresOf {
  const version = useSyncExternalStore(table.subscribeAny, () => (isWanted ? table.version() : 0), () => 0);
  const [held, setHeld] = useState<{ version: number; of: FiguresOf }>({ version: 0, of: NOTHING });
  if (held.version === version) return held.of;
  const next = { version, of: isWanted ? (key: string) => table.get(key) : NOTHING };
  setHeld(next);
  return next.of;
}
