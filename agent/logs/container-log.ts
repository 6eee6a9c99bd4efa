/** What the engine's document says about a container's log. */
import { LIMITS } from "@/protocol/limits";

export interface ContainerLog {
  /** null where the engine does not say. */
  driver: string | null;
  tty: boolean;
  running: boolean;
}

/** Reads an inspect document; what is not as expected counts as not said. */
export function readContainerLog(document: Record<string, unknown>): ContainerLog {
  const type = at(at(document, "HostConfig"), "LogConfig")["Type"];
  return {
    driver: typeof type === "string" && type !== "" ? type.slice(0, LIMITS.textChars) : null,
    tty: at(document, "Config")["Tty"] === true,
    running: at(document, "State")["Running"] === true,
  };
}

function at(value: Record<string, unknown>, name: string): Record<string, unknown> {
  const found = value[name];
  return typeof found === "object" && found !== null ? (found as Record<string, unknown>) : {};
}
