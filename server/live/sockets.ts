/**
 * The open WebSockets of signed-in pages, by session and user: whatever ends a session, or changes a
 * person's rights, closes what that person has open. Also the bounds of all sockets together.
 */
import type { Clock } from "@/server/lib/clock";

export interface LiveSocket {
  readonly bufferedAmount: number;
  close(code: number, reason: string): void;
  terminate(): void;
}

/** Sockets of one session and of the whole hub. A browser with more tabs than this gets no live data in the newest. */
export const SOCKETS_PER_SESSION = 64;
export const SOCKETS = 2_000;
/** Unsent bytes past which a socket is ended: paced() keeps well below, so something else is wrong with it. */
export const UNSENT_BYTES = 8 << 20;
/** The code that tells a page that its session is over, as opposed to a lost connection. */
export const SESSION_OVER = 4401;

export interface SocketRegistry {
  /** Takes a socket in; null when there are too many. The returned function takes it out. */
  add(entry: { sessionId: string; userId: string; role: string; socket: LiveSocket }): (() => void) | null;
  /** Sessions that have a socket open now, with the role that it was opened with. */
  sessions(): { sessionId: string; role: string }[];
  closeSession(sessionId: string, why: string): void;
  closeUser(userId: string, why: string): void;
  /** Ends the sockets that hold too much unsent. Returns how many. */
  endOverfull(): number;
  closeAll(why: string): void;
  size(): number;
}

/** From the close to the cut: a rest that is on its way may still arrive, nothing new is sent. */
const CLOSE_MS = 500;

export function createSocketRegistry(clock: Clock): SocketRegistry {
  type Entry = Parameters<SocketRegistry["add"]>[0];
  const entries = new Set<Entry>();
  const closeWhere = (matches: (entry: Entry) => boolean, code: number, why: string) => {
    for (const entry of [...entries]) {
      if (!matches(entry)) continue;
      entries.delete(entry);
      entry.socket.close(code, why);
      // A peer that does not answer the close must not go on receiving; ws itself would wait 30 s for it.
      clock.after(CLOSE_MS, () => entry.socket.terminate());
    }
  };
  return {
    add(entry) {
      if (entries.size >= SOCKETS) return null;
      let same = 0;
      for (const other of entries) if (other.sessionId === entry.sessionId) same += 1;
      if (same >= SOCKETS_PER_SESSION) return null;
      entries.add(entry);
      return () => void entries.delete(entry);
    },
    sessions: () => [...new Map([...entries].map((entry) => [entry.sessionId, { sessionId: entry.sessionId, role: entry.role }])).values()],
    closeSession: (sessionId, why) => closeWhere((entry) => entry.sessionId === sessionId, SESSION_OVER, why),
    closeUser: (userId, why) => closeWhere((entry) => entry.userId === userId, SESSION_OVER, why),
    endOverfull() {
      const overfull = [...entries].filter((entry) => entry.socket.bufferedAmount > UNSENT_BYTES);
      for (const entry of overfull) {
        entries.delete(entry);
        entry.socket.terminate();
      }
      return overfull.length;
    },
    closeAll: (why) => closeWhere(() => true, 1001, why),
    size: () => entries.size,
  };
}
