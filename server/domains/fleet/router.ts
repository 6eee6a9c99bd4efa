import { permit } from "@/server/trpc/permit";
import { router } from "@/server/trpc/init";
import { HistoryInput, OneContainer } from "./schema";
import type { FleetService } from "./service";

export function createFleetRouter(service: FleetService) {
  return router({
    live: permit("fleet.view").subscription(({ signal }) => service.live(signal)),
    history: permit("fleet.view").input(HistoryInput).query(({ input }) => service.history(input.key, input.before)),
    inspect: permit("container.inspect").input(OneContainer).query(({ input }) => service.inspect(input.hostId, input.id)),
    loss: permit("fleet.view").input(OneContainer).query(({ input }) => service.loss(input.hostId, input.id)),
  });
}
