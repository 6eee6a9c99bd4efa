import { router } from "@/server/trpc/init";
import { permit } from "@/server/trpc/permit";
import { AddressInput } from "./schema";
import type { SettingsService } from "./service";

export function createSettingsRouter(service: SettingsService) {
  return router({
    get: permit("settings.manage").query(() => service.view()),
    setPublicUrl: permit("settings.manage").input(AddressInput).mutation(({ ctx, input }) => service.setPublicUrl(ctx.actor, input.url)),
    testAddress: permit("settings.manage").input(AddressInput).mutation(({ input }) => service.testAddress(input.url)),
  });
}
