/**
 * What looking at a container says about a change whose answer was lost. Pure. It only ever says
 * "succeeded" where the container shows it; what it does not show stays unknown, and is never tried again.
 */
import type { ChangeVerb } from "@/protocol/contract";
import type { Container } from "@/protocol/shapes";

/** Whether the container (null: gone) shows that a change begun at `begunAt` was made. */
export function shows(verb: ChangeVerb, container: Container | null, begunAt: number): boolean {
  if (container === null) return verb === "container.remove";
  const runs = container.state === "running" || container.state === "paused";
  const startedSince = container.startedAt !== null && container.startedAt >= begunAt;
  const endedSince = container.finishedAt !== null && container.finishedAt >= begunAt;
  switch (verb) {
    case "container.start":
      return runs || startedSince;
    case "container.restart":
      return startedSince;
    case "container.stop":
      return !runs && container.state !== "restarting";
    case "container.kill":
      // Any signal but a deadly one leaves no trace to look for.
      return endedSince;
    case "container.pause":
      return container.state === "paused";
    case "container.unpause":
      return container.state === "running";
    case "container.remove":
      return false;
  }
}
