import type { ReactNode } from "react";
import { classes } from "./classes";

/** running ● · starting ◐ · failing ▲ · ended ■ · unknown ◌ */
export type StateShape = "running" | "starting" | "failing" | "ended" | "unknown";
export type StateTone = "ok" | "warn" | "bad" | "info" | "muted";

const TONES: Record<StateTone, string> = { ok: "text-ok", warn: "text-warn", bad: "text-bad", info: "text-accent", muted: "text-unknown" };
const TONE_OF_SHAPE: Record<StateShape, StateTone> = { running: "ok", starting: "info", failing: "bad", ended: "muted", unknown: "muted" };

/** The shape alone. Always put a word beside it, or use StateMark. */
export function StateShapeIcon({ shape, className }: { shape: StateShape; className?: string }) {
  return (
    <svg viewBox="0 0 12 12" aria-hidden="true" className={classes("size-[11px] shrink-0", className)}>
      {SHAPES[shape]}
    </svg>
  );
}

const SHAPES: Record<StateShape, ReactNode> = {
  running: <circle cx="6" cy="6" r="4.6" fill="currentColor" />,
  starting: (
    <>
      <circle cx="6" cy="6" r="4.3" fill="none" stroke="currentColor" strokeWidth="1.4" />
      <path d="M6 1.7a4.3 4.3 0 0 1 0 8.6z" fill="currentColor" />
    </>
  ),
  failing: <path d="M6 .8l5.4 10H.6z" fill="currentColor" />,
  ended: <rect x="2" y="2" width="8" height="8" rx="1" fill="currentColor" />,
  unknown: <circle cx="6" cy="6" r="4.3" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray="2 1.6" />,
};

interface StateMarkProps {
  shape: StateShape;
  /** Where the shape's own colour is not meant. */
  tone?: StateTone;
  children: ReactNode;
  className?: string;
}

/** State by shape AND colour AND word. */
export function StateMark({ shape, tone, children, className }: StateMarkProps) {
  return (
    <span className={classes("inline-flex min-w-0 items-center gap-[7px]", TONES[tone ?? TONE_OF_SHAPE[shape]], className)}>
      <StateShapeIcon shape={shape} />
      <span className="min-w-0 truncate">{children}</span>
    </span>
  );
}

/** The text colour of a tone, for what stands beside a mark. */
export function toneClass(tone: StateTone): string {
  return TONES[tone];
}
