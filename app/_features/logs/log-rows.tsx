"use client";
import type { ReactNode } from "react";
import { useTranslations } from "use-intl";
import { classes } from "@/app/_ui/classes";
import { useClock } from "@/app/_ui/clock";
import { isSameDay } from "./line-time";
import { LogLine, type LineLook } from "./log-line";
import type { LogRow, LogStore } from "./log-store";
import type { Matcher } from "./matcher";
import type { RowView } from "./row-scan";
import type { useRowWindow } from "./use-row-window";

/** The lines' height while they are not wrapped; as their class says. */
export const ROW_PX = 19;
/** Marks at the edge: more could not be told apart. */
const MARKS = 160;

/** The row at a place of the view; undefined where the store has moved on since the view was made. */
export function rowAt(store: LogStore, view: RowView, at: number): LogRow | undefined {
  const index = at < view.count ? view.index(at) : -1;
  return index >= 0 && index < store.length ? store.row(index) : undefined;
}

/** Whether any of these rows is of another day than today. */
function useHasOtherDays(rows: readonly LogRow[]): boolean {
  const today = useClock((now) => new Date(now).setHours(0, 0, 0, 0));
  return rows.some((row) => row.line !== null && row.line.at !== null && !isSameDay(row.line.at, today));
}

interface LogRowsProps {
  store: LogStore;
  view: RowView;
  window: ReturnType<typeof useRowWindow>;
  looks: readonly [plain: LineLook, withDays: LineLook];
  /** Place and name of a source; place null where it is alone. */
  sourceOf: (key: string) => { place: number | null; name: string };
  matcher: Matcher | null;
  current: number | null;
  onChoose: (id: number) => void;
  /** Above the first row. */
  head: ReactNode;
  /** In place of rows. */
  empty: ReactNode;
}

/** The rows in sight. */
export function LogRows({ store, view, window: { scroller, block, onScroll, first, last, start, total }, looks, sourceOf, matcher, current, onChoose, head, empty }: LogRowsProps) {
  const t = useTranslations("logs");
  const rows: LogRow[] = [];
  for (let at = first; at <= last; at++) {
    const row = rowAt(store, view, at);
    if (row) rows.push(row);
  }
  const look = useHasOtherDays(rows) ? looks[1] : looks[0];
  return (
    <div className="relative flex min-h-0 flex-1">
      <div
        ref={scroller}
        role="log"
        aria-live="off"
        aria-label={t("title")}
        tabIndex={0}
        onScroll={onScroll}
        className="log-rows min-h-0 min-w-0 flex-1 overflow-auto overscroll-contain py-0 font-mono text-12 leading-[19px]! outline-offset-[-2px]!"
      >
        {view.count === 0 ? (
          empty
        ) : (
          <div className="relative" style={{ height: total }}>
            {first === 0 ? head : null}
            <div ref={block} className={classes("absolute top-0 left-0 min-w-full", look.wraps ? "w-full" : "w-max")} style={{ transform: `translateY(${start}px)` }}>
              {rows.map((row) => {
                const { place, name } = sourceOf(row.source);
                return <LogLine key={row.id} row={row} source={place} name={name} look={look} matcher={matcher} isCurrent={row.id === current} onChoose={onChoose} />;
              })}
            </div>
          </div>
        )}
      </div>
      <HitMarks view={view} />
    </div>
  );
}

/** Where the hits lie in all rows, at the edge. */
function HitMarks({ view }: { view: RowView }) {
  if (view.hits.length === 0) return null;
  const places = new Set(view.hits.map((at) => Math.floor((at / view.count) * MARKS)));
  return (
    <svg viewBox={`0 0 8 ${MARKS}`} preserveAspectRatio="none" aria-hidden="true" className="h-full w-[8px] shrink-0 border-l border-line text-lamp">
      <path d={[...places].map((place) => `M1 ${place}h6v.6h-6z`).join("")} fill="currentColor" />
    </svg>
  );
}
