import { can, type Actor, type Permission } from "@/server/domains/access/permissions";
import { AppError } from "@/server/lib/errors";
import { permit } from "@/server/trpc/permit";
import { router } from "@/server/trpc/init";
import { OperationIdInput, RunInput, type Action } from "./schema";
import type { OperationsService } from "./service";

/** The right that each action needs; permit() has checked the least of them. */
const RIGHT: Record<Action, Permission> = {
  start: "container.operate", stop: "container.operate", restart: "container.operate", pause: "container.operate", unpause: "container.operate",
  kill: "container.kill",
  remove: "container.remove",
};

function mustBeAllowed(actor: Actor, action: Action): void {
  if (!can(actor.role, RIGHT[action])) throw new AppError("forbidden", `This needs the right to ${RIGHT[action]}, which the role ${actor.role} does not have. Ask an administrator.`);
}

export function createOperationsRouter(service: OperationsService) {
  return router({
    run: permit("container.operate").input(RunInput).mutation(({ ctx, input }) => {
      mustBeAllowed(ctx.actor, input.action);
      return service.run(ctx.actor, input);
    }),
    cancel: permit("operation.cancel").input(OperationIdInput).mutation(({ ctx, input }) => service.cancel(ctx.actor, input.id)),
    get: permit("operation.view").input(OperationIdInput).query(({ input }) => service.get(input.id)),
    live: permit("operation.view").subscription(({ signal }) => service.live(signal)),
  });
}
