/**
 * The hub's one HTTP server. A request passes, in this order: method and size, origin, the hub's own paths
 * (/healthz, /readyz, /trpc), and what is left goes to the pages.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ADDRESS_HEADER, ORIGIN_HEADER, PATH_HEADER } from "@/server/auth/bridge";
import { AppError, describeError } from "@/server/lib/errors";
import type { Logger } from "@/server/lib/logger";
import { answerError } from "./answers";
import { callerAddress } from "./caller";
import type { Health } from "./health";
import type { OriginRule } from "./origin";
import { setPageHeaders } from "./security-headers";
import { BODY_BYTES, TRPC_PATH } from "./trpc-http";

/** Protects the hub from callers that send slowly: all headers, and the whole request. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
/** Longer than the idle time of common proxies, so that it is the proxy that lets go first. */
const KEEP_ALIVE_MS = 75_000;
/** All headers of one request; a session's cookies need under 1 KB. */
const HEADER_BYTES = 16 * 1024;
/** Sockets of every kind at once. Protects the machine's file handles. */
const CONNECTIONS = 10_000;

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface ServerDeps {
  health: Health;
  origins: OriginRule;
  trpc(request: IncomingMessage, response: ServerResponse, origin: string | null): Promise<void>;
  /** Everything else: the pages. */
  rest: RequestHandler;
  upgrade: Parameters<Server["on"]>[1];
  dev: boolean;
  /** Whether browsers come over https. */
  secure(): boolean;
  log: Logger;
}

export interface HubServer {
  /** AppError conflict when the port is taken; bad_input when this user or machine may not listen there. */
  listen(port: number, host: string): Promise<AddressInfo>;
  /** Stops listening and ends every connection. */
  close(): Promise<void>;
}

export function createHubServer(deps: ServerDeps): HubServer {
  const server = createServer({ maxHeaderSize: HEADER_BYTES, headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    serve(deps, request, response).catch((error: unknown) => {
      if (!(error instanceof AppError)) deps.log.error({ err: error, path: request.url?.split("?")[0] }, "request failed");
      if (response.headersSent) return void response.destroy();
      answerError(response, error instanceof AppError ? error : new AppError("internal", "Binnacle made a mistake here. The hub's log says more."));
    });
  });
  server.maxConnections = CONNECTIONS;
  server.on("upgrade", deps.upgrade);
  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once("error", (error) => reject(listenError(error, port, host)));
        server.listen(port, host, () => resolve(server.address() as AddressInfo));
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(deps: ServerDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? "").split("?")[0] ?? "";
  const reads = request.method === "GET" || request.method === "HEAD";
  if (reads && path === "/healthz") return deps.health.healthz(response);
  if (reads && path === "/readyz") return deps.health.readyz(response);
  if (!reads && request.method !== "POST") throw new AppError("bad_input", "Only GET, HEAD and POST are understood here.");
  checkBody(request);
  const origin = deps.origins.check(request);
  if (!reads && origin === null) throw new AppError("forbidden", foreignOrigin(request));
  if (path === TRPC_PATH || path.startsWith(`${TRPC_PATH}/`)) return deps.trpc(request, response, origin);
  setPageHeaders(request, response, deps);
  tellPages(request, origin);
  await deps.rest(request, response);
}

function checkBody(request: IncomingMessage): void {
  const length = Number(request.headers["content-length"] ?? 0);
  // Browsers always say how long a body is; without that, a handler of a page would read without end.
  if (request.headers["transfer-encoding"] !== undefined) throw new AppError("bad_input", "A request must say how long its body is (content-length).");
  if (length > BODY_BYTES) throw new AppError("too_large", `A request can have ${BODY_BYTES >> 20} MB at most.`);
}

function foreignOrigin(request: IncomingMessage): string {
  const { origin } = request.headers;
  return origin === undefined
    ? "A change must come from one of Binnacle's own pages: the request has no Origin header."
    : `This page was opened as ${String(origin).slice(0, 200)}, which is not the address that Binnacle is set up for. Open it by its own address, or change that address in Settings.`;
}

/** What the pages are told about the request, over anything that the caller claims. */
function tellPages(request: IncomingMessage, origin: string | null): void {
  for (const name of Object.keys(request.headers)) {
    // Next reads some of these as commands (x-middleware-subrequest) or as the site's address.
    if (/^x-(binnacle|middleware|forwarded|matched|invoke|nextjs)/.test(name)) delete request.headers[name];
  }
  request.headers[ADDRESS_HEADER] = callerAddress(request);
  request.headers[PATH_HEADER] = request.url ?? "/";
  if (origin === null) return;
  request.headers[ORIGIN_HEADER] = origin;
  // Next holds a form's Origin against these: behind a proxy the Host header alone may be another name.
  request.headers["x-forwarded-host"] = new URL(origin).host;
  request.headers["x-forwarded-proto"] = new URL(origin).protocol.slice(0, -1);
}

function listenError(error: Error, port: number, host: string): Error {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE") return new AppError("conflict", `Port ${port} is in use by another program. Stop that one, or choose another port, e.g. PORT=${port + 1} npm start.`, { cause: error });
  if (code === "EACCES") return new AppError("bad_input", `This user may not listen on port ${port}. Choose one above 1023 with PORT.`, { cause: error });
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") return new AppError("bad_input", `This machine does not have the address ${host}. Correct BINNACLE_HOST, or leave it out to listen on all.`, { cause: error });
  return new Error(`cannot listen on ${host}:${port}: ${describeError(error)}`, { cause: error });
}
