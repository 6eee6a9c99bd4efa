/** The whole surface that the pages call. main.ts builds each service and hands them in. */
import { createSessionRouter, createSetupRouter } from "@/server/domains/accounts/router";
import type { AccountsService } from "@/server/domains/accounts/service";
import { createSettingsRouter } from "@/server/domains/settings/router";
import type { SettingsService } from "@/server/domains/settings/service";
import { router } from "./init";

export interface Services {
  accounts: AccountsService;
  settings: SettingsService;
}

export function createRootRouter(services: Services) {
  return router({
    setup: createSetupRouter(services.accounts),
    session: createSessionRouter(services.accounts),
    settings: createSettingsRouter(services.settings),
  });
}
export type AppRouter = ReturnType<typeof createRootRouter>;
