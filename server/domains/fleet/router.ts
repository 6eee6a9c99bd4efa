import { can } from "@/server/domains/access/permissions";
import { permit } from "@/server/trpc/permit";
import { router } from "@/server/trpc/init";
import { BoxPlace, OneContainer, PagedInput } from "./schema";
import type { FleetService } from "./service";

export function createFleetRouter(service: FleetService) {
  return router({
    live: permit("fleet.view").subscription(({ signal }) => service.live(signal)),
    history: permit("fleet.view").input(PagedInput).query(({ input }) => service.history(input.target, input.before)),
    boxes: permit("fleet.view").input(PagedInput).query(({ input }) => service.boxes(input.target, input.before)),
    // What happened is for everybody; what the container said and how it was configured have rights of their own.
    box: permit("fleet.view").input(BoxPlace).query(({ ctx, input }) =>
      service.box(input, { lines: can(ctx.actor.role, "container.logs"), inspect: can(ctx.actor.role, "container.inspect") })),
    inspect: permit("container.inspect").input(OneContainer).query(({ input }) => service.inspect(input.hostId, input.id)),
    loss: permit("fleet.view").input(OneContainer).query(({ input }) => service.loss(input.hostId, input.id)),
  });
}
