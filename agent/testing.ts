/** What a reflector tells of, kept in memory. For tests. */
import type { Happening, ReflectorOptions } from "./reflector";
import type { Gap } from "./spool/record";

export interface Witness {
  events: Happening[];
  gaps: Gap[];
  /** For createReflector. */
  options: Pick<ReflectorOptions, "earlier" | "happened" | "missed">;
}

/** A witness of a first run. */
export function makeWitness(): Witness {
  const events: Happening[] = [];
  const gaps: Gap[] = [];
  return { events, gaps, options: { earlier: { at: null, events: [] }, happened: (event) => void events.push(event), missed: (gap) => void gaps.push(gap) } };
}
