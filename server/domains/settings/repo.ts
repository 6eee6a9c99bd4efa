import type { Queryable } from "@/server/db/client";

export interface SettingsRepo {
  /** The parsed value of a setting; undefined when it was never set. */
  read(key: string): Promise<unknown>;
  write(key: string, value: unknown): Promise<void>;
}

export function createSettingsRepo(db: Queryable): SettingsRepo {
  return {
    async read(key) {
      const row = await db.setting.findUnique({ where: { key } });
      return row ? (JSON.parse(row.value) as unknown) : undefined;
    },
    async write(key, value) {
      const text = JSON.stringify(value);
      await db.setting.upsert({ where: { key }, create: { key, value: text }, update: { value: text } });
    },
  };
}
