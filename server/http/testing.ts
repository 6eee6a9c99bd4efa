/**
 * For tests only: the hub's HTTP server on port 0 with real accounts on a real database, and a small router
 * beside the real session and set-up routers. No Next: the rest answers with a line of text.
 */
import { sessionIdFrom } from "@/server/auth/session";
import { createTestDatabase } from "@/server/db/testing";
import { createPasswords } from "@/server/domains/accounts/passwords";
import { createAccountsRepo } from "@/server/domains/accounts/repo";
import { createSessionRouter, createSetupRouter } from "@/server/domains/accounts/router";
import { createAccountsService } from "@/server/domains/accounts/service";
import { createAddressTest } from "@/server/domains/settings/address-test";
import { createSettingsRepo } from "@/server/domains/settings/repo";
import { createSettingsRouter } from "@/server/domains/settings/router";
import { createSettingsService } from "@/server/domains/settings/service";
import { systemClock, type Clock } from "@/server/lib/clock";
import { silentLogger } from "@/server/lib/logger";
import { createSocketRegistry } from "@/server/live/sockets";
import { createStreamSocket } from "@/server/streams/stream-socket";
import type { StreamKinds } from "@/server/streams/kinds";
import { router } from "@/server/trpc/init";
import { open, permit } from "@/server/trpc/permit";
import { createHealth } from "./health";
import { createOriginRule } from "./origin";
import { createHubServer } from "./server";
import { COOKIE, createClient, SECRET } from "./testing-client";
import { createTrpcHttp } from "./trpc-http";
import { createTrpcSocket } from "./trpc-socket";
import { createUpgradeRouter } from "./upgrade";

export const INSTANCE = "test-instance";

export type TestHub = Awaited<ReturnType<typeof startTestHub>>;

export async function startTestHub(options: { clock?: Clock; publicUrl?: string | null; flood?: (signal: AbortSignal | undefined) => AsyncIterable<unknown>; streams?: StreamKinds } = {}) {
  const clock = options.clock ?? systemClock;
  const log = silentLogger;
  const database = await createTestDatabase();
  const listening = { port: 0 };
  const sockets = createSocketRegistry(clock);
  const settings = await createSettingsService({
    repo: createSettingsRepo(database.db), fixedPublicUrl: options.publicUrl ?? null, guessPublicUrl: () => `http://127.0.0.1:${listening.port}`,
    testAddress: createAddressTest(INSTANCE), version: "0", pin: "pin", log,
  });
  const repo = createAccountsRepo(database.db);
  const accounts = createAccountsService({ repo, passwords: createPasswords(), settings, sockets, clock, log });
  const app = router({
    setup: createSetupRouter(accounts),
    session: createSessionRouter(accounts),
    settings: createSettingsRouter(settings),
    broken: open("For the test of the error edge.").query((): string => {
      throw new Error("secret inner story");
    }),
    flood: permit("fleet.view").subscription(({ signal }) => options.flood?.(signal) ?? neverending(signal)),
  });
  const sessionOf = async (request: { headers: { cookie?: string | undefined } }) => {
    const id = await sessionIdFrom(request.headers.cookie ?? "", { secret: SECRET, cookieName: COOKIE, secure: false });
    return id === null ? null : accounts.findSession(id);
  };
  const origins = createOriginRule({ publicUrl: () => (settings.isPublicUrlChosen() ? settings.publicUrl() : null), port: () => listening.port });
  const trpcSocket = createTrpcSocket({ router: app, accounts, sockets, clock, log });
  const streamSocket = createStreamSocket({ kinds: options.streams ?? {}, accounts, sockets, clock, log });
  const agentUpgrades: string[] = [];
  const gateway = {
    handleUpgrade: (request: { url?: string | undefined }, socket: { destroy(): void }) => {
      agentUpgrades.push(request.url ?? "");
      socket.destroy();
    },
  };
  const server = createHubServer({
    health: createHealth({ instance: INSTANCE, database: () => database.db.$queryRawUnsafe("SELECT 1"), gateway: () => true, pages: () => true }),
    origins,
    trpc: createTrpcHttp({ router: app, sessionOf, clock, log }),
    rest: async (request, response) => void response.end(`page for ${JSON.stringify(request.headers)}`),
    upgrade: createUpgradeRouter({ gateway, trpcSocket, streamSocket, origins, sessionOf, decoy: null, log }),
    dev: false,
    secure: () => false,
    log,
  });
  listening.port = (await server.listen(0, "127.0.0.1")).port;
  const url = `http://127.0.0.1:${listening.port}`;
  const hub = { url, port: listening.port, database, repo, accounts, settings, sockets, streamSocket, agentUpgrades };
  return {
    ...hub,
    client: createClient(hub),
    async close() {
      sockets.closeAll("test ends");
      await Promise.all([trpcSocket.close(), streamSocket.close()]);
      await server.close();
      await database.drop();
    },
  };
}

async function* neverending(signal: AbortSignal | undefined): AsyncGenerator<string> {
  yield "first";
  await new Promise<void>((resolve) => (signal ? signal.addEventListener("abort", () => resolve(), { once: true }) : resolve()));
}
