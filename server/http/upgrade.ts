/**
 * The one upgrade router: nothing else in the hub listens for upgrades (Next gets a decoy). What is not
 * named here is destroyed.
 */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import type { Session } from "@/server/domains/accounts/schema";
import type { Gateway } from "@/server/gateway/gateway";
import { describeError } from "@/server/lib/errors";
import type { Logger } from "@/server/lib/logger";
import { STREAM_PATH, type StreamSocket } from "@/server/streams/stream-socket";
import { refuseUpgrade } from "./answers";
import type { OriginRule } from "./origin";
import { TRPC_PATH } from "./trpc-http";
import type { TrpcSocket } from "./trpc-socket";

export interface UpgradeDeps {
  gateway: Pick<Gateway, "handleUpgrade">;
  trpcSocket: TrpcSocket;
  streamSocket: StreamSocket;
  origins: OriginRule;
  sessionOf(request: IncomingMessage): Promise<Session | null>;
  /** In development, where Next's own upgrades (hot reload) go. */
  decoy: Server | null;
  log: Logger;
}
type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export function createUpgradeRouter(deps: UpgradeDeps): Upgrade {
  return (request, socket, head) => {
    // Until a handler takes over, an error here has no other listener and would end the process.
    const onError = () => socket.destroy();
    socket.on("error", onError);
    route(deps, request, socket, head)
      .catch((error: unknown) => {
        deps.log.error({ err: describeError(error) }, "upgrade failed");
        socket.destroy();
      })
      .finally(() => socket.off("error", onError));
  };
}

async function route(deps: UpgradeDeps, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  const path = (request.url ?? "").split("?")[0] ?? "";
  if (path === "/agent") {
    // Every browser sends an Origin with a WebSocket, and no agent does.
    if (request.headers.origin !== undefined) return refuseUpgrade(socket, 403);
    return deps.gateway.handleUpgrade(request, socket, head);
  }
  if (path === TRPC_PATH || path === STREAM_PATH) {
    const origin = deps.origins.check(request);
    if (origin === null) return refuseUpgrade(socket, 403);
    const session = await deps.sessionOf(request);
    if (session === null) return refuseUpgrade(socket, 401);
    if (path === STREAM_PATH) return deps.streamSocket.accept(request, socket, head, session);
    return deps.trpcSocket.accept(request, socket, head, session, origin);
  }
  if (deps.decoy && path.startsWith("/_next/") && deps.decoy.emit("upgrade", request, socket, head)) return;
  socket.destroy();
}
