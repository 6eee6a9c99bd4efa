/** Why a container ended, as a person needs it: which sentence of the catalogue, and its figures. */
import type { ContainerView } from "@/server/domains/fleet/schema";

/** Keys under `containers.exit`. */
export type ExitReason =
  | "outOfMemory" | "cannotStart" | "clean" | "failed" | "misused" | "engineFailed" | "notExecutable" | "notFound"
  | "interrupted" | "killed" | "terminated" | "aborted" | "segfault" | "signal" | "lost" | "other";

const KNOWN: Record<number, ExitReason> = {
  0: "clean", 1: "failed", 2: "misused", 125: "engineFailed", 126: "notExecutable", 127: "notFound",
  130: "interrupted", 134: "aborted", 137: "killed", 139: "segfault", 143: "terminated", 255: "lost",
};
const LAST_SIGNAL = 64;

/** code: the exit code. oomKilled: the kernel ended it for lack of memory, which 137 alone does not say. */
export function explainExit(code: number, oomKilled: boolean): { reason: ExitReason; signal: number | null } {
  if (oomKilled) return { reason: "outOfMemory", signal: 9 };
  const signal = code > 128 && code <= 128 + LAST_SIGNAL ? code - 128 : null;
  return { reason: KNOWN[code] ?? (signal === null ? "other" : "signal"), signal };
}

/** Why this container is not running now; null while it runs or never ran. */
export function whyEnded(container: Pick<ContainerView, "state" | "exitCode" | "oomKilled" | "error">): { reason: ExitReason; code: number | null; signal: number | null } | null {
  if (container.error !== null && container.error !== "") return { reason: "cannotStart", code: container.exitCode, signal: null };
  const ended = container.state === "exited" || container.state === "dead" || container.state === "restarting";
  if (!ended || container.exitCode === null) return null;
  return { ...explainExit(container.exitCode, container.oomKilled), code: container.exitCode };
}
