/** Hosts and join tokens in the database. */
import type { Cursor, Hello, RuntimeStatus } from "@/protocol/shapes";
import { transaction, type Db } from "@/server/db/client";
import type { HostModel, JoinTokenModel } from "@/server/db/generated/models";

/** What an agent said of itself, without the token it may have brought. */
export type Introduction = Omit<Hello, "token">;

/** One host as it is stored. Times are milliseconds since 1970 on the hub's clock. */
export interface HostRecord {
  id: string;
  /** SHA-256 of its agent's certificate: what the host is. */
  fingerprint: string;
  name: string;
  tags: string[];
  joinedAt: number;
  /** Set: its key is refused. */
  revokedAt: number | null;
  /** When anything was last heard from it. */
  confirmedAt: number;
  /** When its whole list was last known to be true; null before the first list. */
  listedAt: number | null;
  hello: Introduction;
  runtime: RuntimeStatus;
  /** Where to go on reading its events; null: nowhere yet. */
  cursor: Cursor | null;
}

export interface JoinRecord {
  id: string;
  tags: string[];
  usesLeft: number;
  createdAt: number;
  expiresAt: number;
  cancelledAt: number | null;
  /** A user's id, or "command" or "local". */
  createdBy: string;
  /** Set: gives this known host a new key. */
  hostId: string | null;
  /** The host that used it last. */
  usedByHostId: string | null;
}

export interface NewJoin extends Pick<JoinRecord, "id" | "tags" | "usesLeft" | "createdAt" | "expiresAt" | "createdBy" | "hostId"> {
  secretHash: string;
}

/** A host that a join token lets in; `fresh` false: a known host gets this key in place of its old one. */
export interface Newcomer {
  fresh: boolean;
  record: HostRecord;
  certificatePem: string;
}

export interface HostsRepo {
  hosts(): Promise<HostRecord[]>;
  setName(id: string, name: string): Promise<void>;
  setTags(id: string, tags: string[]): Promise<void>;
  setRevoked(id: string, at: number): Promise<void>;
  /** Removes the host and its last known containers. Its history stays until it is too old. */
  remove(id: string): Promise<void>;
  insertJoin(join: NewJoin): Promise<void>;
  join(id: string): Promise<JoinRecord | null>;
  joinByHash(secretHash: string): Promise<JoinRecord | null>;
  /** Those that would let somebody in at `now`, newest first. */
  openJoins(now: number): Promise<JoinRecord[]>;
  /** False when there is none to cancel. */
  cancelJoin(id: string, at: number): Promise<boolean>;
  /**
   * Takes one use of an open token and writes the host that `place` makes of it, both or neither. Null:
   * the token lets nobody in, or its host is gone. Two agents that race for the last use: one gets it.
   */
  enrol(secretHash: string, at: number, place: (join: JoinRecord) => Newcomer | null): Promise<{ join: JoinRecord; newcomer: Newcomer } | null>;
  /** Forgets tokens that expired before `before`. */
  sweepJoins(before: number): Promise<void>;
}

export function createHostsRepo(db: Db): HostsRepo {
  return {
    hosts: async () => (await db.host.findMany({ orderBy: { joinedAt: "asc" } })).map(toHost),
    setName: async (id, name) => void (await db.host.update({ where: { id }, data: { name } })),
    setTags: async (id, tags) => void (await db.host.update({ where: { id }, data: { tags: JSON.stringify(tags) } })),
    setRevoked: async (id, at) => void (await db.host.update({ where: { id }, data: { revokedAt: new Date(at) } })),
    remove: (id) => transaction(db, async (tx) => {
      await tx.containerRow.deleteMany({ where: { hostId: id } });
      await tx.host.deleteMany({ where: { id } });
    }),
    insertJoin: async ({ tags, createdAt, expiresAt, ...rest }) => void (await db.joinToken.create({ data: { ...rest, tags: JSON.stringify(tags), createdAt: new Date(createdAt), expiresAt: new Date(expiresAt) } })),
    join: async (id) => toJoin(await db.joinToken.findUnique({ where: { id } })),
    joinByHash: async (secretHash) => toJoin(await db.joinToken.findUnique({ where: { secretHash } })),
    async openJoins(now) {
      const rows = await db.joinToken.findMany({ where: { cancelledAt: null, usesLeft: { gt: 0 }, expiresAt: { gt: new Date(now) } }, orderBy: { createdAt: "desc" } });
      return rows.flatMap((row) => toJoin(row) ?? []);
    },
    async cancelJoin(id, at) {
      const { count } = await db.joinToken.updateMany({ where: { id, cancelledAt: null }, data: { cancelledAt: new Date(at) } });
      return count > 0;
    },
    enrol: (secretHash, at, place) => enrol(db, secretHash, at, place),
    sweepJoins: async (before) => void (await db.joinToken.deleteMany({ where: { expiresAt: { lt: new Date(before) } } })),
  };
}

