/** The whole surface that the pages call. main.ts builds each service and hands them in. */
import { createSessionRouter, createSetupRouter } from "@/server/domains/accounts/router";
import type { AccountsService } from "@/server/domains/accounts/service";
import { createFleetRouter } from "@/server/domains/fleet/router";
import type { FleetService } from "@/server/domains/fleet/service";
import { createHostsRouter } from "@/server/domains/hosts/router";
import type { HostsService } from "@/server/domains/hosts/service";
import { createLogsRouter } from "@/server/domains/logs/router";
import type { LogsService } from "@/server/domains/logs/service";
import { createMetricsRouter } from "@/server/domains/metrics/router";
import type { MetricsService } from "@/server/domains/metrics/service";
import { createOperationsRouter } from "@/server/domains/operations/router";
import type { OperationsService } from "@/server/domains/operations/service";
import { createSettingsRouter } from "@/server/domains/settings/router";
import type { SettingsService } from "@/server/domains/settings/service";
import { router } from "./init";
import { declared } from "./permit";

export interface Services {
  accounts: AccountsService;
  fleet: FleetService;
  hosts: HostsService;
  logs: LogsService;
  metrics: MetricsService;
  operations: OperationsService;
  settings: SettingsService;
}

export function createRootRouter(services: Services) {
  return declared(router({
    setup: createSetupRouter(services.accounts),
    session: createSessionRouter(services.accounts),
    fleet: createFleetRouter(services.fleet),
    hosts: createHostsRouter(services.hosts),
    logs: createLogsRouter(services.logs),
    metrics: createMetricsRouter(services.metrics),
    operations: createOperationsRouter(services.operations),
    settings: createSettingsRouter(services.settings),
  }));
}
export type AppRouter = ReturnType<typeof createRootRouter>;
