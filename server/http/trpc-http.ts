/** Queries and mutations: /trpc over HTTP. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AnyTRPCRouter } from "@trpc/server";
import { nodeHTTPRequestHandler } from "@trpc/server/adapters/node-http";
import type { Session } from "@/server/domains/accounts/schema";
import type { Clock } from "@/server/lib/clock";
import { AppError } from "@/server/lib/errors";
import type { Logger } from "@/server/lib/logger";
import type { Context } from "@/server/trpc/context";
import { answerError } from "./answers";
import { callerAddress } from "./caller";
import { setPlainHeaders } from "./security-headers";

export const TRPC_PATH = "/trpc";
/** A request body. Protects the hub's memory; the largest real one, a bulk of 200 containers, has 30 KB. */
export const BODY_BYTES = 1 << 20;
/** Calls in one batch. */
const BATCH = 20;

export interface TrpcDeps {
  router: AnyTRPCRouter;
  sessionOf(request: IncomingMessage): Promise<Session | null>;
  clock: Clock;
  log: Logger;
}

/** `origin`: the request's Origin where it is allowed, else null. */
export function createTrpcHttp({ router, sessionOf, clock, log }: TrpcDeps) {
  return async (request: IncomingMessage, response: ServerResponse, origin: string | null): Promise<void> => {
    if (request.method === "POST" && !/^application\/json\s*(;|$)/i.test(request.headers["content-type"] ?? "")) {
      return answerError(response, new AppError("bad_input", "Changes are sent as JSON (content-type: application/json)."));
    }
    const context: Context = {
      session: await sessionOf(request),
      address: callerAddress(request),
      userAgent: request.headers["user-agent"] ?? "",
      origin,
      log,
      clock,
      socket: null,
    };
    setPlainHeaders(response);
    response.setHeader("cache-control", "no-store");
    const path = (request.url ?? "").slice(TRPC_PATH.length + 1).split("?")[0] ?? "";
    await nodeHTTPRequestHandler({ req: request, res: response, path, router, maxBodySize: BODY_BYTES, maxBatchSize: BATCH, createContext: () => Promise.resolve(context) });
  };
}
