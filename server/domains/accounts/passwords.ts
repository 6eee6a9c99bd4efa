/**
 * Passwords are kept as argon2id. One check costs 19 MiB and some 40 ms of a core, so only a few run at
 * once and only so many wait: a flood of sign-ins cannot take the machine's memory or its other work.
 */
import { hash, verify } from "@node-rs/argon2";
import { AppError } from "@/server/lib/errors";

/** Checks at once, and checks that wait for their turn. Protects the machine's memory and cores. */
export const PASSWORD_SLOTS = 2;
export const PASSWORD_QUEUE = 32;

export interface Passwords {
  hash(password: string): Promise<string>;
  /** `stored` null: no such user. It takes as long as a real check and is always false. */
  verify(stored: string | null, password: string): Promise<boolean>;
}

// argon2id with the memory and passes that OWASP names first; Algorithm.Argon2id is a const enum, which a
// transpiler that sees one file at a time cannot read.
const OPTIONS = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

export function createPasswords(): Passwords {
  const take = createSlots(PASSWORD_SLOTS, PASSWORD_QUEUE);
  // What a name that does not exist is checked against, so that the answer takes as long as for one that does.
  const nobody = hash("no user has this password", OPTIONS);
  return {
    hash: (password) => take(() => hash(password, OPTIONS)),
    verify: (stored, password) =>
      take(async () => {
        const right = await verify(stored ?? (await nobody), password);
        return right && stored !== null;
      }),
  };
}

/** Runs work `slots` at a time; AppError rate_limited when `queue` others wait already. */
function createSlots(slots: number, queue: number) {
  let busy = 0;
  const waiting: (() => void)[] = [];
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (busy >= slots) {
      if (waiting.length >= queue) throw new AppError("rate_limited", "Too many people sign in at this moment. Try again in a few seconds.");
      await new Promise<void>((resolve) => void waiting.push(resolve));
    } else busy += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else busy -= 1;
    }
  };
}
