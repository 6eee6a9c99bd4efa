import type { Operations } from "../operations/operations";
import type { Handlers } from "../tunnel/router";

/** The noun "operation": what became of earlier steps. */
export function createOperationHandlers({ operations }: { operations: Operations }): Pick<Handlers, "operation.outcome"> {
  return {
    "operation.outcome": ({ steps }) => ({ outcomes: steps.map((step) => operations.outcome(step)) }),
  };
}
