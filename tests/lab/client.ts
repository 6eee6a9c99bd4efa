/** A signed-in person without a browser: the same HTTP, cookies, ticket and WebSocket that a page uses. */
import { createTRPCClient, createWSClient, httpLink, splitLink, wsLink } from "@trpc/client";
import { WebSocket } from "ws";
import type { AppRouter } from "@/server/trpc/root";

export type Api = ReturnType<typeof createTRPCClient<AppRouter>>;

export interface Client {
  api: Api;
  /** The Cookie header of this session. */
  cookie: string;
  close(): void;
}

/** The name=value pairs of an answer's Set-Cookie headers, added to those before. */
function takeCookies(jar: Map<string, string>, response: Response): void {
  for (const line of response.headers.getSetCookie()) {
    const [pair = ""] = line.split(";");
    const at = pair.indexOf("=");
    jar.set(pair.slice(0, at), pair.slice(at + 1));
  }
}
const header = (jar: Map<string, string>) => [...jar].map(([name, value]) => `${name}=${value}`).join("; ");

/** Signs in as a page does and gives the session's cookie; throws when the hub refuses. */
export async function signIn(url: string, email: string, password: string): Promise<string> {
  const jar = new Map<string, string>();
  const csrf = await fetch(`${url}/api/auth/csrf`);
  takeCookies(jar, csrf);
  const { csrfToken } = (await csrf.json()) as { csrfToken: string };
  const answer = await fetch(`${url}/api/auth/callback/credentials`, {
    method: "POST",
    redirect: "manual",
    headers: { "content-type": "application/x-www-form-urlencoded", cookie: header(jar), origin: url },
    body: new URLSearchParams({ csrfToken, email, password, redirect: "false", callbackUrl: url }),
  });
  takeCookies(jar, answer);
  if (![...jar.keys()].some((name) => name.endsWith("binnacle.session"))) throw new Error(`sign-in refused: ${answer.status} ${answer.headers.get("location")}`);
  return header(jar);
}

/** Opens the API as the session of that cookie. */
export function openClient(url: string, cookie: string): Client {
  const http = httpLink({ url: `${url}/trpc`, headers: { cookie, origin: url } });
  const ticketApi = createTRPCClient<AppRouter>({ links: [http] });
  class PageSocket extends WebSocket {
    constructor(address: string | URL) {
      super(address, { headers: { cookie, origin: url } });
    }
  }
  const socket = createWSClient({
    url: `${url.replace(/^http/, "ws")}/trpc`,
    WebSocket: PageSocket as unknown as typeof globalThis.WebSocket,
    connectionParams: async () => ({ ticket: (await ticketApi.session.ticket.mutate()).ticket }),
    retryDelayMs: () => 200,
    lazy: { enabled: true, closeMs: 0 },
  });
  const api = createTRPCClient<AppRouter>({ links: [splitLink({ condition: (op) => op.type === "subscription", true: wsLink({ client: socket }), false: http })] });
  return { api, cookie, close: () => void socket.close() };
}
