import { permit } from "@/server/trpc/permit";
import { router } from "@/server/trpc/init";
import { LiveInput, WindowInput } from "./schema";
import type { MetricsService } from "./service";

export function createMetricsRouter(service: MetricsService) {
  return router({
    window: permit("fleet.view").input(WindowInput).query(({ input }) => service.window(input.hostId, input.target)),
    live: permit("fleet.view").input(LiveInput).subscription(({ input, signal }) => service.live(input.hostId, input.target, signal)),
    table: permit("fleet.view").subscription(({ signal }) => service.table(signal)),
  });
}
