"use client";
import type { KeyboardEvent, ReactNode } from "react";
import { useEffect, useRef, useState } from "react";
import { Button, type ButtonTone } from "./button";
import { classes } from "./classes";

/** Long enough not to happen in a pocket, short enough not to annoy. */
const HOLD_MS = 600;
/** How long the first press of a key waits for the second. */
const SECOND_PRESS_MS = 3_000;

interface HoldButtonProps {
  onConfirm: () => void;
  children: ReactNode;
  /** What it says while a finger holds it. */
  holding: ReactNode;
  /** What it says after one press of a key: the second one confirms. */
  again: ReactNode;
  /** How to use it, for readers of the screen. */
  how: string;
  tone?: ButtonTone;
  disabled?: boolean;
  title?: string;
  className?: string;
}

/**
 * A button that acts only when held for 600 ms, so that no thumb does it by chance. With a keyboard or a
 * screen reader: press twice.
 */
export function HoldButton({ onConfirm, children, holding, again, how, tone, disabled = false, title, className }: HoldButtonProps) {
  const [phase, setPhase] = useState<"rest" | "held" | "armed">("rest");
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const stopTimer = () => {
    if (timer.current) clearTimeout(timer.current);
    timer.current = null;
  };
  useEffect(() => stopTimer, []);

  const confirm = () => {
    stopTimer();
    setPhase("rest");
    onConfirm();
  };
  const hold = () => {
    if (disabled) return;
    stopTimer();
    setPhase("held");
    timer.current = setTimeout(confirm, HOLD_MS);
  };
  const release = () => {
    if (phase !== "held") return;
    stopTimer();
    setPhase("rest");
  };
  const press = () => {
    if (phase === "armed") return confirm();
    setPhase("armed");
    timer.current = setTimeout(() => setPhase("rest"), SECOND_PRESS_MS);
  };

  return (
    <Button
      {...(tone ? { tone } : {})}
      {...(title ? { title } : {})}
      disabled={disabled}
      aria-description={how}
      className={classes("relative touch-manipulation overflow-hidden", className)}
      onPointerDown={(event) => event.button === 0 && hold()}
      onPointerUp={release}
      onPointerLeave={release}
      onPointerCancel={release}
      onContextMenu={(event) => event.preventDefault()}
      // A click without a pointer (`detail` 0) comes from a key or a screen reader.
      onClick={(event) => event.detail === 0 && press()}
      onKeyDown={(event: KeyboardEvent) => event.repeat && event.preventDefault()}
    >
      <span
        aria-hidden="true"
        className={classes("absolute inset-y-0 left-0 bg-accent-soft", phase === "held" ? "w-full transition-[width] ease-linear" : "w-0")}
        style={phase === "held" ? { transitionDuration: `${HOLD_MS}ms` } : undefined}
      />
      <span className="relative inline-flex items-center gap-1.5">{phase === "held" ? holding : phase === "armed" ? again : children}</span>
    </Button>
  );
}
