import { classes } from "./classes";

interface MeterProps {
  /** null: not known now; the bar stays empty and says nothing. */
  value: number | null;
  max: number;
  /** What is measured, for a screen reader. */
  label: string;
  /** The same in words: "41 % of 512 MiB". */
  text: string;
  /** The figure is not confirmed now. */
  isPast?: boolean;
  className?: string;
}

/** From this share on it is worth a look, and from that one it is nearly full. */
const WARN = 0.85;
const BAD = 0.95;

/** Whether a share of a limit is worth a look. */
export function fullness(value: number, max: number): "plain" | "warn" | "bad" {
  const share = max > 0 ? value / max : 0;
  return share >= BAD ? "bad" : share >= WARN ? "warn" : "plain";
}

const FILLS = { plain: "bg-accent", warn: "bg-warn", bad: "bg-bad" } as const;

/** How much of a limit is used, as a bar. */
export function Meter({ value, max, label, text, isPast, className }: MeterProps) {
  const share = value === null || max <= 0 ? 0 : Math.min(1, value / max);
  const fill = value === null ? "" : isPast ? "bg-unknown" : FILLS[fullness(value, max)];
  return (
    <span
      // Without a figure there is nothing to read out: a meter has no way to say "not known".
      {...(value === null ? { "aria-hidden": true } : { role: "meter", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": max, "aria-valuenow": Math.min(value, max), "aria-valuetext": text })}
      className={classes("inline-block h-[5px] w-[64px] shrink-0 overflow-hidden rounded-full bg-line", className)}
    >
      <span className={classes("block h-full rounded-full", fill)} style={{ width: `${share * 100}%` }} />
    </span>
  );
}
