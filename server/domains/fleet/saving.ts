/**
 * Write-behind: what changed is gathered and written once a second, in bounded batches, so that no burst
 * of the fleet holds the hub's thread. A database that cannot be written (full, locked) costs nothing but
 * time: states are written when it can, and events that no longer fit are read from their agents again.
 */
import type { Cursor, RuntimeEvent } from "@/protocol/shapes";
import type { Clock } from "@/server/lib/clock";
import { describeError } from "@/server/lib/errors";
import type { Logger } from "@/server/lib/logger";
import type { FleetRepo, StoredContainer, StoredEvent, StoredSighting } from "./repo";

const FLUSH_MS = 1_000;
/** Rows in one transaction: about 10 ms of the hub's thread. */
const BATCH = 500;
/** Unsaved container ids of one host; past that the whole host is written anew. */
const HOST_DIRTY = 10_000;
/** Unsaved events in the hub. Protects its memory while the database cannot be written. */
const MAX_EVENTS = 20_000;

export interface SavingDeps {
  repo: FleetRepo;
  clock: Clock;
  log: Logger;
  /** What to store of a container now; null: it is gone. */
  container: (hostId: string, id: string) => StoredContainer | null;
  /** The ids of all containers of a host; null: the host is gone. */
  ids: (hostId: string) => Iterable<string> | null;
  sighting: (hostId: string) => StoredSighting | null;
  /** The host's saved events reach so far. */
  saved: (hostId: string, cursor: Cursor) => void;
  /** Events of this host were dropped before they were saved, and there is room again: read on from the saved cursor. */
  readAgain: (hostId: string) => void;
}

export type Saving = ReturnType<typeof createSaving>;

export function createSaving({ repo, clock, log, container, ids, sighting, saved, readAgain }: SavingDeps) {
  const dirty = new Map<string, Set<string> | "all">();
  const seen = new Set<string>();
  let events: StoredEvent[] = [];
  const behind = new Set<string>();
  let flushing: Promise<void> | null = null;
  let stopTimer: (() => void) | null = null;
  let failures = 0;

  function touch(hostId: string, containerIds: Iterable<string>): void {
    const set = dirty.get(hostId) ?? new Set<string>();
    if (set !== "all") for (const id of containerIds) set.add(id);
    dirty.set(hostId, set !== "all" && set.size > HOST_DIRTY ? "all" : set);
  }

  async function flushEvents(): Promise<void> {
    while (events.length > 0) {
      const batch = events.slice(0, BATCH);
      const cursors = new Map(batch.map(({ hostId, event }) => [hostId, { epoch: event.epoch, seq: event.seq }]));
      await repo.saveEvents(batch, [...cursors].map(([hostId, cursor]) => ({ hostId, cursor })));
      // What came in meanwhile was added at the end; what was dropped meanwhile is not among the batch.
      const done = new Set(batch);
      events = events.filter((event) => !done.has(event));
      for (const [hostId, cursor] of cursors) saved(hostId, cursor);
      await breathe();
    }
    const again = [...behind];
    behind.clear();
    again.forEach(readAgain);
  }

  async function flushContainers(): Promise<void> {
    for (const hostId of [...dirty.keys()]) {
      const marked = dirty.get(hostId) ?? new Set<string>();
      dirty.delete(hostId);
      const all = marked === "all" ? [...(ids(hostId) ?? [])] : [...marked];
      try {
        if (marked === "all") await repo.clearContainers(hostId);
        for (let from = 0; from < all.length; from += BATCH) {
          const part = all.slice(from, from + BATCH).map((id) => ({ id, row: container(hostId, id) }));
          await repo.saveContainers(part.flatMap(({ row }) => row ?? []), part.flatMap(({ id, row }) => (row ? [] : [{ hostId, runtimeId: id }])));
          await breathe();
        }
      } catch (error) {
        if (marked === "all") dirty.set(hostId, "all");
        else touch(hostId, all);
        throw error;
      }
    }
  }

  async function flushSightings(): Promise<void> {
    const hostIds = [...seen];
    seen.clear();
    const rows = hostIds.flatMap((hostId) => sighting(hostId) ?? []);
    try {
      for (let from = 0; from < rows.length; from += BATCH) await repo.saveSightings(rows.slice(from, from + BATCH));
    } catch (error) {
      for (const hostId of hostIds) seen.add(hostId);
      throw error;
    }
  }

  async function write(): Promise<void> {
    try {
      if (events.length > 0 || behind.size > 0) await flushEvents();
      if (dirty.size > 0) await flushContainers();
      if (seen.size > 0) await flushSightings();
      if (failures > 0) log.info({ failures }, "the fleet's memory is written again");
      failures = 0;
    } catch (error) {
      failures += 1;
      // Once when it begins, then once a minute: a full disk must not fill with this line.
      if (failures % 60 === 1) log.error({ failures, why: describeError(error) }, "the fleet's memory could not be written");
    }
  }

  /** Writes everything that waits. Never rejects: what could not be written waits on. */
  function flush(): Promise<void> {
    flushing ??= write().finally(() => {
      flushing = null;
    });
    return flushing;
  }

  return {
    /** These containers changed or are gone. */
    touch,
    /** A host was heard, or said something new of itself. */
    heard: (hostId: string) => void seen.add(hostId),
    /** False: there is no room, and the events of this host from here on will be read again. */
    event(hostId: string, target: string, event: RuntimeEvent): boolean {
      if (behind.has(hostId)) return false;
      if (events.length >= MAX_EVENTS) {
        behind.add(hostId);
        return false;
      }
      events.push({ hostId, target, event });
      return true;
    },
    /** Drops what waits of a host: it was forgotten, or its agent counts anew. */
    drop(hostId: string): void {
      events = events.filter((event) => event.hostId !== hostId);
      behind.delete(hostId);
    },
    flush,
    start(): void {
      stopTimer ??= clock.every(FLUSH_MS, () => void flush());
    },
    /** Writes what waits, for the last time. */
    async stop(): Promise<void> {
      stopTimer?.();
      stopTimer = null;
      await flushing;
      await flush();
    },
    stats: () => ({ unsavedEvents: events.length, failures, behind: behind.size }),
  };
}

/** Lets the hub's other work run between two batches. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
