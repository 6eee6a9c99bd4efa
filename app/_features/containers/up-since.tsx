"use client";
import { Age } from "@/app/_ui/age";
import { sinceOf } from "./arrangement";
import type { FleetRow } from "./fleet-row";

/** How long it has been up, or how long ago it ended. A dash where nobody knows now. */
export function UpSince({ row }: { row: FleetRow }) {
  const since = row.condition === "unknown" ? null : sinceOf(row);
  if (since === null) return <>–</>;
  const { state } = row.container;
  return <Age at={since} as={state === "exited" || state === "dead" ? "ago" : "uptime"} />;
}
