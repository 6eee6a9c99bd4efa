import { CONTRACT, type ChangeVerb, isChange, VERB_NAMES } from "@/protocol/contract";
import { LIMITS } from "@/protocol/limits";
import { AgentFailure } from "../errors";
import { maskEnvironment } from "../masking";
import type { Operations } from "../operations/operations";
import type { Runtime } from "../runtime/runtime";
import type { Handlers } from "../tunnel/router";

/** The noun "container". The change verbs are one engine call each, so they are derived from the contract. */
export function createContainerHandlers({ runtime, operations }: { runtime: Runtime; operations: Operations }): Pick<Handlers, Extract<keyof Handlers, `container.${string}`>> {
  return {
    async "container.inspect"({ id }) {
      const { document, masked } = maskEnvironment(await runtime.inspect(id));
      const bytes = Buffer.byteLength(JSON.stringify(document));
      if (bytes > LIMITS.answerBytes) {
        throw new AgentFailure("unsupported", `The inspect document has ${Math.ceil(bytes / 2 ** 20)} MiB, more than the ${LIMITS.answerBytes >> 20} that the link carries. Look at it on the host with "docker inspect".`);
      }
      return { document, masked };
    },
    "container.loss": ({ id }) => runtime.loss(id),
    "container.look": async ({ id }) => (await runtime.look(id))?.container ?? null,
    ...changeHandlers(operations),
  };
}

type ChangeHandlers = Pick<Handlers, ChangeVerb>;
function changeHandlers(operations: Operations): ChangeHandlers {
  const changes = VERB_NAMES.filter(isChange).filter((verb) => "engine" in CONTRACT[verb]);
  const handlers = changes.map((verb) => [verb, (input: unknown, context: Parameters<ChangeHandlers[ChangeVerb]>[1]) => {
    if (!context.operation) throw new AgentFailure("bad_input", "A change needs the operation it belongs to.");
    return operations.run(verb, input as Parameters<ChangeHandlers[typeof verb]>[0], context.operation);
  }]);
  return Object.fromEntries(handlers) as ChangeHandlers;
}
