import { AgentFailure } from "../errors";
import type { Handlers } from "../tunnel/router";

const unsupported = () => Promise.reject(new AgentFailure("unsupported", "This agent reads no logs yet."));

/** The noun "logs": what containers say. */
export function createLogHandlers(): Pick<Handlers, "logs.follow" | "logs.page" | "logs.search"> {
  return { "logs.follow": unsupported, "logs.page": unsupported, "logs.search": unsupported };
}
