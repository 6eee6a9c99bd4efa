/** Measurements as the fleet stored them, read once when a hub starts. */
import type { Db } from "@/server/db/client";
import { unpack } from "@/server/lib/packed";

export interface StoredSample {
  late: boolean;
  /** On the hub's clock. */
  receivedAt: number;
  /** A Sample, as it was written; may come from another version. */
  document: unknown;
}

export interface MetricsRepo {
  /** The last `limit` samples of a host, in the order in which it counted them. */
  newest(hostId: string, limit: number): Promise<StoredSample[]>;
  /** The targets of containers that are known from what happened to them, by id. */
  targets(hostId: string, ids: string[]): Promise<Map<string, string>>;
}

export function createMetricsRepo(db: Db): MetricsRepo {
  return {
    async newest(hostId, limit) {
      const rows = await db.sampleRow.findMany({ where: { hostId }, orderBy: [{ epoch: "desc" }, { seq: "desc" }], take: limit });
      return Promise.all(rows.reverse().map(async (row) => ({ late: row.late, receivedAt: row.receivedAt.getTime(), document: await unpack(row.document) })));
    },
    async targets(hostId, ids) {
      const wanted = JSON.stringify(ids);
      const rows = await db.$queryRaw<{ runtimeId: string; target: string }[]>`
        SELECT DISTINCT runtimeId, target FROM EventRow WHERE hostId = ${hostId} AND runtimeId IN (SELECT value FROM json_each(${wanted}))`;
      return new Map(rows.map((row) => [row.runtimeId, row.target]));
    },
  };
}