/** Thrown to roll the taken use back; never leaves this file. */
class NoPlace extends Error {}

async function enrol(db: Db, secretHash: string, at: number, place: (join: JoinRecord) => Newcomer | null) {
  try {
    return await transaction(db, async (tx) => {
      // One statement decides who gets the last use.
      const taken = await tx.joinToken.updateMany({
        where: { secretHash, usesLeft: { gt: 0 }, cancelledAt: null, expiresAt: { gt: new Date(at) } },
        data: { usesLeft: { decrement: 1 } },
      });
      if (taken.count === 0) return null;
      const join = toJoin(await tx.joinToken.findUniqueOrThrow({ where: { secretHash } })) as JoinRecord;
      const newcomer = place(join);
      if (newcomer === null) throw new NoPlace();
      const { record, certificatePem } = newcomer;
      if (newcomer.fresh) await tx.host.create({ data: { ...toRow(record), certificatePem } });
      else {
        await tx.host.update({ where: { id: record.id }, data: { ...toRow(record), certificatePem } });
        // The new agent counts from one again: the old one's events make room and keep their time.
        await tx.$executeRaw`UPDATE OR REPLACE EventRow SET epoch = -epoch - 1 WHERE hostId = ${record.id} AND epoch >= 0`;
      }
      await tx.joinToken.update({ where: { secretHash }, data: { usedByHostId: record.id } });
      return { join: { ...join, usedByHostId: record.id }, newcomer };
    });
  } catch (error) {
    if (error instanceof NoPlace) return null;
    throw error;
  }
}

function toRow(host: HostRecord) {
  return {
    id: host.id,
    fingerprint: host.fingerprint,
    name: host.name,
    tags: JSON.stringify(host.tags),
    joinedAt: new Date(host.joinedAt),
    revokedAt: host.revokedAt === null ? null : new Date(host.revokedAt),
    confirmedAt: new Date(host.confirmedAt),
    listedAt: host.listedAt === null ? null : new Date(host.listedAt),
    hello: JSON.stringify(host.hello),
    runtime: JSON.stringify(host.runtime),
    cursorEpoch: host.cursor?.epoch ?? 0,
    cursorSeq: host.cursor?.seq ?? 0,
  };
}

function toHost(row: HostModel): HostRecord {
  return {
    id: row.id,
    fingerprint: row.fingerprint,
    name: row.name,
    tags: JSON.parse(row.tags) as string[],
    joinedAt: row.joinedAt.getTime(),
    revokedAt: row.revokedAt?.getTime() ?? null,
    confirmedAt: row.confirmedAt.getTime(),
    listedAt: row.listedAt?.getTime() ?? null,
    hello: JSON.parse(row.hello) as Introduction,
    runtime: JSON.parse(row.runtime) as RuntimeStatus,
    cursor: row.cursorEpoch === 0 && row.cursorSeq === 0 ? null : { epoch: row.cursorEpoch, seq: row.cursorSeq },
  };
}

function toJoin(row: JoinTokenModel | null): JoinRecord | null {
  if (row === null) return null;
  return {
    id: row.id,
    tags: JSON.parse(row.tags) as string[],
    usesLeft: row.usesLeft, createdBy: row.createdBy,
    createdAt: row.createdAt.getTime(),
    expiresAt: row.expiresAt.getTime(),
    cancelledAt: row.cancelledAt?.getTime() ?? null,
    hostId: row.hostId,
    usedByHostId: row.usedByHostId,
  };
}
