"use client";
import { useSyncExternalStore } from "react";

/**
 * The page's clock. Ages are told against the clock of the server that the times come from, and stand still
 * while nothing can be confirmed. It ticks only while somebody looks, once a second.
 */
const TICK_MS = 1_000;
let offset = 0;
let frozenAt: number | null = null;
let current = 0;
let timer: ReturnType<typeof setInterval> | null = null;
const listeners = new Set<() => void>();

function tick(): void {
  current = frozenAt ?? Date.now() + offset;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

/** Now in milliseconds since 1970 on the server's clock; the moment it stopped while frozen. */
export function clockNow(): number {
  return frozenAt ?? Date.now() + offset;
}

/** Tells the clock what time it is at the server. */
export function setServerTime(at: number): void {
  offset = at - Date.now();
  if (Math.abs(current - clockNow()) > TICK_MS) tick();
}

/** Stops the clock where it is (true) or lets it run on (false). */
export function freezeClock(frozen: boolean): void {
  if (frozen === (frozenAt !== null)) return;
  frozenAt = frozen ? clockNow() : null;
  tick();
}

/**
 * Something computed from the time; the component renders again only when the result changes, so a thousand
 * ages cost little. `read` must return a primitive.
 */
export function useClock<T extends string | number | boolean | null>(read: (now: number) => T): T {
  const get = () => {
    if (timer === null) current = clockNow();
    return read(current);
  };
  return useSyncExternalStore(subscribe, get, get);
}
