/** Counts failures by key in a sliding window: the limit of guesses from one address or on one account. */
import type { Clock } from "@/server/lib/clock";

/** Keys remembered at once; the oldest go first. Protects memory from a flood of made-up names. */
const KEYS = 10_000;

export interface Attempts {
  /** Whether this key may try now. */
  mayTry(key: string): boolean;
  /** Counts one try. Count before the check, or side-by-side tries all pass. */
  count(key: string): void;
  /** Takes one counted try back: it was right. */
  forgive(key: string): void;
}

export function createAttempts(clock: Clock, limit: { tries: number; windowMs: number }): Attempts {
  const seen = new Map<string, number[]>();
  const recent = (key: string) => {
    const from = clock.monotonic() - limit.windowMs;
    return (seen.get(key) ?? []).filter((at) => at > from);
  };
  return {
    mayTry: (key) => recent(key).length < limit.tries,
    count(key) {
      const times = [...recent(key), clock.monotonic()].slice(-limit.tries);
      seen.delete(key); // so that the map's order is by last use
      seen.set(key, times);
      if (seen.size > KEYS) seen.delete(seen.keys().next().value as string);
    },
    forgive(key) {
      const times = recent(key).slice(0, -1);
      if (times.length === 0) seen.delete(key);
      else seen.set(key, times);
    },
  };
}

/** The part of an address that one caller controls as a whole: an IPv6 network counts as one. */
export function addressKey(address: string): string {
  return address.includes(":") ? address.split(":").slice(0, 4).join(":") : address;
}
