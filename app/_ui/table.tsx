import type { ComponentProps } from "react";
import { classes } from "./classes";

/** A plain table of 34 px rows. Long ones are virtualised by their own code with the same cells. */
export function Table({ className, ...rest }: ComponentProps<"table">) {
  return <table {...rest} className={classes("w-full border-collapse", className)} />;
}

interface CellProps {
  /** Figures stand to the right. */
  figure?: boolean;
}

/** The classes of a heading cell, for tables made of other elements. */
export const HEAD_CELL = "px-2.5 py-[7px] text-left text-12 font-medium whitespace-nowrap text-ink-3";
/** The classes of a body cell. */
export const BODY_CELL = "row-height px-2.5 whitespace-nowrap";

export function HeadCell({ figure, className, ...rest }: ComponentProps<"th"> & CellProps) {
  return <th scope="col" {...rest} className={classes(HEAD_CELL, "border-b border-line", figure && "text-right!", className)} />;
}
export function BodyCell({ figure, className, ...rest }: ComponentProps<"td"> & CellProps) {
  return <td {...rest} className={classes(BODY_CELL, figure && "text-right tabular-nums", className)} />;
}
export function BodyRow({ className, ...rest }: ComponentProps<"tr">) {
  return <tr {...rest} className={classes("border-b border-line last:border-b-0", className)} />;
}
