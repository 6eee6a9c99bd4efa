import { memo } from "react";
import { classes } from "./classes";
import { highest, sparkPath, type Column } from "./chart-scale";

const WIDTH = 84;
const HEIGHT = 22;

interface SparklineProps {
  /** Growing, milliseconds since 1970. */
  times: readonly number[];
  values: Column;
  /** The span that the width stands for: a short history begins in the middle and not at the left. */
  from: number;
  to: number;
  /** The figure at the upper edge, at least; higher figures raise it. */
  least: number;
  /** Two times further apart than this are not joined. */
  longestMs: number;
  /** bad: near its limit. past: not confirmed now. */
  tone?: "plain" | "bad" | "past";
  className?: string;
}

const TONES = { plain: "text-accent", bad: "text-bad", past: "text-unknown" } as const;

/** A line as high as a row. Its figure stands beside it, so it says nothing to a screen reader. */
export const Sparkline = memo(function Sparkline({ times, values, from, to, least, longestMs, tone = "plain", className }: SparklineProps) {
  const top = Math.max(least, highest([values]) ?? 0);
  const { line, area } = sparkPath(times, values, { from, to, top, width: WIDTH, height: HEIGHT }, longestMs);
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true" className={classes("shrink-0", TONES[tone], className)}>
      <path d={area} fill="currentColor" fillOpacity="0.14" />
      <path d={line} fill="none" stroke="currentColor" strokeWidth="1.3" strokeLinejoin="round" strokeLinecap="round" />
    </svg>
  );
});
