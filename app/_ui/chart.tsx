"use client";
import type { KeyboardEvent, PointerEvent, ReactNode } from "react";
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { useTranslations } from "use-intl";
import { useChartGroup } from "./chart-group";
import type { Picture, PictureData, SeriesColour } from "./chart-picture";
import type { Base, Column } from "./chart-scale";
import { extremes, highest, nearestIndex, valueScale, withBreaks } from "./chart-scale";
import { classes } from "./classes";
import { useFormat } from "./format";

export interface ChartLine {
  label: string;
  colour: SeriesColour;
  values: Column;
}

interface ChartProps {
  title: string;
  /** Growing, milliseconds since 1970. */
  times: readonly number[];
  /** At most four. One alone is filled. */
  lines: readonly ChartLine[];
  /** A figure with its unit: "41 %", "212 MiB". */
  format: (value: number) => string;
  base?: Base;
  /** The scale ends no lower than this, so that noise of nearly nothing does not look like a storm. */
  least: number;
  /** A dashed line, once the figures come near it. Its words stand in `aside`. */
  limit?: number | null;
  /** Two times further apart than this are not joined. */
  longestMs: number;
  /** The last figure is not confirmed now: it "was". */
  isPast?: boolean;
  /** Beside the title: "of 4 cores". */
  aside?: ReactNode;
  className?: string;
}

interface Plot {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Draws into the element with uPlot, which is fetched with the first chart of a visit. */
function usePicture(data: PictureData, colours: readonly SeriesColour[], format: (value: number) => string) {
  const element = useRef<HTMLDivElement>(null);
  const [plot, setPlot] = useState<Plot | null>(null);
  const { minute } = useFormat();
  const picture = useRef<Picture | null>(null);
  const latest = useRef({ data, format, minute });
  useEffect(() => {
    latest.current = { data, format, minute };
    picture.current?.show(data);
  }, [data, format, minute]);
  const colourKey = colours.join();
  useEffect(() => {
    let ended = false;
    const begin = async () => {
      // Without it the figures are still there as text.
      const module = await import("./chart-picture").catch(() => null);
      if (ended || !element.current || !module) return;
      picture.current = module.createPicture(element.current, latest.current.data, {
        colours: colourKey.split(",").map((name) => Number(name) as SeriesColour),
        formatValue: (value) => latest.current.format(value),
        formatTime: (at) => latest.current.minute(at),
        onPlaced: setPlot,
      });
    };
    void begin();
    return () => {
      ended = true;
      picture.current?.destroy();
      picture.current = null;
    };
  }, [colourKey]);
  return { element, plot };
}

/** Figures over time. Read by pointer, by arrow keys, and as a sentence by a screen reader. */
export function Chart({ title, times, lines, format, base = "decimal", least, limit = null, longestMs, isPast = false, aside, className }: ChartProps) {
  const t = useTranslations("ui.chart");
  const group = useChartGroup();
  const { from, to, bands, cursor } = group;
  const summaryId = useId();
  const drawn = useMemo(() => withBreaks(times, lines.map((line) => line.values), longestMs), [times, lines, longestMs]);
  const scale = useMemo(() => valueScale(highest(drawn.columns), { base, least, limit }), [drawn, base, least, limit]);
  const data = useMemo<PictureData>(() => ({ ...drawn, from, to, scale, limit, bands }), [drawn, from, to, scale, limit, bands]);
  const { element, plot } = usePicture(data, lines.map((line) => line.colour), format);
  const at = cursor === null ? null : nearestIndex(times, cursor);
  const isEmpty = lines.every((line) => line.values.every((value) => value === null));
  return (
    <figure className={classes("flex min-w-0 flex-col gap-1.5 px-3.5 pt-2.5 pb-1.5", className)}>
      <figcaption className="flex min-h-[19px] flex-wrap items-baseline gap-x-3 gap-y-0.5">
        <span className="font-semibold">{title}</span>
        {aside ? <span className="text-12 text-ink-3">{aside}</span> : null}
        <Readout lines={lines} at={at} format={format} isPast={isPast} />
      </figcaption>
      <Reader title={title} summaryId={summaryId} times={times} lines={lines} at={at} format={format} plot={plot}>
        <div ref={element} className="absolute inset-0" />
        {plot && at !== null ? <Cross plot={plot} time={times[at] ?? 0} figures={lines.map((line) => ({ colour: line.colour, value: line.values[at] ?? null }))} top={scale.top} /> : null}
        {isEmpty ? <p className="absolute inset-0 grid place-items-center text-12 text-ink-3">{t("noFigures")}</p> : null}
      </Reader>
      <p id={summaryId} className="sr-only">
        <Summary times={times} lines={lines} format={format} />
      </p>
    </figure>
  );
}

interface ReaderProps {
  title: string;
  summaryId: string;
  times: readonly number[];
  lines: readonly ChartLine[];
  at: number | null;
  format: (value: number) => string;
  plot: Plot | null;
  children: ReactNode;
}

/** The moment under the pointer or the arrow keys. To a screen reader it is a slider over time that tells the figures. */
function Reader({ title, summaryId, times, lines, at, format, plot, children }: ReaderProps) {
  const t = useTranslations("ui.chart");
  const { clock } = useFormat();
  const { from, to, onCursor } = useChartGroup();
  const last = times.length - 1;
  const point = (event: PointerEvent<HTMLDivElement>) => {
    if (!plot) return;
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left - plot.left;
    const index = nearestIndex(times, from + (x / plot.width) * (to - from));
    onCursor(index === null ? null : (times[index] ?? null));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const now = at ?? last;
    const next = { ArrowLeft: now - 1, ArrowRight: now + 1, PageUp: now + PAGE, PageDown: now - PAGE, Home: 0, End: last }[event.key];
    if (event.key === "Escape" && at !== null) onCursor(null);
    else if (next !== undefined && last >= 0) onCursor(times[Math.min(last, Math.max(0, next))] ?? null);
    else return;
    event.preventDefault();
  };
  const said = (index: number) => `${clock(times[index] ?? 0)}: ${lines.map((line) => `${line.label} ${written(line.values[index] ?? null, format)}`).join(", ")}`;
  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label={title}
      aria-describedby={summaryId}
      aria-orientation="horizontal"
      aria-valuemin={0}
      aria-valuemax={Math.max(0, last)}
      aria-valuenow={Math.max(0, at ?? last)}
      aria-valuetext={last < 0 ? t("noFigures") : said(at ?? last)}
      onPointerMove={point}
      onPointerDown={point}
      onPointerLeave={() => onCursor(null)}
      onBlur={() => onCursor(null)}
      onKeyDown={onKeyDown}
      className="relative h-[128px] touch-pan-y rounded-small"
    >
      {children}
    </div>
  );
}

