import { z } from "zod/mini";

const tag = z.string().check(z.regex(/^[a-z0-9][a-z0-9._:/-]{0,62}$/i, "A tag is 1–63 letters, digits and . _ : / -"));
export const Tags = z.array(tag).check(z.maxLength(16));
export const HostName = z.string().check(z.trim(), z.minLength(1, "A host needs a name."), z.maxLength(128), z.regex(/^[^\p{C}]+$/u, "A name has no control characters."));

export const HostIdInput = z.strictObject({ id: z.string().check(z.maxLength(64)) });
export const RenameInput = z.strictObject({ id: z.string().check(z.maxLength(64)), name: HostName });
export const SetTagsInput = z.strictObject({ id: z.string().check(z.maxLength(64)), tags: Tags });

export const CreateJoinInput = z.strictObject({
  tags: z._default(Tags, []),
  uses: z._default(z.int().check(z.gte(1), z.lte(100)), 1),
  minutes: z._default(z.int().check(z.gte(1), z.lte(7 * 24 * 60)), 15),
  /** Give this known host a new key, in place of joining a new host. */
  hostId: z.optional(z.string().check(z.maxLength(64))),
});

/** Shown once: the secret is stored only as a hash. */
export interface JoinCreated {
  id: string;
  /** The line to paste on the new host. */
  line: string;
  expiresAt: number;
}

/** One open join line, without its secret. */
export interface JoinView {
  id: string;
  tags: string[];
  usesLeft: number;
  expiresAt: number;
  createdAt: number;
  hostId: string | null;
}

/** What the page that waits for a host is told. */
export type JoinProgress =
  /** `silentMs` since the line was made: after 60,000 the page says what to check. */
  | { state: "waiting"; silentMs: number }
  /** An agent came, and was turned away: its address and why. */
  | { state: "refused"; address: string; why: string; at: number }
  /** It is in. `runtimeWhy` is set when it cannot reach its engine. */
  | { state: "arrived"; hostId: string; name: string; runtimeWhy: string | null }
  | { state: "expired" };
