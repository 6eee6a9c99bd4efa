/** Who may begin a handshake now. Nothing of a tunnel is made before this says yes. */
import { LIMITS, TIMES } from "@/protocol/limits";
import type { Clock } from "@/server/lib/clock";

interface Bucket {
  tokens: number;
  filledAt: number;
  handshakes: number;
}

export interface Admission {
  /** null: too many now, try later. Otherwise the function to call, once, when the handshake is over. */
  enter(address: string): (() => void) | null;
  /** Handshakes going on now. */
  handshakes(): number;
}

/** Counts handshakes in all and per address, and each address's rate by a token bucket. */
export function createAdmission(clock: Clock): Admission {
  const buckets = new Map<string, Bucket>();
  let handshakes = 0;

  const bucketOf = (address: string): Bucket => {
    const now = clock.monotonic();
    const bucket = buckets.get(address) ?? { tokens: LIMITS.connectBurst, filledAt: now, handshakes: 0 };
    bucket.tokens = Math.min(LIMITS.connectBurst, bucket.tokens + ((now - bucket.filledAt) / 1_000) * LIMITS.connectsPerSecond);
    bucket.filledAt = now;
    // Moved to the end: the first in the map is the address that was away the longest.
    buckets.delete(address);
    buckets.set(address, bucket);
    if (buckets.size > LIMITS.connectAddresses) buckets.delete(buckets.keys().next().value as string);
    return bucket;
  };
  return {
    enter(address) {
      const bucket = bucketOf(network(address));
      if (bucket.tokens < 1 || handshakes >= LIMITS.handshakes || bucket.handshakes >= LIMITS.handshakesPerAddress) return null;
      bucket.tokens -= 1;
      bucket.handshakes += 1;
      handshakes += 1;
      let left = false;
      return () => {
        if (left) return;
        left = true;
        bucket.handshakes -= 1;
        handshakes -= 1;
      };
    },
    handshakes: () => handshakes,
  };
}

/** One machine has a whole /64 of IPv6 addresses to come from. */
function network(address: string): string {
  if (!address.includes(":") || address.startsWith("::ffff:")) return address;
  const [head = "", tail] = address.split("::") as [string, string?];
  const groups = head.split(":").filter(Boolean);
  if (tail !== undefined) while (groups.length < 4) groups.push("0");
  return groups.slice(0, 4).join(":");
}

export interface Line {
  /** Runs the task when it is its turn, at once if there is room. Returns the function to call when it is over, or no longer wanted. */
  join(task: () => void): () => void;
}

/**
 * The line before the handshakes' work. When a whole fleet comes back, doing all at once would make each
 * take longer than its deadline, and all would fail together; in line, each takes its own time only.
 */
export function createLine(clock: Clock, atOnce: number = LIMITS.handshakesAtOnce, turnMs: number = TIMES.handshakeTurnMs): Line {
  // Bounded by LIMITS.handshakes: whoever stands in line was let in before.
  const waiting = new Set<() => void>();
  let busy = 0;
  const next = () => {
    for (const begin of waiting) {
      if (busy >= atOnce) return;
      waiting.delete(begin);
      begin();
    }
  };
  return {
    join(task) {
      let state: "waiting" | "busy" | "over" = "waiting";
      let cancelTurn = () => {};
      const over = () => {
        cancelTurn();
        waiting.delete(begin);
        if (state === "busy") busy -= 1;
        state = "over";
        next();
      };
      const begin = () => {
        state = "busy";
        busy += 1;
        cancelTurn = clock.after(turnMs, over);
        task();
      };
      waiting.add(begin);
      next();
      return over;
    },
  };
}
