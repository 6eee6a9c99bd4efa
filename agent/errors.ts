import type { AgentError } from "@/protocol/shapes";

/**
 * An expected failure of a handler: the router answers the hub with its code and sentence. Anything else
 * that a handler throws is a bug, is logged here and reaches the hub as `internal` without its text.
 */
export class AgentFailure extends Error {
  override readonly name = "AgentFailure";
  constructor(
    readonly code: AgentError["code"],
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}
