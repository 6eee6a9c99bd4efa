import { AgentFailure } from "../errors";
import type { Handlers } from "../tunnel/router";

/** The noun "metrics": what the host and its containers use. */
export function createMetricsHandlers(): Pick<Handlers, "metrics.live"> {
  return { "metrics.live": () => Promise.reject(new AgentFailure("unsupported", "This agent measures nothing yet.")) };
}
