/**
 * Bytes to a page: /stream, one WebSocket a stream. The upgrade needs an allowed Origin and a session, as for
 * /trpc; the first message must bring a ticket of that session and say what is wanted:
 *
 *   page   {"ticket": "…", "stream": "logs.follow", "input": {…}}
 *   hub    binary messages: the bytes of the source, unread, cut anywhere
 *   page   {"ack": bytes dealt with since the start}
 *   hub    {"error": {"code": "host_away", "message": "…"}} and STREAM_FAILED, or 1000 where the source ended
 */
import type { IncomingMessage } from "node:http";
import type { Duplex, Readable } from "node:stream";
import { WebSocketServer, type RawData, type WebSocket } from "ws";
import { z } from "zod/mini";
import type { AccountsService } from "@/server/domains/accounts/service";
import type { Session } from "@/server/domains/accounts/schema";
import type { Clock } from "@/server/lib/clock";
import { AppError, describeError } from "@/server/lib/errors";
import type { Logger } from "@/server/lib/logger";
import type { SocketRegistry } from "@/server/live/sockets";
import { openStream, type StreamKinds } from "./kinds";
import { createOutflow, type Outflow } from "./outflow";

export const STREAM_PATH = "/stream";
/** The code of a close that follows an error in words. */
export const STREAM_FAILED = 4500;
/** One message of a page: what it wants, or an acknowledgement. */
const MESSAGE_BYTES = 16 * 1024;
const MESSAGE_FRAGMENTS = 16;
/** From the upgrade to a good ticket. Protects the hub from sockets that say nothing. */
const TICKET_WAIT_MS = 10_000;
/** Messages in ten seconds: an acknowledgement each 128 KiB at 250 MB/s. Protects the event loop from a page in a loop. */
const MESSAGES = 20_000;
const MESSAGES_WINDOW_MS = 10_000;
/** A tab that has not answered a ping when the next one is due is gone. */
const PING_MS = 15_000;
/** Streams of the whole hub and of one session at once; each can hold outflow.ts' UNSENT_BYTES. */
export const STREAMS = 500;
export const STREAMS_PER_SESSION = 32;

const Request = z.strictObject({ ticket: z.string().check(z.maxLength(128)), stream: z.string().check(z.maxLength(64)), input: z.unknown() });
const Acknowledgement = z.strictObject({ ack: z.number() });

export interface StreamSocketDeps {
  kinds: StreamKinds;
  accounts: Pick<AccountsService, "redeemTicket">;
  sockets: SocketRegistry;
  clock: Clock;
  log: Logger;
}

export interface StreamSocket {
  /** Takes an upgrade whose origin and session were checked. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, session: Session): void;
  /** Ends every stream; resolves when all sockets are closed. */
  close(): Promise<void>;
  /** Streams that are open now. */
  size(): number;
}

/** One page's stream, from its upgrade to its end. */
interface Reader {
  readonly socket: WebSocket;
  readonly session: Session;
  readonly gone: AbortController;
  asked: boolean;
  outflow: Outflow | null;
  messages: number;
  answered: boolean;
}

