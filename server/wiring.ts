/** Builds the hub's objects from its configuration, in the order in which they need each other. */
import type { IncomingMessage } from "node:http";
import { randomUUID } from "node:crypto";
import type { Config } from "./config";
import type { Database } from "./db/client";
import { installBridge } from "./auth/bridge";
import type { Secrets } from "./auth/secrets";
import { cookieNameFor, sessionIdFrom } from "./auth/session";
import { createPasswords } from "./domains/accounts/passwords";
import { createAccountsRepo } from "./domains/accounts/repo";
import { createAccountsService } from "./domains/accounts/service";
import { createFleetRepo } from "./domains/fleet/repo";
import { createFleetService, type FleetDeps } from "./domains/fleet/service";
import { createHostsRepo } from "./domains/hosts/repo";
import { createHostsService } from "./domains/hosts/service";
import { createLogsService } from "./domains/logs/service";
import { createMetricsRepo } from "./domains/metrics/repo";
import { createMetricsService } from "./domains/metrics/service";
import { createOperationsRepo } from "./domains/operations/repo";
import { createOperationsService, type OperationsService } from "./domains/operations/service";
import { createAddressTest } from "./domains/settings/address-test";
import { createSettingsRepo } from "./domains/settings/repo";
import { createSettingsService } from "./domains/settings/service";
import { createGateway } from "./gateway/create-gateway";
import type { Gateway } from "./gateway/gateway";
import { lanAddress } from "./http/caller";
import { createHealth } from "./http/health";
import { createOriginRule } from "./http/origin";
import { createPages } from "./http/pages";
import { createHubServer } from "./http/server";
import { createTrpcHttp } from "./http/trpc-http";
import { createTrpcSocket } from "./http/trpc-socket";
import { createUpgradeRouter } from "./http/upgrade";
import type { Clock } from "./lib/clock";
import type { HubIdentity } from "./lib/hub-identity";
import type { Logger } from "./lib/logger";
import { createSocketRegistry } from "./live/sockets";
import { createStreams } from "./streams/root";
import { createStreamSocket } from "./streams/stream-socket";
import { createRootRouter } from "./trpc/root";

export interface Foundation {
  config: Config;
  database: Database;
  secrets: Secrets;
  identity: HubIdentity;
  clock: Clock;
  log: Logger;
}
export type Hub = Awaited<ReturnType<typeof wireHub>>;

export async function wireHub(foundation: Foundation) {
  const instance = randomUUID();
  // Known once the server listens; PORT may be 0.
  const listening = { port: foundation.config.port };
  const domains = await wireDomains(foundation, instance, listening);
  const web = wireWeb(foundation, domains, instance, listening);
  return { ...domains, ...web, listening };
}

async function wireDomains({ config, database, identity, clock, log }: Foundation, instance: string, listening: { port: number }) {
  const { db } = database;
  const sockets = createSocketRegistry(clock);
  const settings = await createSettingsService({
    repo: createSettingsRepo(db),
    fixedPublicUrl: config.publicUrl,
    guessPublicUrl: () => `http://${namedHost(config) ?? lanAddress() ?? "localhost"}:${listening.port}`,
    testAddress: createAddressTest(instance),
    version: config.version,
    pin: identity.pin,
    log,
  });
  const accounts = createAccountsService({ repo: createAccountsRepo(db), passwords: createPasswords(), settings, sockets, clock, log });

  // The gateway asks the hosts who may come in, and the hosts tell the gateway whom to turn out.
  const gateway: Gateway = createGateway({ identity, hubVersion: config.version, authenticate: (peer) => hosts.admit(peer), clock, logger: log });
  const hosts = createHostsService({ repo: createHostsRepo(db), gateway, clock, log, publicUrl: settings.publicUrl, pin: identity.pin });
  await hosts.load();
  // What came of a step is told by its host among all else that it kept.
  const outcome: FleetDeps["outcome"] = (hostId, step, ended) => operations.noteOutcome(hostId, step, ended);
  const fleet = createFleetService({ repo: createFleetRepo(db), hosts, gateway, clock, log, outcome });
  const metrics = createMetricsService({ repo: createMetricsRepo(db), hosts, fleet, gateway, clock, log });
  const operations: OperationsService = createOperationsService({ repo: createOperationsRepo(db), fleet, gateway, clock, log });
  const logs = createLogsService({ fleet, gateway });
  return { sockets, settings, accounts, gateway, hosts, fleet, metrics, operations, logs };
}
type Domains = Awaited<ReturnType<typeof wireDomains>>;

function wireWeb({ config, database, secrets, clock, log }: Foundation, domains: Domains, instance: string, listening: { port: number }) {
  const { accounts, settings, sockets, gateway } = domains;
  const secure = () => settings.publicUrl().startsWith("https:");
  const sessionFromCookie = async (cookie: string) => {
    const id = await sessionIdFrom(cookie, { secret: secrets.session, cookieName: cookieNameFor(secure()), secure: secure() });
    return id === null ? null : accounts.findSession(id);
  };
  installBridge({
    secret: secrets.session,
    cookieName: () => cookieNameFor(secure()),
    secureCookie: secure,
    publicUrl: settings.publicUrl,
    signIn: accounts.signIn,
    signOut: accounts.signOut,
    sessionFromCookie,
  });

  const rendered = { once: false };
  const sessionOf = (request: IncomingMessage) => sessionFromCookie(request.headers.cookie ?? "");
  const router = createRootRouter(domains);
  const origins = createOriginRule({ publicUrl: () => (settings.isPublicUrlChosen() ? settings.publicUrl() : null), port: () => listening.port });
  const pages = createPages({ root: config.root, dev: config.dev, port: () => listening.port });
  const trpcSocket = createTrpcSocket({ router, accounts, sockets, clock, log });
  const streamSocket = createStreamSocket({ kinds: createStreams(domains), accounts, sockets, clock, log });
  const health = createHealth({ instance, database: () => database.db.$queryRawUnsafe("SELECT 1"), gateway: gateway.isOpen, pages: () => rendered.once });
  const server = createHubServer({
    health,
    origins,
    trpc: createTrpcHttp({ router, sessionOf, clock, log }),
    rest: pages.handle,
    upgrade: createUpgradeRouter({ gateway, trpcSocket, streamSocket, origins, sessionOf, decoy: config.dev ? pages.decoy : null, log }),
    dev: config.dev,
    secure,
    log,
  });
  return { pages, trpcSocket, streamSocket, health, server, rendered };
}

/** The address in BINNACLE_HOST where it names one machine; null where it means "all". */
export function namedHost({ host }: Pick<Config, "host">): string | null {
  if (host === "0.0.0.0" || host === "::") return null;
  return host.includes(":") ? `[${host}]` : host;
}
