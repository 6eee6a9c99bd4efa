import type { ReactNode } from "react";

/** Facts as pairs in two columns, under each other on a phone. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className="grid grid-cols-[150px_minmax(0,1fr)] gap-x-4 gap-y-2 px-3.5 py-3 max-desk:grid-cols-[108px_minmax(0,1fr)]">{children}</dl>;
}
export function Fact({ name, hint, children }: { name: ReactNode; hint?: ReactNode; children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-3">{name}</dt>
      <dd className="min-w-0 [overflow-wrap:anywhere]">
        {children}
        {hint ? <span className="block text-12 text-ink-3">{hint}</span> : null}
      </dd>
    </>
  );
}
