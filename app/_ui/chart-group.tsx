"use client";
import type { ReactNode } from "react";
import { createContext, useContext, useMemo, useState } from "react";
import { useTranslations } from "use-intl";
import { classes } from "./classes";

export interface ChartBand {
  from: number;
  to: number;
  /** late: what is drawn there came later. gap: nothing is known of it. */
  look: "late" | "gap";
  /** What it is, as a sentence: stands below the charts. */
  label: string;
}

interface Group {
  /** The span of time of every chart in the group, milliseconds since 1970. */
  from: number;
  to: number;
  bands: readonly ChartBand[];
  /** The moment that somebody points at in one chart: marked in all. */
  cursor: number | null;
  onCursor: (at: number | null) => void;
}
const Context = createContext<Group>({ from: 0, to: 1, bands: [], cursor: null, onCursor: () => undefined });

/** The group that a chart belongs to. */
export const useChartGroup = (): Group => useContext(Context);

/** Charts over one span of time: what is pointed at in one is read in all. */
export function ChartGroup({ from, to, bands, children }: { from: number; to: number; bands: readonly ChartBand[]; children: ReactNode }) {
  const [cursor, onCursor] = useState<number | null>(null);
  const group = useMemo(() => ({ from, to, bands, cursor, onCursor }), [from, to, bands, cursor]);
  return <Context value={group}>{children}</Context>;
}

/** What the hatched and the empty stretches of the group's charts mean. */
export function ChartNotes({ className }: { className?: string }) {
  const t = useTranslations("ui.chart");
  const { bands } = useChartGroup();
  if (bands.length === 0) return null;
  return (
    <ul aria-label={t("notes")} className={classes("flex flex-col gap-1 text-12 text-ink-2", className)}>
      {bands.map((band) => (
        <li key={`${band.look} ${band.from}`} className="flex items-baseline gap-2">
          <span aria-hidden="true" className={classes("inline-block h-[10px] w-[16px] shrink-0 rounded-cell border border-line", band.look === "late" ? "chart-hatch" : "bg-line")} />
          {band.label}
        </li>
      ))}
    </ul>
  );
}
