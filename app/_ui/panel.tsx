import type { ComponentProps, ReactNode } from "react";
import { classes } from "./classes";

/** A sheet a shade lighter than the page, with a hairline. */
export function Panel({ className, ...rest }: ComponentProps<"section">) {
  return <section {...rest} className={classes("overflow-hidden rounded-panel border border-line bg-panel", className)} />;
}

/** The panel's heading, what is said beside it, and what can be done, to the right. */
export function PanelHead({ title, aside, children, id }: { title: ReactNode; aside?: ReactNode; children?: ReactNode; id?: string }) {
  return (
    <div className="flex flex-wrap items-center gap-x-2.5 gap-y-1 border-b border-line px-3.5 py-2.5">
      <h2 id={id}>{title}</h2>
      {aside ? <span className="text-ink-3">{aside}</span> : null}
      {children ? <div className="ml-auto flex flex-wrap max-desk:ml-0 items-center gap-2.5 text-12">{children}</div> : null}
    </div>
  );
}
