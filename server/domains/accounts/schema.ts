import { z } from "zod/mini";
import type { Actor, Permission, Role } from "../access/permissions";
import { PublicUrl } from "../settings/schema";

export const Email = z.string().check(z.trim(), z.toLowerCase(), z.maxLength(254), z.regex(/^[^\s@]+@[^\s@]+$/, "This is not an e-mail address."));
/** Length is what counts; the upper bound keeps hashing cheap. */
export const Password = z.string().check(z.minLength(10, "Use at least 10 characters."), z.maxLength(200));

export const SignInInput = z.strictObject({ email: Email, password: z.string().check(z.minLength(1), z.maxLength(200)) });

export const ClaimInput = z.strictObject({
  /** From the `#fragment` of the set-up link. */
  secret: z.string().check(z.minLength(1), z.maxLength(128)),
  email: Email,
  name: z.string().check(z.trim(), z.minLength(1), z.maxLength(100)),
  password: Password,
  publicUrl: PublicUrl,
});
export const SetupTestInput = z.strictObject({ secret: z.string().check(z.maxLength(128)), url: PublicUrl });

export interface Me {
  user: { id: string; name: string; email: string; role: Role };
  permissions: Permission[];
  sessionId: string;
}
export interface SessionView {
  id: string;
  createdAt: number;
  lastSeenAt: number;
  address: string;
  userAgent: string;
  current: boolean;
}
export const SessionIdInput = z.strictObject({ id: z.string().check(z.maxLength(64)) });

/** A signed-in browser, as the hub knows it. */
export interface Session {
  /** The Session row's id. */
  id: string;
  actor: Actor;
  email: string;
}

/** Where a sign-in comes from. */
export interface Caller {
  address: string;
  userAgent: string;
}

export type SignInAnswer =
  | { ok: true; sessionId: string; userId: string; email: string; name: string }
  /** wrong: e-mail or password, never said which. rate_limited: too many tries, from there or on that account. */
  | { ok: false; why: "wrong" | "rate_limited" };
