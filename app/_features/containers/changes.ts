/** The history of a target as lines: what happened, and whether it was a fault or something somebody asked for. */
import type { RuntimeEvent } from "@/protocol/shapes";
import { explainExit, type ExitReason } from "./exit-code";

export interface ChangeLine {
  /** Unique within a host's history. */
  id: string;
  at: number;
  /** Key under `containers.change`. */
  what: RuntimeEvent["kind"] | "ended" | "died";
  /** fault: ▲. asked: somebody wanted it. plain: neither. */
  tone: "fault" | "asked" | "good" | "plain";
  exitCode: number | null;
  reason: ExitReason | null;
  signal: number | null;
  health: RuntimeEvent["health"];
  /** It was one of our own operations. */
  ours: boolean;
  /** Another container than the one before it in time: it was made anew. */
  runtimeId: string;
  image: string;
}

function toneOf(event: RuntimeEvent): ChangeLine["tone"] {
  switch (event.kind) {
    case "die":
      return event.asked ? "asked" : event.exitCode === 0 ? "plain" : "fault";
    case "oom":
      return "fault";
    case "health":
      return event.health === "unhealthy" ? "fault" : event.health === "healthy" ? "good" : "plain";
    case "start":
    case "unpause":
      return "good";
    case "kill":
    case "stop":
    case "restart":
    case "pause":
      return "asked";
    default:
      return "plain";
  }
}

/** The kernel's report of a lack of memory and the death that follows come within this time. */
export const OOM_BEFORE_MS = 10_000;

/** Whether the history holds a lack of memory just before this death. */
function isOutOfMemory(death: RuntimeEvent, events: readonly RuntimeEvent[]): boolean {
  return events.some((event) => event.kind === "oom" && event.id === death.id && event.at <= death.at && death.at - event.at <= OOM_BEFORE_MS);
}

/** One event as a line. A death that a kill preceded was asked for: a change, not a fault. `around`: the events near it. */
export function toChange(event: RuntimeEvent, around: readonly RuntimeEvent[] = []): ChangeLine {
  const died = event.kind === "die";
  const explained = died && event.exitCode !== null ? explainExit(event.exitCode, isOutOfMemory(event, around)) : null;
  return {
    id: `${event.epoch}.${event.seq}`,
    at: event.at,
    what: died ? (event.asked ? "ended" : "died") : event.kind,
    tone: toneOf(event),
    exitCode: event.exitCode,
    reason: explained?.reason ?? null,
    signal: event.signal,
    health: event.health,
    ours: event.step !== null,
    runtimeId: event.id,
    image: event.image,
  };
}

/** Whether the newest end of this container was asked for; null when the history does not hold it. */
export function lastEndAsked(events: readonly RuntimeEvent[], id: string): boolean | null {
  const death = events.filter((event) => event.id === id && event.kind === "die").sort((a, b) => b.at - a.at)[0];
  return death ? death.asked : null;
}
