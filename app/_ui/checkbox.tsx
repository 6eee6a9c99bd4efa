"use client";
import type { ComponentProps } from "react";
import { useEffect, useRef } from "react";
import { classes } from "./classes";

interface CheckboxProps extends Omit<ComponentProps<"input">, "type"> {
  /** Some, not all, of what it stands for. */
  some?: boolean;
}

/** A real checkbox in the colours of the page. Give it an aria-label or a <label>. */
export function Checkbox({ some = false, className, ...rest }: CheckboxProps) {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current) box.current.indeterminate = some;
  }, [some]);
  return <input ref={box} type="checkbox" {...rest} className={classes("checkbox size-[14px] max-desk:size-[18px]", className)} />;
}
