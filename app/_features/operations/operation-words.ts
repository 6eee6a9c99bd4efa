import type { StateShape } from "@/app/_ui/state-mark";
import type { OperationState, StepState } from "@/server/domains/operations/schema";

/** The mark of an operation or a step. */
export const SHAPES: Record<OperationState | StepState, StateShape> = {
  waiting: "unknown",
  running: "starting",
  checking: "starting",
  succeeded: "running",
  failed: "failing",
  partly: "failing",
  unknown: "unknown",
  skipped: "ended",
  cancelled: "ended",
  expired: "ended",
};
