"use client";
import { TRPCClientError, createTRPCClient, createWSClient, httpBatchLink, httpLink, splitLink, wsLink } from "@trpc/client";
import { createTRPCContext } from "@trpc/tanstack-react-query";
import type { AppRouter } from "@/server/trpc/root";

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

const PATH = "/trpc";
/** Waits between dialling again: short at first, since a restart of the server takes seconds. */
const RETRY_MS = [200, 500, 1_000, 2_000, 3_000] as const;
const KEEP_ALIVE = { enabled: true, intervalMs: 5_000, pongTimeoutMs: 4_000 } as const;
/** How long the socket outlives the last subscription. */
const IDLE_MS = 5_000;
/** Longest batch of calls in one address line. */
const LONGEST_URL = 4_000;

const isUnauthenticated = (error: unknown) => error instanceof TRPCClientError && error.data?.appCode === "unauthenticated";

/**
 * The tab's one client: calls over HTTP, subscriptions over one WebSocket, which is dialled for the first
 * subscription and proves itself with a one-use ticket in its first message.
 */
export function createClient(onSignedOut: () => void) {
  // Queries of one moment go together; a change goes at once, since a person waits for it.
  const http = splitLink({
    condition: (operation) => operation.type === "mutation",
    true: httpLink({ url: PATH }),
    false: httpBatchLink({ url: PATH, maxURLLength: LONGEST_URL }),
  });
  const caller = createTRPCClient<AppRouter>({ links: [http] });
  // Asked for before dialling: a browser cannot see that a socket was refused because the session has ended.
  let ticket = "";
  const socket = createWSClient({
    url: async () => {
      try {
        ({ ticket } = await caller.session.ticket.mutate());
      } catch (error) {
        if (isUnauthenticated(error)) onSignedOut();
        throw error;
      }
      return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${PATH}`;
    },
    connectionParams: () => ({ ticket }),
    retryDelayMs: (attempt) => RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 0,
    lazy: { enabled: true, closeMs: IDLE_MS },
    keepAlive: KEEP_ALIVE,
  });
  const client = createTRPCClient<AppRouter>({
    links: [splitLink({ condition: (operation) => operation.type === "subscription", true: wsLink({ client: socket }), false: http })],
  });
  return { client, socket };
}
export type Client = ReturnType<typeof createClient>["client"];
