"use client";
import { useSyncExternalStore } from "react";

/** Narrower than --breakpoint-desk: cards in place of tables. */
const QUERY = "(max-width: 767.98px)";

function subscribe(listener: () => void): () => void {
  const query = window.matchMedia(QUERY);
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}

/** Whether the window is as narrow as a phone. On the server: null, so that neither layout is drawn in vain. */
export function useIsPhone(): boolean | null {
  return useSyncExternalStore<boolean | null>(subscribe, () => window.matchMedia(QUERY).matches, () => null);
}
