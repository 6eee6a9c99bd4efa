"use client";
import { useSearchParams } from "next/navigation";
import { useMemo } from "react";
import type { ContainerView } from "@/server/domains/fleet/schema";

/** What all places are narrowed to. It lives in the address, so a link carries it. */
export interface Scope {
  /** A host's id; null: all hosts. */
  host: string | null;
  /** A stack's name; null: all, with and without a stack. */
  stack: string | null;
}
export const SCOPE_KEYS = ["host", "stack"] as const;

/** Whether a container lies within the scope. */
export const isInScope = (scope: Scope, container: Pick<ContainerView, "hostId" | "target">): boolean =>
  (scope.host === null || container.hostId === scope.host) && (scope.stack === null || container.target.namespace === scope.stack);

/** The path with the scope put on. What the path already says of host or stack stands. */
export function withScope(path: string, scope: Scope): string {
  if (SCOPE_KEYS.every((key) => scope[key] === null)) return path;
  const url = new URL(path, "http://page");
  for (const key of SCOPE_KEYS) {
    const value = scope[key];
    if (value !== null && !url.searchParams.has(key)) url.searchParams.set(key, value);
  }
  return url.pathname + url.search + url.hash;
}

/** The scope, how to change it (in place, without a visit to the server), and how to carry it along. */
export function useScope() {
  const parameters = useSearchParams();
  const host = parameters.get("host");
  const stack = parameters.get("stack");
  return useMemo(() => {
    const scope: Scope = { host, stack };
    const set = (change: Partial<Scope>) => {
      const url = new URL(location.href);
      for (const [key, value] of Object.entries(change)) {
        if (value) url.searchParams.set(key, value);
        else url.searchParams.delete(key);
      }
      history.pushState(null, "", url);
    };
    return { ...scope, scope, set, href: (path: string) => withScope(path, scope), has: (container: Pick<ContainerView, "hostId" | "target">) => isInScope(scope, container) };
  }, [host, stack]);
}
