/**
 * The fleet's memory: last known containers, what happened to them, and what was measured. Writes are one statement for many
 * rows: the SQLite driver is synchronous, so each statement holds the hub's only thread.
 */
import type { BlackBox, Cursor, RuntimeEvent, RuntimeStatus } from "@/protocol/shapes";
import { transaction, type Db, type Tx } from "@/server/db/client";
import { pack, unpack } from "@/server/lib/packed";
import type { HostRecordEntry, RecordBody } from "./records";

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
  /** As it is stored: whole milliseconds. */
  at: number;
  event: RuntimeEvent;
  late: boolean;
  /** The place of its black box. */
  box: Cursor | null;
}
export interface StoredBox {
  hostId: string;
  place: Cursor;
  at: number;
  late: boolean;
  runtimeId: string;
  target: string;
  event: RuntimeEvent | null;
}
export interface StoredGap {
  at: number;
  since: number | null;
  until: number | null;
  why: string;
}
/** What is counted and kept for a time. */
export const RECORD_KINDS = ["event", "sample", "box", "gap"] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

export interface FleetRepo {
  /** One page in the order of their keys, after the given one. */
  containers(after: { hostId: string; runtimeId: string } | null, limit: number): Promise<StoredContainer[]>;
  saveContainers(changed: StoredContainer[], gone: { hostId: string; runtimeId: string }[]): Promise<void>;
  /** Removes what is stored of one host's containers. */
  clearContainers(hostId: string): Promise<void>;
  saveSightings(sightings: StoredSighting[]): Promise<void>;
  /** Adds the records that are not there yet, and moves the hosts' cursors, both or neither. */
  saveRecords(records: HostRecordEntry[], cursors: ReadonlyMap<string, Cursor>): Promise<void>;
  /** Newest first; only those before `before`, where it is given. */
  history(target: string, before: number | null, limit: number): Promise<StoredEvent[]>;
  /** Black boxes without what is in them, newest first; only those before `before`, where it is given. */
  boxes(target: string, before: number | null, limit: number): Promise<StoredBox[]>;
  box(hostId: string, place: Cursor): Promise<{ stored: StoredBox; box: BlackBox } | null>;
  /** The gaps of a host that end from `from` to before `to`, newest first. */
  gaps(hostId: string, from: number, to: number, limit: number): Promise<StoredGap[]>;
  /** Removes up to `limit` records of a kind that came before `before`. Returns how many. */
  sweepOld(kind: RecordKind, before: number, limit: number): Promise<number>;
  /** Removes up to `limit` records of a host beyond its newest `keep`. Returns how many. */
  sweepMany(kind: RecordKind, hostId: string, keep: number, limit: number): Promise<number>;
  /** Removes up to `limit` events beyond the newest `keep` of all hosts. Returns how many. */
  sweepEvents(keep: number, limit: number): Promise<number>;
  /** Removes up to `limit` black boxes beyond the newest `keep` of each target. Returns how many. */
  sweepBoxes(keep: number, limit: number): Promise<number>;
}

