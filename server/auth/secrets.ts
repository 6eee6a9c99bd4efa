/** The hub's own secrets, made at first start and kept in data/secrets.json with mode 0600. */
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod/mini";
import { AppError } from "@/server/lib/errors";

const Secrets = z.object({
  /** Encrypts the session cookie. */
  session: z.string().check(z.minLength(32)),
});
export type Secrets = z.infer<typeof Secrets>;

/** Reads the secrets, or makes them. AppError bad_input when the file is there and cannot be used. */
export function loadSecrets(dataDirectory: string): Secrets {
  const file = join(dataDirectory, "secrets.json");
  if (!existsSync(file)) {
    // Written whole under another name first: a start that is killed here leaves no half a file.
    const fresh: Secrets = { session: randomBytes(32).toString("base64url") };
    writeFileSync(`${file}.new`, `${JSON.stringify(fresh)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return fresh;
  }
  chmodSync(file, 0o600);
  try {
    return Secrets.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    throw new AppError("bad_input", `${file} cannot be read as Binnacle's secrets. Restore it from a backup, or delete it: everybody then signs in anew, nothing else is lost.`, { cause: error });
  }
}