/** Figures that PageUp and PageDown pass at once: a minute of them at one each 10 seconds. */
const PAGE = 6;
const UNKNOWN = "–";
const written = (value: number | null, format: (value: number) => string) => (value === null ? UNKNOWN : format(value));
const INKS: Record<SeriesColour, string> = { 0: "var(--s0)", 1: "var(--s1)", 2: "var(--s2)", 3: "var(--s3)" };

/** The figures of the moment that is pointed at, else the last ones. */
function Readout({ lines, at, format, isPast }: { lines: readonly ChartLine[]; at: number | null; format: (value: number) => string; isPast: boolean }) {
  const t = useTranslations("ui.chart");
  const figure = (line: ChartLine) => {
    if (at !== null) return written(line.values[at] ?? null, format);
    if (!isPast) return written(line.values.at(-1) ?? null, format);
    const last = line.values.findLast((value) => value !== null) ?? null;
    return last === null ? UNKNOWN : t("was", { value: format(last) });
  };
  return (
    <span className="ml-auto flex flex-wrap items-baseline gap-x-3 tabular-nums">
      {lines.map((line) => (
        <span key={line.label} className="inline-flex items-baseline gap-1.5">
          {lines.length > 1 ? (
            <>
              <i aria-hidden="true" className="h-[2px] w-[10px] self-center" style={{ background: INKS[line.colour] }} />
              <span className="text-12 text-ink-3">{line.label}</span>
            </>
          ) : null}
          <span className={isPast && at === null ? "text-unknown" : "font-[550]"}>{figure(line)}</span>
        </span>
      ))}
    </span>
  );
}

/** Room that a moment takes on the axis. */
const CLOCK_PX = 48;

/** The moment that is pointed at: a line, a dot on each line, and when it was in place of the axis' own labels. */
function Cross({ plot, time, figures, top }: { plot: Plot; time: number; figures: readonly { colour: SeriesColour; value: number | null }[]; top: number }) {
  const { from, to } = useChartGroup();
  const { clock } = useFormat();
  const left = plot.left + ((time - from) / Math.max(1, to - from)) * plot.width;
  if (left < plot.left || left > plot.left + plot.width) return null;
  return (
    <div aria-hidden="true" className="pointer-events-none absolute inset-0">
      <i className="absolute w-px bg-control" style={{ left, top: plot.top, height: plot.height }} />
      <time className="absolute -translate-x-1/2 bg-panel px-1 text-11" style={{ left: Math.min(left, plot.left + plot.width - CLOCK_PX / 2), top: plot.top + plot.height + 3 }}>
        {clock(time)}
      </time>
      {figures.map(({ colour, value }, index) =>
        value === null ? null : (
          <i key={index} className="absolute -mt-[3.5px] -ml-[3px] size-[7px] rounded-full border border-panel" style={{ left, top: plot.top + plot.height * (1 - Math.min(1, value / top)), background: INKS[colour] }} />
        ),
      )}
    </div>
  );
}

/** What a look at the chart would tell, in words. */
function Summary({ times, lines, format }: { times: readonly number[]; lines: readonly ChartLine[]; format: (value: number) => string }) {
  const t = useTranslations("ui.chart");
  const { minute } = useFormat();
  const { bands } = useChartGroup();
  const sentences = lines.map((line) => {
    const found = extremes(times, line.values);
    if (!found) return t("summaryNone", { label: line.label });
    return t("summary", { label: line.label, last: format(found.last), low: format(found.low), high: format(found.high), at: minute(found.highAt) });
  });
  return <>{[...sentences, ...bands.map((band) => band.label)].join(" ")}</>;
}
