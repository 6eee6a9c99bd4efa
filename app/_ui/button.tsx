import type { ComponentProps } from "react";
import { Slot } from "radix-ui";
import { classes } from "./classes";

export type ButtonTone = "plain" | "primary" | "danger" | "quiet";

const TONES: Record<ButtonTone, string> = {
  plain: "border-edge bg-raised text-ink hover:border-control",
  primary: "border-accent bg-accent text-on-accent font-semibold hover:brightness-105",
  danger: "border-edge bg-raised text-bad hover:border-bad",
  quiet: "border-transparent bg-transparent text-ink-2 hover:bg-raised hover:text-ink",
};

interface ButtonProps extends ComponentProps<"button"> {
  tone?: ButtonTone;
  /** Renders the one child (a link) with the looks of a button. */
  asChild?: boolean;
  /** Working: says so to readers of the screen, and takes no second click. */
  busy?: boolean;
}

/**
 * The one button. On a phone it is at least 44 px high. `type` is "button" unless told otherwise, so that
 * none submits a form by accident.
 */
export function Button({ tone = "plain", asChild, busy, className, disabled, ...rest }: ButtonProps) {
  const Element = asChild ? Slot.Root : "button";
  return (
    <Element
      {...(asChild ? {} : { type: "button" as const, disabled: disabled || busy, "aria-busy": busy || undefined })}
      {...rest}
      className={classes(
        "inline-flex h-[28px] items-center justify-center gap-1.5 rounded-control border px-[11px] text-[12.5px] whitespace-nowrap select-none",
        "max-desk:min-h-[44px] max-desk:px-4 max-desk:text-13 disabled:opacity-55 aria-disabled:opacity-55",
        TONES[tone],
        className,
      )}
    />
  );
}

interface IconButtonProps extends ComponentProps<"button"> {
  /** What it does: its name for readers of the screen and its tooltip. */
  label: string;
}

/** A square button that holds one icon. */
export function IconButton({ label, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...rest}
      className={classes(
        "inline-grid size-[28px] place-items-center rounded-control border border-transparent text-ink-2 hover:bg-raised hover:text-ink disabled:opacity-55 max-desk:size-[44px]",
        className,
      )}
    />
  );
}
