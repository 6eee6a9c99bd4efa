"use client";
import { useSyncExternalStore } from "react";
import { createStore } from "@/app/_trpc/store";

/** How this browser shows lines. wraps null: as the window calls for, on a phone yes. */
export interface LogPreferences {
  wraps: boolean | null;
  times: boolean;
}
const DEFAULTS: LogPreferences = { wraps: null, times: true };
const NAME = "log-view";

function read(): LogPreferences {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(NAME) ?? "null");
    if (typeof kept !== "object" || kept === null) return DEFAULTS;
    const { wraps, times } = kept as Record<string, unknown>;
    return { wraps: typeof wraps === "boolean" ? wraps : null, times: times !== false };
  } catch {
    return DEFAULTS; // not allowed, or written by somebody else
  }
}

const preferences = createStore<LogPreferences | null>(null);
const current = () => {
  if (preferences.get() === null) preferences.set(read());
  return preferences.get() ?? DEFAULTS;
};

/** The person's choices, kept in this browser. */
export function useLogPreferences(): [LogPreferences, (change: Partial<LogPreferences>) => void] {
  const value = useSyncExternalStore(preferences.subscribe, current, () => DEFAULTS);
  const change = (by: Partial<LogPreferences>) => {
    const next = { ...current(), ...by };
    preferences.set(next);
    try {
      localStorage.setItem(NAME, JSON.stringify(next));
    } catch {
      // It holds until the page is left.
    }
  };
  return [value, change];
}
