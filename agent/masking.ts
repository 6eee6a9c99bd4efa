/** What leaves the host of an engine's inspect document: never the value of an environment variable. */
import { isDeepStrictEqual } from "node:util";

/** What stands in the place of a value. */
export const MASK = "•••";

/** Masks the values of `Config.Env`; the document that was given stays as it is. */
export function maskEnvironment(document: Record<string, unknown>): { document: Record<string, unknown>; masked: number } {
  const config = document.Config;
  if (typeof config !== "object" || config === null || !("Env" in config)) return { document, masked: 0 };
  const entries: unknown[] = Array.isArray(config.Env) ? config.Env : [];
  const env = entries.map((entry) => (typeof entry === "string" ? `${entry.split("=", 1)[0]}=${MASK}` : MASK));
  // Podman repeats the command line that made the container, with its `-e NAME=value`.
  const { CreateCommand: _, ...rest } = config as Record<string, unknown>;
  return { document: { ...document, Config: { ...rest, Env: isDeepStrictEqual(config.Env, null) ? null : env } }, masked: env.length };
}
