"use client";
import { useEffect, useState } from "react";

const TICK_MS = 1_000;

/** Whole seconds since a moment on this browser's own clock, which goes on while the page's clock stands still. */
export function useSecondsSince(since: number): number {
  const [seconds, set] = useState(() => Math.max(0, Math.floor((Date.now() - since) / TICK_MS)));
  useEffect(() => {
    const timer = setInterval(() => set(Math.max(0, Math.floor((Date.now() - since) / TICK_MS))), TICK_MS);
    return () => clearInterval(timer);
  }, [since]);
  return seconds;
}
