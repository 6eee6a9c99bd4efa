/** One-use tickets that open a WebSocket: bound to a session, short-lived, kept in memory. */
import { newSecret } from "@/server/lib/ids";
import type { Clock } from "@/server/lib/clock";

export const TICKET_MS = 30_000;
/** Unused tickets at once; the oldest go first. */
const TICKETS = 2_000;

export interface Tickets {
  issue(sessionId: string): string;
  /** True once: for the session that it was issued to, within TICKET_MS. */
  redeem(ticket: string, sessionId: string): boolean;
}

export function createTickets(clock: Clock): Tickets {
  const open = new Map<string, { sessionId: string; at: number }>();
  return {
    issue(sessionId) {
      const ticket = newSecret();
      open.set(ticket, { sessionId, at: clock.monotonic() });
      if (open.size > TICKETS) open.delete(open.keys().next().value as string);
      return ticket;
    },
    redeem(ticket, sessionId) {
      const found = open.get(ticket);
      open.delete(ticket);
      return found !== undefined && found.sessionId === sessionId && clock.monotonic() - found.at <= TICKET_MS;
    },
  };
}