export function createStreamSocket({ kinds, accounts, sockets, clock, log }: StreamSocketDeps): StreamSocket {
  const server = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: MESSAGE_BYTES, maxFragments: MESSAGE_FRAGMENTS });
  const readers = new Set<Reader>();
  const stopPinging = clock.every(PING_MS, () => {
    for (const reader of readers) {
      if (!reader.answered) reader.socket.terminate();
      reader.answered = false;
      if (reader.socket.readyState === reader.socket.OPEN) reader.socket.ping();
    }
  });
  const stopCounting = clock.every(MESSAGES_WINDOW_MS, () => {
    for (const reader of readers) reader.messages = 0;
  });

  const fail = ({ socket, session, outflow }: Reader, error: unknown) => {
    outflow?.end();
    if (socket.readyState !== socket.OPEN) return;
    const known = error instanceof AppError;
    const entry = { err: error, user: session.actor.id };
    if (known) log.debug(entry, "stream ended");
    else log.error(entry, "stream failed");
    const told = known ? { code: error.code, message: error.message } : { code: "internal", message: "Binnacle made a mistake here. The hub's log says more." };
    socket.send(JSON.stringify({ error: told }));
    socket.close(STREAM_FAILED);
  };

  const begin = async (reader: Reader, first: unknown): Promise<void> => {
    const { session, socket, gone } = reader;
    const request = Request.safeParse(first);
    if (!request.success || !accounts.redeemTicket(request.data.ticket, session)) throw new AppError("unauthenticated", "This connection came without a fresh ticket.");
    reader.asked = true;
    const { stream, input } = request.data;
    const source: Readable = await openStream(kinds, stream, input, { actor: session.actor, signal: gone.signal });
    if (gone.signal.aborted) return void source.on("error", () => undefined).destroy();
    reader.outflow = createOutflow(source, sender(socket), (error) => (error ? fail(reader, asLost(error)) : socket.close(1000)));
  };

  const onMessage = (reader: Reader, data: RawData, isBinary: boolean) => {
    reader.messages += 1;
    if (reader.messages > MESSAGES) return reader.socket.terminate();
    const message = isBinary ? undefined : parse(data);
    if (!reader.asked) return void begin(reader, message).catch((error: unknown) => fail(reader, error));
    const acknowledgement = Acknowledgement.safeParse(message);
    // Nothing can be acknowledged before the source is open: no honest page tries.
    if (!acknowledgement.success || !reader.outflow?.acknowledge(acknowledgement.data.ack)) fail(reader, new AppError("bad_input", "This is no acknowledgement of what was sent."));
  };

  const take = (socket: WebSocket, session: Session) => {
    const reader: Reader = { socket, session, gone: new AbortController(), asked: false, outflow: null, messages: 0, answered: true };
    const same = [...readers].filter((other) => other.session.id === session.id).length;
    const leave = readers.size < STREAMS && same < STREAMS_PER_SESSION ? sockets.add({ sessionId: session.id, userId: session.actor.id, role: session.actor.role, socket }) : null;
    socket.on("error", (error) => log.debug({ err: error }, "page socket failed"));
    if (!leave) return fail(reader, new AppError("rate_limited", "Too many logs are open at once. Close some and try again."));
    readers.add(reader);
    const stopWaiting = clock.after(TICKET_WAIT_MS, () => void (reader.asked || socket.terminate()));
    socket.on("pong", () => (reader.answered = true));
    socket.on("message", (data, isBinary) => onMessage(reader, data, isBinary));
    socket.once("close", () => {
      stopWaiting();
      readers.delete(reader);
      leave();
      reader.gone.abort();
      reader.outflow?.end();
    });
  };

  return {
    accept: (request, socket, head, session) => server.handleUpgrade(request, socket, head, (webSocket) => take(webSocket, session)),
    async close() {
      stopPinging();
      stopCounting();
      const closed = [...readers].map(({ socket }) => new Promise((resolve) => socket.once("close", resolve)));
      for (const { socket } of readers) socket.terminate();
      await Promise.all(closed);
    },
    size: () => readers.size,
  };
}

/** What an outflow needs of a socket. `sent` is called when the network has the bytes. */
function sender(socket: WebSocket) {
  return {
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send: (bytes: Uint8Array, sent: () => void) => socket.send(bytes, sent),
  };
}

/** The link says how it ended in its own words; what else a source fails with is a broken link as well. */
function asLost(error: Error): AppError {
  return error instanceof AppError ? error : new AppError("link_lost", `The link to the host broke off: ${describeError(error)}.`, { cause: error });
}

function parse(data: RawData): unknown {
  try {
    return JSON.parse((data as Buffer).toString("utf8"));
  } catch {
    return undefined;
  }
}
