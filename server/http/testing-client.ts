/** For tests only: requests and sockets as a page makes them, with every header in the test's hand. */
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { setTimeout } from "node:timers/promises";
import { encode } from "@auth/core/jwt";
import { WebSocket } from "ws";
import type { AccountsService } from "@/server/domains/accounts/service";

export const SECRET = "s".repeat(43);
export const COOKIE = "binnacle.session";
export const ADMIN = { email: "ana@example.org", password: "correct horse battery" };

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}
export interface Reply {
  id?: number | null;
  result?: { type: string; data?: unknown };
  error?: { message: string; data: { appCode: string; id: string } };
}

export function createClient({ url, accounts }: { url: string; accounts: AccountsService }) {
  /** A request with exactly these headers; `fetch` would add some and forbid others. */
  const send = (method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const request = httpRequest(`${url}${path}`, { method, headers: { ...headers, ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }) }, agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
        response.on("error", reject);
      });
      request.on("error", reject);
      request.end(body);
    });
  const call = (path: string, input: unknown, headers: Record<string, string> = {}) => send("POST", `/trpc/${path}`, { "content-type": "application/json", origin: url, ...headers }, JSON.stringify(input));
  return {
    send,
    /** A mutation from the right page. */
    call,
    query: (path: string, headers: Record<string, string> = {}) => send("GET", `/trpc/${path}`, headers),
    /** The first administrator, signed in; gives the Cookie header and the session's id. */
    async signIn(): Promise<{ cookie: string; sessionId: string }> {
      await accounts.seedAdministrator(ADMIN);
      const answer = await accounts.signIn(ADMIN.email, ADMIN.password, { address: "127.0.0.1", userAgent: "test" });
      if (!answer.ok) throw new Error(answer.why);
      const token = await encode({ token: { sid: answer.sessionId }, secret: SECRET, salt: COOKIE });
      return { cookie: `${COOKIE}=${token}`, sessionId: answer.sessionId };
    },
    async ticket(cookie: string): Promise<string> {
      const answer = await call("session.ticket", undefined, { cookie });
      return (JSON.parse(answer.text) as { result: { data: { ticket: string } } }).result.data.ticket;
    },
    /** A socket to /trpc, open; rejects with the status when it is refused. */
    dial: (headers: Record<string, string>, path = "/trpc?connectionParams=1"): Promise<WebSocket> =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`${url.replace("http", "ws")}${path}`, { headers });
        socket.once("open", () => resolve(socket));
        socket.once("unexpected-response", (_, response) => reject(new Error(String(response.statusCode))));
        socket.once("error", reject);
      }),
  };
}

/** The next message that `wanted` accepts; rejects when the socket closes first. */
export function reply(socket: WebSocket, wanted: (message: Reply) => boolean = () => true): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const onMessage = (data: Buffer) => {
      const text = data.toString();
      if (text === "PING") return;
      const message = JSON.parse(text) as Reply;
      if (!wanted(message)) return;
      socket.off("message", onMessage);
      resolve(message);
    };
    socket.on("message", onMessage);
    socket.once("close", (code) => reject(new Error(`closed ${code}`)));
  });
}

/** Looks again until `seen` gives something, up to `withinMs`. */
export async function eventually<T>(seen: () => T | undefined | false | null | Promise<T | undefined | false | null>, withinMs = 5_000): Promise<T> {
  const until = performance.now() + withinMs;
  for (;;) {
    const value = await seen();
    if (value) return value;
    if (performance.now() > until) throw new Error(`not seen within ${withinMs} ms`);
    await setTimeout(10);
  }
}
