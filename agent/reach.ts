/** What the agent reads by itself on its host, and what only the engine can tell it. */
import type { RuntimeStatus } from "@/protocol/shapes";

/** `why`: for a person, with the line that changes it; null when direct. */
export interface Reach {
  direct: boolean;
  why: string | null;
}

/** The reach of this moment, for the runtime's status. */
export function createReach(of: { metrics(): Reach; logs(): Reach }): () => NonNullable<RuntimeStatus["reach"]> {
  return () => ({ metrics: of.metrics(), logs: of.logs() });
}