/** As Prisma writes a DateTime, so that either can read and compare it. */
const stamp = (at: number) => new Date(at).toISOString().replace("Z", "+00:00");
const stampOrNull = (at: number | null) => (at === null ? null : stamp(at));
const timeOf = (at: string | Date) => new Date(at).getTime();
/** The latest moment that the database can order. */
const LAST_MS = 253_402_300_799_999;
const dateOf = (at: number) => new Date(Math.min(Math.max(at, 0), LAST_MS));

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
    async saveRecords(records, cursors) {
      // Packed before the transaction begins: others wait for its end.
      const rows = await Promise.all(records.map(async (record) => ({ record, packed: await packedOf(record.body) })));
      await transaction(db, async (tx) => {
        await insertRecords(tx, rows);
        const places = JSON.stringify([...cursors].map(([hostId, { epoch, seq }]) => [hostId, epoch, seq]));
        await tx.$executeRaw`
          UPDATE Host SET cursorEpoch = value ->> 1, cursorSeq = value ->> 2 FROM json_each(${places}) WHERE Host.id = value ->> 0`;
      });
    },
    async history(target, before, limit) {
      const rows = await db.$queryRaw<{ at: string; document: string; late: number; boxEpoch: number | null; boxSeq: number | null }[]>`
        SELECT e.at, e.document, e.late, b.epoch AS boxEpoch, b.seq AS boxSeq
        FROM EventRow e LEFT JOIN BoxRow b ON b.hostId = e.hostId AND b.eventEpoch = e.epoch AND b.eventSeq = e.seq
        WHERE e.target = ${target} AND (${before} IS NULL OR e.at < ${stampOrNull(before)})
        ORDER BY e.at DESC, e.epoch DESC, e.seq DESC LIMIT ${limit}`;
      return rows.map((row) => ({
        at: timeOf(row.at), event: JSON.parse(row.document) as RuntimeEvent, late: Boolean(row.late),
        box: row.boxEpoch === null || row.boxSeq === null ? null : { epoch: Number(row.boxEpoch), seq: Number(row.boxSeq) },
      }));
    },
    async boxes(target, before, limit) {
      const rows = await db.$queryRaw<BoxHead[]>`
        SELECT b.hostId, b.epoch, b.seq, b.at, b.late, b.runtimeId, b.target, e.document AS event
        FROM BoxRow b LEFT JOIN EventRow e ON e.hostId = b.hostId AND e.epoch = b.eventEpoch AND e.seq = b.eventSeq
        WHERE b.target = ${target} AND (${before} IS NULL OR b.at < ${stampOrNull(before)})
        ORDER BY b.at DESC, b.epoch DESC, b.seq DESC LIMIT ${limit}`;
      return rows.map(toStoredBox);
    },
    async box(hostId, { epoch, seq }) {
      const row = await db.boxRow.findUnique({ where: { hostId_epoch_seq: { hostId, epoch, seq } } });
      if (row === null) return null;
      const event = await db.eventRow.findUnique({ where: { hostId_epoch_seq: { hostId, epoch: row.eventEpoch, seq: row.eventSeq } } });
      const stored = toStoredBox({ ...row, at: row.at, event: event?.document ?? null });
      return { stored, box: (await unpack(row.document)) as BlackBox };
    },
    async gaps(hostId, from, to, limit) {
      const rows = await db.gapRow.findMany({ where: { hostId, at: { gte: dateOf(from), lt: dateOf(to) } }, orderBy: [{ at: "desc" }, { epoch: "desc" }, { seq: "desc" }], take: limit });
      return rows.map((row) => ({ at: row.at.getTime(), since: row.since?.getTime() ?? null, until: row.until?.getTime() ?? null, why: row.why }));
    },
    // A host's clock may be wrong, so what counts is when its records came.
    sweepOld: (kind, before, limit) => db.$executeRawUnsafe(
      kind === "event"
        ? "DELETE FROM EventRow WHERE rowid IN (SELECT rowid FROM EventRow WHERE at < ?1 AND coalesce(receivedAt, at) < ?1 LIMIT ?2)"
        : `DELETE FROM ${TABLES[kind]} WHERE rowid IN (SELECT rowid FROM ${TABLES[kind]} WHERE receivedAt < ?1 LIMIT ?2)`, stamp(before), limit),
    sweepMany: (kind, hostId, keep, limit) => db.$executeRawUnsafe(
      `DELETE FROM ${TABLES[kind]} WHERE rowid IN (
        SELECT rowid FROM ${TABLES[kind]} WHERE hostId = ?1 AND (epoch, seq) <= (SELECT epoch, seq FROM ${TABLES[kind]} WHERE hostId = ?1 ORDER BY epoch DESC, seq DESC LIMIT 1 OFFSET ?2)
        LIMIT ?3)`, hostId, keep, limit),
    sweepEvents: (keep, limit) => db.$executeRaw`
      DELETE FROM EventRow WHERE rowid IN (
        SELECT rowid FROM EventRow WHERE at < (SELECT at FROM EventRow ORDER BY at DESC LIMIT 1 OFFSET ${keep - 1}) ORDER BY at LIMIT ${limit})`,
    sweepBoxes: (keep, limit) => db.$executeRaw`
      DELETE FROM BoxRow WHERE rowid IN (
        SELECT id FROM (SELECT rowid AS id, row_number() OVER (PARTITION BY target ORDER BY at DESC) AS place FROM BoxRow) WHERE place > ${keep} LIMIT ${limit})`,
  };
}

