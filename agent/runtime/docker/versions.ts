/** Which version of the Engine API to speak. */

/** Engine 20.10. */
export const OLDEST_API = "1.41";
/** The newest that this code was written against; a newer engine still speaks it. */
export const NEWEST_API = "1.47";

/** The version to speak with an engine, or the sentence that says why there is none. */
export function chooseApiVersion(engine: { name: string; version: string; newest: string; oldest: string }): { version: string } | { problem: string } {
  const newest = parse(engine.newest);
  const oldest = parse(engine.oldest) ?? parse("1.0");
  if (newest === null || oldest === null) return { problem: `${engine.name} does not say which API version it speaks. Is this a container engine?` };
  if (newest < weight(OLDEST_API)) {
    return { problem: `${engine.name} ${engine.version} (API ${engine.newest}) is too old: Binnacle needs API ${OLDEST_API}, which Docker has from 20.10. Update it.` };
  }
  if (oldest > weight(NEWEST_API)) {
    return { problem: `${engine.name} ${engine.version} no longer speaks API ${NEWEST_API}, the newest this agent knows. Update the agent.` };
  }
  return { version: newest < weight(NEWEST_API) ? engine.newest : NEWEST_API };
}

function weight(version: string): number {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major * 1_000 + minor;
}

function parse(version: string): number | null {
  return /^\d{1,3}\.\d{1,3}$/.test(version) ? weight(version) : null;
}
