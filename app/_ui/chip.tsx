import type { ComponentProps } from "react";
import { classes } from "./classes";

interface ChipProps extends ComponentProps<"button"> {
  /** Chosen: a filter that holds. */
  on?: boolean;
}

/** A small rounded switch or menu opener. `on` is told to screen readers as pressed. */
export function Chip({ on, className, ...rest }: ChipProps) {
  return (
    <button
      type="button"
      aria-pressed={on}
      {...rest}
      className={classes(CHIP, "hover:border-control hover:text-ink max-desk:min-h-[36px]", on && "border-accent! bg-accent-soft text-ink!", className)}
    />
  );
}

const CHIP = "inline-flex h-[24px] items-center gap-1.5 rounded-full border border-edge px-[9px] text-12 whitespace-nowrap text-ink-2";

/** A chip that says something and does nothing. */
export function Tag({ className, ...rest }: ComponentProps<"span">) {
  return <span {...rest} className={classes(CHIP, className)} />;
}
