import type { ReactNode } from "react";

/** What would be here, and the one next step. */
export function EmptyState({ title, children, action }: { title: ReactNode; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-start gap-3 px-4 py-8 desk:px-8 desk:py-10">
      <h2 className="text-15!">{title}</h2>
      {children ? <div className="flex max-w-[62ch] flex-col gap-2 text-ink-2">{children}</div> : null}
      {action}
    </div>
  );
}
