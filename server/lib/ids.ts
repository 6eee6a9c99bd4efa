import { createHash, randomBytes } from "node:crypto";

/** A new id with a readable prefix, e.g. `host_3f…`; 120 random bits, URL-safe. */
export function newId(prefix: "host" | "user" | "sess" | "op" | "step" | "join" | "link" | "evt"): string {
  return `${prefix}_${randomBytes(15).toString("base64url")}`;
}

/** A secret to hand out once: 192 random bits, URL-safe. Only its hash is stored. */
export function newSecret(): string {
  return randomBytes(24).toString("base64url");
}

/** What is stored in place of a random secret. A plain hash is enough: 192 random bits cannot be guessed. */
export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
