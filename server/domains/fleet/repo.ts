/**
 * The fleet's memory: last known containers, and what happened to them. Writes are one statement for many
 * rows: the SQLite driver is synchronous, so each statement holds the hub's only thread.
 */
import type { Cursor, RuntimeEvent, RuntimeStatus } from "@/protocol/shapes";
import { transaction, type Db } from "@/server/db/client";

export interface StoredContainer {
  hostId: string;
  runtimeId: string;
  /** JSON of a Container, as it was written; may come from another version. */
  document: string;
  confirmedAt: number;
}
/** What the fleet remembers of a host, beside what the hosts domain owns. */
export interface StoredSighting {
  hostId: string;
  confirmedAt: number;
  listedAt: number | null;
  hello: object;
  runtime: RuntimeStatus;
}
export interface StoredEvent {
  hostId: string;
  /** formatTarget() */
  target: string;
  event: RuntimeEvent;
}

export interface FleetRepo {
  /** One page in the order of their keys, after the given one. */
  containers(after: { hostId: string; runtimeId: string } | null, limit: number): Promise<StoredContainer[]>;
  saveContainers(changed: StoredContainer[], gone: { hostId: string; runtimeId: string }[]): Promise<void>;
  /** Removes what is stored of one host's containers. */
  clearContainers(hostId: string): Promise<void>;
  saveSightings(sightings: StoredSighting[]): Promise<void>;
  /** Adds the events that are not there yet, and moves the hosts' cursors, both or neither. */
  saveEvents(events: StoredEvent[], cursors: { hostId: string; cursor: Cursor }[]): Promise<void>;
  /** Newest first; only those before `before`, where it is given. `at` is the stored time. */
  history(target: string, before: number | null, limit: number): Promise<{ at: number; event: RuntimeEvent }[]>;
  /** Removes up to `limit` events that are older than `before` or beyond the newest `keep`. Returns how many. */
  sweepEvents(before: number, keep: number, limit: number): Promise<number>;
}

/** As Prisma writes a DateTime, so that either can read and compare it. */
const stamp = (at: number) => new Date(at).toISOString().replace("Z", "+00:00");

export function createFleetRepo(db: Db): FleetRepo {
  return {
    async containers(after, limit) {
      const rows = await db.containerRow.findMany({
        orderBy: [{ hostId: "asc" }, { runtimeId: "asc" }],
        take: limit,
        ...(after === null ? {} : { where: { OR: [{ hostId: { gt: after.hostId } }, { hostId: after.hostId, runtimeId: { gt: after.runtimeId } }] } }),
      });
      return rows.map((row) => ({ ...row, confirmedAt: row.confirmedAt.getTime() }));
    },
    saveContainers: (changed, gone) => transaction(db, async (tx) => {
      const rows = JSON.stringify(changed.map((row) => [row.hostId, row.runtimeId, row.document, stamp(row.confirmedAt)]));
      // The join leaves out rows of a host that was forgotten meanwhile. "WHERE true" keeps SQLite from reading ON as a join's.
      if (changed.length > 0) await tx.$executeRaw`
        INSERT INTO ContainerRow (hostId, runtimeId, document, confirmedAt)
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(${rows}) JOIN Host ON Host.id = value ->> 0 WHERE true
        ON CONFLICT DO UPDATE SET document = excluded.document, confirmedAt = excluded.confirmedAt`;
      const ids = JSON.stringify(gone.map((row) => [row.hostId, row.runtimeId]));
      if (gone.length > 0) await tx.$executeRaw`
        DELETE FROM ContainerRow WHERE (hostId, runtimeId) IN (SELECT value ->> 0, value ->> 1 FROM json_each(${ids}))`;
    }),
    clearContainers: async (hostId) => void (await db.containerRow.deleteMany({ where: { hostId } })),
    async saveSightings(sightings) {
      const rows = JSON.stringify(sightings.map((s) => [s.hostId, stamp(s.confirmedAt), s.listedAt === null ? null : stamp(s.listedAt), JSON.stringify(s.hello), JSON.stringify(s.runtime)]));
      await db.$executeRaw`
        UPDATE Host SET confirmedAt = value ->> 1, listedAt = value ->> 2, hello = value ->> 3, runtime = value ->> 4
        FROM json_each(${rows}) WHERE Host.id = value ->> 0`;
    },
    saveEvents: (events, cursors) => transaction(db, async (tx) => {
      const rows = JSON.stringify(events.map(({ hostId, target, event }) => [hostId, event.epoch, event.seq, stamp(event.at), target, event.id, event.kind, JSON.stringify(event)]));
      await tx.$executeRaw`
        INSERT OR IGNORE INTO EventRow (hostId, epoch, seq, at, target, runtimeId, kind, document)
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7 FROM json_each(${rows})`;
      const places = JSON.stringify(cursors.map(({ hostId, cursor }) => [hostId, cursor.epoch, cursor.seq]));
      await tx.$executeRaw`
        UPDATE Host SET cursorEpoch = value ->> 1, cursorSeq = value ->> 2 FROM json_each(${places}) WHERE Host.id = value ->> 0`;
    }),
    async history(target, before, limit) {
      const rows = await db.eventRow.findMany({
        where: { target, ...(before === null ? {} : { at: { lt: new Date(before) } }) },
        orderBy: [{ at: "desc" }, { epoch: "desc" }, { seq: "desc" }],
        take: limit,
      });
      return rows.map((row) => ({ at: row.at.getTime(), event: JSON.parse(row.document) as RuntimeEvent }));
    },
    sweepEvents: (before, keep, limit) => db.$executeRaw`
      DELETE FROM EventRow WHERE rowid IN (
        SELECT rowid FROM EventRow WHERE at < max(${stamp(before)}, coalesce((SELECT at FROM EventRow ORDER BY at DESC LIMIT 1 OFFSET ${keep - 1}), ''))
        ORDER BY at LIMIT ${limit})`,
  };
}
