/**
 * What all tunnels together hold unread in the hub. Each stream's window bounds what one slow reader can
 * hold; many slow readers are bounded here: over the budget, the fullest requests are cut off first.
 */
import { LIMITS } from "@/protocol/limits";
import type { Logger } from "@/server/lib/logger";

export interface Held {
  bytes: number;
  cut(): void;
}

export interface UnreadBudget {
  /** Bytes read from any tunnel. Looks at what is held once enough came that it could matter. */
  received(bytes: number): void;
  /** Bytes held now. */
  bytes(): number;
}

/** `held` lists what each open request holds now. */
export function createUnreadBudget(held: () => Held[], logger: Logger, limit: number = LIMITS.hubUnreadBytes): UnreadBudget {
  let sinceLook = 0;
  const bytes = () => held().reduce((sum, one) => sum + one.bytes, 0);
  const look = () => {
    const all = held();
    let total = all.reduce((sum, one) => sum + one.bytes, 0);
    if (total <= limit) return;
    for (const one of all.toSorted((a, b) => b.bytes - a.bytes)) {
      if (total <= limit) break;
      total -= one.bytes;
      one.cut();
    }
    logger.warn({ limit }, "the hub held too much that nobody read: the fullest answers were cut off");
  };
  return {
    received(count) {
      sinceLook += count;
      if (sinceLook < LIMITS.hubUnreadLookBytes) return;
      sinceLook = 0;
      look();
    },
    bytes,
  };
}
