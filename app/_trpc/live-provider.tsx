"use client";
import type { ReactNode } from "react";
import { useEffect } from "react";
import { useTRPCClient } from "./client";
import { startLive } from "./live";

/** Keeps this tab's live picture while it is mounted: once, around everything that needs a session. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useTRPCClient();
  useEffect(() => startLive(client), [client]);
  return children;
}
