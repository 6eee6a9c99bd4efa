/**
 * What waits to be stored, in the order in which it came. Bounded: a host whose records find no room is
 * behind, and takes no more until there is room again; then it is read on from what is stored.
 */
import type { HostRecordEntry } from "./records";

/** Unsaved records in the hub, and their size. Protects its memory while the database cannot be written. */
export const MAX_RECORDS = 20_000;
const MAX_CHARS = 64 << 20;
/** One transaction: about 10 ms of the hub's thread. */
const BATCH = 500;
const BATCH_CHARS = 2 << 20;

export type RecordQueue = ReturnType<typeof createRecordQueue>;

export function createRecordQueue() {
  let waiting: HostRecordEntry[] = [];
  let chars = 0;
  const behind = new Set<string>();

  /** Takes out what `which` says. */
  function remove(which: (entry: HostRecordEntry) => boolean): HostRecordEntry[] {
    const removed: HostRecordEntry[] = [];
    waiting = waiting.filter((entry) => !which(entry) || removed.push(entry) === 0);
    for (const entry of removed) chars -= entry.chars;
    return removed;
  }

  return {
    /** False: there is no room, and the records of this host from here on will be read again. */
    push(entry: HostRecordEntry): boolean {
      if (behind.has(entry.hostId)) return false;
      if (waiting.length >= MAX_RECORDS || chars + entry.chars > MAX_CHARS) {
        behind.add(entry.hostId);
        return false;
      }
      waiting.push(entry);
      chars += entry.chars;
      return true;
    },
    /** The oldest, as many as one transaction takes; they stay until `done`. */
    batch(): HostRecordEntry[] {
      let end = 0;
      let size = 0;
      while (end < waiting.length && end < BATCH && (end === 0 || size + (waiting[end]?.chars ?? 0) <= BATCH_CHARS)) size += waiting[end++]?.chars ?? 0;
      return waiting.slice(0, end);
    },
    /** These are stored. Returns those that were not dropped meanwhile. */
    done(batch: HostRecordEntry[]): HostRecordEntry[] {
      const stored = new Set(batch);
      return remove((entry) => stored.has(entry));
    },
    /** Drops what waits of a host: it was forgotten, or its agent counts anew. */
    drop(hostId: string): void {
      remove((entry) => entry.hostId === hostId);
      behind.delete(hostId);
    },
    /** The hosts that found no room. From here on they find some again. */
    takeBehind(): string[] {
      const hostIds = [...behind];
      behind.clear();
      return hostIds;
    },
    size: () => waiting.length,
    behind: () => behind.size,
  };
}
