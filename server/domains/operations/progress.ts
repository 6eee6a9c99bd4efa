/** How an operation stands, as a function of its steps. Pure. */
import type { OperationRecord, StepRecord } from "./repo";
import type { OperationState, OperationView, StepState } from "./schema";

const ENDED: ReadonlySet<StepState> = new Set<StepState>(["succeeded", "failed", "unknown", "skipped", "cancelled", "expired"]);

export const hasEnded = (step: Pick<StepRecord, "state">) => ENDED.has(step.state);

/** The lowest wave with a step that has not ended; null when all have. */
export function currentWave(steps: readonly StepRecord[]): number | null {
  let wave: number | null = null;
  for (const step of steps) if (!hasEnded(step) && (wave === null || step.wave < wave)) wave = step.wave;
  return wave;
}

/** How an operation ended whose steps have all ended. What is not known is said before what failed. */
export function endOf(steps: readonly StepRecord[], cancelled: boolean): Exclude<OperationState, "running"> {
  const count = (state: StepState) => steps.filter((step) => step.state === state).length;
  const well = count("succeeded");
  if (well === steps.length) return "succeeded";
  if (count("unknown") > 0) return "unknown";
  if (cancelled && count("failed") + count("expired") === 0) return "cancelled";
  if (well > 0) return "partly";
  if (count("failed") > 0) return "failed";
  return count("expired") > 0 ? "expired" : count("cancelled") > 0 ? "cancelled" : "failed";
}

/** What the pages are told: everything but what only the hub needs. */
export function viewOf({ options: _options, gates: _gates, steps, ...operation }: OperationRecord): OperationView {
  return { ...operation, steps: steps.map(({ verb: _verb, input: _input, ...step }) => ({ ...step })) };
}
