/**
 * What Auth.js, inside Next, asks of the hub. Next bundles its own copy of every module that it imports, so
 * nothing in server/auth keeps anything in memory: passwords, limits and sessions live once, in the hub,
 * behind this one named object that main.ts puts on globalThis.
 */
import type { Caller, Session, SignInAnswer } from "@/server/domains/accounts/schema";

export interface AuthBridge {
  /** Encrypts the session cookie. */
  secret: string;
  /** The cookie's name; it changes with the public URL's scheme. */
  cookieName(): string;
  /** Whether browsers must send the cookie over https only. */
  secureCookie(): boolean;
  /** The origin that people are sent back to. */
  publicUrl(): string;
  signIn(email: string, password: string, caller: Caller): Promise<SignInAnswer>;
  /** Ends a session at once, its open sockets included. Unknown ids are fine. */
  signOut(sessionId: string): Promise<void>;
  /** Who a Cookie header stands for; null for nobody, expired, ended or disabled. */
  sessionFromCookie(cookie: string): Promise<Session | null>;
}

const NAME = Symbol.for("binnacle.auth");
type Holder = { [NAME]?: AuthBridge };

/** Puts the hub's side in place; main.ts alone calls it. */
export function installBridge(bridge: AuthBridge): void {
  (globalThis as Holder)[NAME] = bridge;
}

/** The hub's side. Throws when Next runs without the hub, as during a build. */
export function authBridge(): AuthBridge {
  const bridge = (globalThis as Holder)[NAME];
  if (!bridge) throw new Error("The pages run only inside the hub: start it with npm start.");
  return bridge;
}

/** Request headers that the hub sets for Next, over whatever the caller sent: where it comes from, */
export const ADDRESS_HEADER = "x-binnacle-address";
/** the Origin, after the hub's check of it (absent where the browser sent none), */
export const ORIGIN_HEADER = "x-binnacle-origin";
/** and the path and query that the browser asked for: where a person who must sign in first is sent back to. */
export const PATH_HEADER = "x-binnacle-path";
