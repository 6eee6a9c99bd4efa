import type { ReactNode } from "react";

/** The name of a key. */
export function Kbd({ children }: { children: ReactNode }) {
  return <kbd className="rounded-small border border-b-2 border-edge px-1 py-px text-11! leading-[14px]! text-ink-2">{children}</kbd>;
}
