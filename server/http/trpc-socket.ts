/**
 * Live data: /trpc over a WebSocket, one a tab. The upgrade needs an allowed Origin and a session; then the
 * first message must bring a ticket of that session. Nothing secret stands in the address.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { AnyTRPCRouter } from "@trpc/server";
import { applyWSSHandler } from "@trpc/server/adapters/ws";
import { WebSocketServer, type WebSocket } from "ws";
import type { AccountsService } from "@/server/domains/accounts/service";
import type { Session } from "@/server/domains/accounts/schema";
import type { Clock } from "@/server/lib/clock";
import { AppError } from "@/server/lib/errors";
import type { Logger } from "@/server/lib/logger";
import type { SocketRegistry } from "@/server/live/sockets";
import type { Context } from "@/server/trpc/context";
import { asTrpcError } from "@/server/trpc/error-edge";
import { callerAddress } from "./caller";

/** One message from a page: it only starts and stops subscriptions. */
const MESSAGE_BYTES = 64 * 1024;
const MESSAGE_FRAGMENTS = 16;
/** From the upgrade to a good ticket. Protects the hub from sockets that say nothing. */
const TICKET_WAIT_MS = 10_000;
/** Messages in ten seconds. Protects the event loop from a page in a loop. */
const MESSAGES = 1_000;
const MESSAGES_WINDOW_MS = 10_000;
/** A tab that answers no ping for this long is gone. */
const PING_MS = 15_000;
const PONG_MS = 10_000;

export interface SocketDeps {
  router: AnyTRPCRouter;
  accounts: Pick<AccountsService, "redeemTicket">;
  sockets: SocketRegistry;
  clock: Clock;
  log: Logger;
}

export interface TrpcSocket {
  /** Takes an upgrade whose origin and session were checked. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, session: Session, origin: string): void;
  /** Ends every socket; resolves when all have let go of their sources. */
  close(): Promise<void>;
}

interface Tab {
  session: Session;
  origin: string;
  /** Set once the ticket was good. */
  proven: boolean;
}

export function createTrpcSocket({ router, accounts, sockets, clock, log }: SocketDeps): TrpcSocket {
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MESSAGE_BYTES, maxFragments: MESSAGE_FRAGMENTS });
  const tabs = new WeakMap<WebSocket, Tab>();
  applyWSSHandler({
    wss: server,
    router,
    keepAlive: { enabled: true, pingMs: PING_MS, pongWaitMs: PONG_MS },
    createContext({ req, res: socket, info }): Context {
      const tab = tabs.get(socket);
      const ticket = info.connectionParams?.["ticket"];
      if (!tab || typeof ticket !== "string" || !accounts.redeemTicket(ticket, tab.session)) {
        throw asTrpcError(new AppError("unauthenticated", "This connection came without a fresh ticket."));
      }
      tab.proven = true;
      return {
        session: tab.session,
        address: callerAddress(req),
        userAgent: req.headers["user-agent"] ?? "",
        origin: tab.origin,
        log,
        clock,
        socket: {
          streams: 0,
          get open() {
            return socket.readyState === socket.OPEN;
          },
          terminate: () => socket.terminate(),
          get bufferedAmount() {
            return socket.bufferedAmount;
          },
        },
      };
    },
  });

  const watch = (socket: WebSocket, tab: Tab) => {
    const stopWaiting = clock.after(TICKET_WAIT_MS, () => void (tab.proven || socket.terminate()));
    let messages = 0;
    const stopCounting = clock.every(MESSAGES_WINDOW_MS, () => (messages = 0));
    socket.on("message", () => {
      messages += 1;
      if (messages > MESSAGES) socket.terminate();
    });
    const leave = sockets.add({ sessionId: tab.session.id, userId: tab.session.actor.id, role: tab.session.actor.role, socket });
    if (!leave) socket.close(1013, "too many connections");
    socket.on("error", (error) => log.debug({ err: error }, "page socket failed"));
    socket.once("close", () => {
      stopWaiting();
      stopCounting();
      leave?.();
    });
  };

  return {
    accept(request, socket, head, session, origin) {
      server.handleUpgrade(request, socket, head, (webSocket) => {
        const tab: Tab = { session, origin, proven: false };
        tabs.set(webSocket, tab);
        watch(webSocket, tab);
        server.emit("connection", webSocket, request);
      });
    },
    close() {
      for (const socket of server.clients) socket.terminate();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
