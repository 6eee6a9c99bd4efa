/**
 * Auth.js for Next: e-mail and password, a cookie that carries the id of a Session row and nothing else.
 * It runs inside Next and asks the hub for everything through the bridge.
 */
import NextAuth, { CredentialsSignin, type NextAuthConfig } from "next-auth";
import Credentials from "next-auth/providers/credentials";
import { headers } from "next/headers";
import { NextRequest } from "next/server";
import { SignInInput, type Session } from "@/server/domains/accounts/schema";
import { ADDRESS_HEADER, authBridge, ORIGIN_HEADER } from "./bridge";
import { SESSION_SECONDS } from "./session";

/** The code that the sign-in page finds in the answer's address. */
class RateLimited extends CredentialsSignin {
  override code = "rate_limited";
}

async function authorize(credentials: unknown, request: Request) {
  const { email, password } = (credentials ?? {}) as Record<string, unknown>;
  const parsed = SignInInput.safeParse({ email, password });
  if (!parsed.success) return null;
  const caller = { address: request.headers.get(ADDRESS_HEADER) ?? "", userAgent: request.headers.get("user-agent") ?? "" };
  const answer = await authBridge().signIn(parsed.data.email, parsed.data.password, caller);
  if (answer.ok) return { id: answer.userId, email: answer.email, name: answer.name, sid: answer.sessionId };
  if (answer.why === "rate_limited") throw new RateLimited();
  return null;
}

function options(request: Request | undefined): NextAuthConfig {
  const bridge = authBridge();
  const cookie = { httpOnly: true, sameSite: "lax", path: "/", secure: bridge.secureCookie() } as const;
  const named = (name: string) => ({ name: `${bridge.secureCookie() ? "__Host-" : ""}binnacle.${name}`, options: cookie });
  return {
    secret: bridge.secret,
    // The hub refuses foreign origins before a request comes here, and `redirect` below uses no Host header.
    trustHost: true,
    basePath: "/api/auth",
    session: { strategy: "jwt", maxAge: SESSION_SECONDS },
    cookies: { sessionToken: { name: bridge.cookieName(), options: cookie }, callbackUrl: named("callback"), csrfToken: named("csrf") },
    pages: { signIn: "/sign-in", error: "/sign-in" },
    providers: [Credentials({ credentials: { email: {}, password: {} }, authorize })],
    callbacks: {
      // The cookie names the row, and the row decides: nothing else in it could be trusted for long.
      async jwt({ token, user }) {
        const { sid } = (user ?? {}) as { sid?: string }; // set at sign-in only
        return sid === undefined ? token : { sid };
      },
      session: ({ session }) => ({ expires: session.expires, user: {} }),
      redirect: ({ url }) => redirectWithin(url, request?.headers.get(ORIGIN_HEADER) ?? bridge.publicUrl()),
    },
    events: {
      async signOut(message) {
        const id = "token" in message ? message.token?.["sid"] : undefined;
        if (typeof id === "string") await authBridge().signOut(id);
      },
    },
    logger: {
      // A wrong password is no fault; the hub logs sign-ins itself.
      error: (error) => void ((error as { type?: string }).type === "CredentialsSignin" || console.error(`auth: ${(error as { type?: string }).type ?? error.message}`)),
      warn: () => undefined,
      debug: () => undefined,
    },
  };
}

/** Only paths of this site are gone to after signing in or out. */
function redirectWithin(url: string, origin: string): string {
  try {
    const target = new URL(url, origin);
    return target.origin === origin ? target.href : origin;
  } catch {
    return origin;
  }
}

const auth = NextAuth((request) => options(request));
export const { signIn, signOut } = auth;

/** Next believes that it is called "localhost"; what Auth.js derives from a request's address must be ours. */
function atOwnOrigin(request: NextRequest): NextRequest {
  const { pathname, search } = request.nextUrl;
  return new NextRequest(new URL(pathname + search, request.headers.get(ORIGIN_HEADER) ?? authBridge().publicUrl()), request);
}
export const handlers = {
  GET: (request: NextRequest) => auth.handlers.GET(atOwnOrigin(request)),
  POST: (request: NextRequest) => auth.handlers.POST(atOwnOrigin(request)),
};

/** For server components: who is signed in, or null. Looks at the Session row each time. */
export async function currentSession(): Promise<Session | null> {
  return authBridge().sessionFromCookie((await headers()).get("cookie") ?? "");
}
