/** Turns one line of an engine's event stream into the protocol's words. */
import { LIMITS } from "@/protocol/limits";
import { EventKind } from "@/protocol/shapes";
import { deriveTarget } from "@/protocol/target";
import type { EngineEvent } from "../runtime";
import { clip, type Fields, fieldsAt, isFields, textAt, wholeAt } from "./fields";
import { clipTarget, readHealthWord, readLabels, readName } from "./read-container";

/** Podman's words where Docker has others. */
const PODMAN_ACTIONS: Readonly<Record<string, EventKind>> = { died: "die", remove: "destroy", health_status: "health" };
/** What the engine itself puts beside the labels. */
const OWN_ATTRIBUTES = new Set(["name", "image", "exitCode", "signal", "execDuration", "containerExitCode", "podId"]);

/** The event of a line; null for one that does not concern us; "unreadable" for one that cannot be read. */
export function readEvent(line: string): EngineEvent | null | "unreadable" {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return line.trim() === "" ? null : "unreadable";
  }
  if (!isFields(entry)) return "unreadable";
  const type = textAt(entry, "Type");
  if (type !== "container" && type !== "") return null;
  const action = textAt(entry, "Action") || textAt(entry, "status");
  const [word = "", ...rest] = action.split(": ");
  const kind = readKind(word);
  if (!kind) return null;
  const actor = fieldsAt(entry, "Actor");
  const id = textAt(actor, "ID") || textAt(entry, "id");
  if (!/^[a-f0-9]{12,64}$/.test(id)) return "unreadable";
  const attributes = fieldsAt(actor, "Attributes");
  const labels = readLabels(Object.fromEntries(Object.entries(attributes).filter(([key]) => !OWN_ATTRIBUTES.has(key))));
  const name = readName(textAt(attributes, "name"), id);
  return {
    at: readTime(entry),
    kind,
    id,
    name,
    image: clip(textAt(attributes, "image") || textAt(entry, "from"), LIMITS.textChars),
    target: clipTarget(deriveTarget(name, labels), name),
    labelled: Object.keys(labels).length > 0,
    exitCode: kind === "die" ? (wholeAt(attributes, "exitCode") ?? wholeAt(attributes, "containerExitCode")) : null,
    signal: kind === "kill" ? wholeAt(attributes, "signal") : null,
    health: kind === "health" ? readHealthWord(rest.join(": ") || textAt(entry, "HealthStatus")) : null,
  };
}

function readKind(word: string): EventKind | null {
  const known = PODMAN_ACTIONS[word];
  if (known) return known;
  const parsed = EventKind.safeParse(word);
  return parsed.success && parsed.data !== "health" ? parsed.data : null;
}

/** `timeNano` is beyond what a JavaScript number holds exactly; a quarter of a microsecond is lost. */
function readTime(entry: Fields): number {
  const nano = entry.timeNano;
  if (typeof nano === "number" && nano > 0) return nano / 1e6;
  const seconds = entry.time;
  return typeof seconds === "number" && seconds > 0 ? seconds * 1_000 : 0;
}