const TABLES: Record<RecordKind, string> = { event: "EventRow", sample: "SampleRow", box: "BoxRow", gap: "GapRow" };

/** Hex: the driver takes bytes one value at a time, and text for all rows at once. */
const packedOf = async (body: RecordBody): Promise<string | null> => {
  if (body.kind === "sample") return (await pack(body.sample)).toString("hex");
  return body.kind === "box" ? (await pack(body.box)).toString("hex") : null;
};

type Rows = { record: HostRecordEntry; packed: string | null }[];

/** One statement a kind. What is there already stays as it is: a replay changes nothing. */
async function insertRecords(tx: Tx, rows: Rows): Promise<void> {
  const of = (kind: RecordKind, columns: (body: RecordBody, packed: string | null) => unknown[]): string | null => {
    const some = rows.filter(({ record }) => record.body.kind === kind);
    if (some.length === 0) return null;
    return JSON.stringify(some.map(({ record: { hostId, place, receivedAt, late, body }, packed }) => [hostId, place.epoch, place.seq, stamp(receivedAt), late ? 1 : 0, ...columns(body, packed)]));
  };
  const events = of("event", (body) => (body.kind === "event" ? [stamp(body.event.at), body.target, body.event.id, body.event.kind, JSON.stringify(body.event)] : []));
  if (events !== null) await tx.$executeRaw`
    INSERT INTO EventRow (hostId, epoch, seq, receivedAt, late, at, target, runtimeId, kind, document)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9 FROM json_each(${events}) WHERE true ON CONFLICT (hostId, epoch, seq) DO NOTHING`;
  const samples = of("sample", (body, packed) => (body.kind === "sample" ? [stamp(body.sample.at), packed] : []));
  if (samples !== null) await tx.$executeRaw`
    INSERT INTO SampleRow (hostId, epoch, seq, receivedAt, late, at, document)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, unhex(value ->> 6) FROM json_each(${samples}) WHERE true ON CONFLICT (hostId, epoch, seq) DO NOTHING`;
  const boxes = of("box", (body, packed) => (body.kind === "box" ? [stamp(body.box.at), body.target, body.box.id, body.box.event.epoch, body.box.event.seq, packed] : []));
  if (boxes !== null) await tx.$executeRaw`
    INSERT INTO BoxRow (hostId, epoch, seq, receivedAt, late, at, target, runtimeId, eventEpoch, eventSeq, document)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9, unhex(value ->> 10) FROM json_each(${boxes}) WHERE true ON CONFLICT (hostId, epoch, seq) DO NOTHING`;
  const gaps = of("gap", (body) => (body.kind === "gap" ? [stamp(body.at), stampOrNull(body.since), stampOrNull(body.until), body.why] : []));
  // A gap begins after the last measurement before it that is stored, whatever its host knows of that.
  if (gaps !== null) await tx.$executeRaw`
    INSERT INTO GapRow (hostId, epoch, seq, receivedAt, at, since, until, why)
    SELECT hostId, epoch, seq, receivedAt, at, iif(known > until, since, coalesce(max(since, known), since, known)), until, why FROM (
      SELECT value ->> 0 AS hostId, value ->> 1 AS epoch, value ->> 2 AS seq, value ->> 3 AS receivedAt, value ->> 5 AS at, value ->> 6 AS since, value ->> 7 AS until, value ->> 8 AS why,
        (SELECT s.at FROM SampleRow s WHERE s.hostId = value ->> 0 AND (s.epoch, s.seq) < (value ->> 1, value ->> 2) ORDER BY s.epoch DESC, s.seq DESC LIMIT 1) AS known
      FROM json_each(${gaps})) WHERE true ON CONFLICT (hostId, epoch, seq) DO NOTHING`;
}

interface BoxHead {
  hostId: string;
  epoch: number;
  seq: number;
  at: string | Date;
  late: number | boolean;
  runtimeId: string;
  target: string;
  event: string | null;
}

function toStoredBox(row: BoxHead): StoredBox {
  return {
    hostId: row.hostId, place: { epoch: Number(row.epoch), seq: Number(row.seq) }, at: timeOf(row.at), late: Boolean(row.late),
    runtimeId: row.runtimeId, target: row.target, event: row.event === null ? null : (JSON.parse(row.event) as RuntimeEvent),
  };
}
