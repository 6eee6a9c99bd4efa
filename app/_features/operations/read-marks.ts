"use client";
import { useSyncExternalStore } from "react";
import { createStore } from "@/app/_trpc/store";

/** Which failed operations this browser's person has read. Only a convenience: the record itself is the server's. */
const STORAGE_KEY = "operations-read";
/** Ids kept; the page itself keeps no more operations than this. */
const KEPT = 200;

function stored(): readonly string[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "[]");
    return Array.isArray(value) ? value.filter((id) => typeof id === "string").slice(-KEPT) : [];
  } catch {
    return []; // storage is closed to us, or holds something else
  }
}

const read = createStore<ReadonlySet<string> | null>(null);
const NONE: ReadonlySet<string> = new Set();

function current(): ReadonlySet<string> {
  const known = read.get();
  if (known) return known;
  const first = new Set(stored());
  read.set(first);
  return first;
}

export const useReadMarks = (): ReadonlySet<string> => useSyncExternalStore(read.subscribe, current, () => NONE);

/** Notes that a person has read how this operation ended. */
export function markRead(id: string): void {
  const next = [...current(), id].slice(-KEPT);
  read.set(new Set(next));
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(next));
  } catch {
    // Without storage the mark lasts as long as the page.
  }
}
