import type { ReactNode } from "react";
import type { StateShape, StateTone } from "./state-mark";
import { StateShapeIcon, toneClass } from "./state-mark";
import { classes } from "./classes";

export type NoticeTone = "info" | "ok" | "warn" | "bad" | "unknown";
const LOOKS: Record<NoticeTone, { shape: StateShape; tone: StateTone; box: string }> = {
  info: { shape: "starting", tone: "info", box: "bg-accent-soft" },
  ok: { shape: "running", tone: "ok", box: "bg-ok-soft" },
  warn: { shape: "failing", tone: "warn", box: "bg-warn-soft" },
  bad: { shape: "failing", tone: "bad", box: "bg-bad-soft" },
  unknown: { shape: "unknown", tone: "muted", box: "bg-raised" },
};

interface NoticeProps {
  tone?: NoticeTone;
  title?: ReactNode;
  children?: ReactNode;
  /** Buttons, to the right or below. */
  actions?: ReactNode;
  /** "alert" interrupts a screen reader; "status" waits; absent: nothing is announced. */
  role?: "alert" | "status";
  className?: string;
}

/** Something to read in the place it is about. It stays until it is no longer true or was read. */
export function Notice({ tone = "info", title, children, actions, role, className }: NoticeProps) {
  const look = LOOKS[tone];
  return (
    <div role={role} className={classes("flex flex-wrap items-start gap-x-3 gap-y-2 rounded-control px-3 py-2.5", look.box, className)}>
      <StateShapeIcon shape={look.shape} className={classes("mt-1", toneClass(look.tone))} />
      <div className="min-w-0 flex-1 basis-[220px]">
        {title ? <p className="font-semibold">{title}</p> : null}
        {children ? <div className="text-ink-2">{children}</div> : null}
      </div>
      {actions ? <div className="flex flex-wrap gap-2">{actions}</div> : null}
    </div>
  );
}
