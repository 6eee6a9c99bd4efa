/**
 * Write-behind: what changed is gathered and written once a second, in bounded batches, so that no burst
 * of the fleet holds the hub's thread. A database that cannot be written (full, locked) costs nothing but
 * time: states are written when it can, and records that no longer fit are read from their agents again.
 */
import type { Cursor, Outcome } from "@/protocol/shapes";
import type { Clock } from "@/server/lib/clock";
import { describeError } from "@/server/lib/errors";
import type { Logger } from "@/server/lib/logger";
import { createRecordQueue } from "./queue";
import { missing, type HostRecordEntry } from "./records";
import type { FleetRepo, StoredContainer, StoredSighting } from "./repo";

const FLUSH_MS = 1_000;
/** Rows in one transaction: about 10 ms of the hub's thread. */
const BATCH = 500;
/** Unsaved container ids of one host; past that the whole host is written anew. */
const HOST_DIRTY = 10_000;
/** What a database says that cannot be written now; anything else is about what was to be written. */
const DATABASE_TROUBLE = /busy|locked|full|i\/?o ?err|readonly|read-only|unable to open|out of memory|no such|image is malformed|not a database|transaction|closed|timed? ?out/i;

export interface SavingDeps {
  repo: Pick<FleetRepo, "saveRecords" | "saveContainers" | "clearContainers" | "saveSightings">;
  clock: Clock;
  log: Logger;
  /** What to store of a container now; null: it is gone. */
  container: (hostId: string, id: string) => StoredContainer | null;
  /** The ids of all containers of a host; null: the host is gone. */
  ids: (hostId: string) => Iterable<string> | null;
  sighting: (hostId: string) => StoredSighting | null;
  /** How a step ended whose answer may have been lost. May be told again; rejects while that cannot be recorded. */
  outcome: (hostId: string, step: string, outcome: Outcome) => Promise<void>;
  /** The host's saved records reach so far. */
  saved: (hostId: string, cursor: Cursor) => void;
  /** Records of this host were dropped before they were saved, and there is room again: read on from the saved cursor. */
  readAgain: (hostId: string) => void;
}

export type Saving = ReturnType<typeof createSaving>;

export function createSaving({ repo, clock, log, container, ids, sighting, outcome, saved, readAgain }: SavingDeps) {
  const dirty = new Map<string, Set<string> | "all">();
  const seen = new Set<string>();
  const queue = createRecordQueue();
  let flushing: Promise<void> | null = null;
  let stopTimer: (() => void) | null = null;
  let failures = 0;
  let putAside = 0;

  function touch(hostId: string, containerIds: Iterable<string>): void {
    const set = dirty.get(hostId) ?? new Set<string>();
    if (set !== "all") for (const id of containerIds) set.add(id);
    dirty.set(hostId, set !== "all" && set.size > HOST_DIRTY ? "all" : set);
  }

  async function flushRecords(): Promise<void> {
    for (let batch = queue.batch(); batch.length > 0; batch = queue.batch()) {
      // Told before the cursor moves: a hub that ends in between is told again.
      for (const { hostId, body } of batch) if (body.kind === "outcome") await outcome(hostId, body.step, body.outcome);
      await store(batch);
      for (const [hostId, cursor] of cursorsOf(queue.done(batch))) saved(hostId, cursor);
      await breathe();
    }
    queue.takeBehind().forEach(readAgain);
  }

  /** Stores all of them, or throws because nothing can be stored now. One that the database refuses is put aside. */
  async function store(batch: HostRecordEntry[]): Promise<void> {
    try {
      await repo.saveRecords(batch, cursorsOf(batch));
    } catch (error) {
      const [only, ...others] = batch;
      if (only === undefined || DATABASE_TROUBLE.test(describeError(error))) throw error;
      if (others.length > 0) {
        const half = Math.ceil(batch.length / 2);
        await store(batch.slice(0, half));
        return store(batch.slice(half));
      }
      // Where even this cannot be stored, it was not the record's fault.
      await repo.saveRecords([missing(only)], cursorsOf(batch));
      putAside += 1;
      log.error({ host: only.hostId, kind: only.body.kind, place: only.place, why: describeError(error).slice(0, 300) }, "a record could not be stored and was put aside");
    }
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
      if (queue.size() > 0 || queue.behind() > 0) await flushRecords();
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
    /** False: there is no room, and the records of this host from here on will be read again. */
    record: queue.push,
    /** Drops what waits of a host: it was forgotten, or its agent counts anew. */
    drop: queue.drop,
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
    stats: () => ({ unsavedRecords: queue.size(), failures, behind: queue.behind(), putAside }),
  };
}

/** How far each host's records reach in a batch. */
function cursorsOf(batch: HostRecordEntry[]): Map<string, Cursor> {
  return new Map(batch.flatMap(({ hostId, cursor }) => (cursor ? [[hostId, cursor] as const] : [])));
}

/** Lets the hub's other work run between two batches. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
