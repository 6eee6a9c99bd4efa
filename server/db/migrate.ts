/**
 * Applies prisma/migrations to the database, recorded as `prisma migrate deploy` records it, so that
 * either can go on where the other stopped. Needs no Prisma command and downloads nothing.
 *
 * The caller holds the data directory's lock (lock.ts), so no second hub migrates at the same time; the
 * `binnacle` command never migrates, it only asks `pendingMigrations`.
 */
import { createHash, randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createClient, type Client } from "@libsql/client";
import { AppError } from "@/server/lib/errors";
import { BUSY_TIMEOUT_MS } from "./client";

const TABLE = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" ("id" TEXT PRIMARY KEY NOT NULL, "checksum" TEXT NOT NULL, "finished_at" DATETIME, "migration_name" TEXT NOT NULL, "logs" TEXT, "rolled_back_at" DATETIME, "started_at" DATETIME NOT NULL DEFAULT current_timestamp, "applied_steps_count" INTEGER UNSIGNED NOT NULL DEFAULT 0)`;

interface Step {
  name: string;
  sql: string;
  checksum: string;
}

/**
 * Brings the database up to date. Returns the names it applied, oldest first.
 * AppError conflict: the database comes from a newer version, or a migration was edited or failed earlier.
 */
export async function migrate(file: string, directory: string): Promise<string[]> {
  return withClient(file, async (client) => {
    await client.execute("PRAGMA journal_mode = WAL");
    await client.execute(TABLE);
    const pending = await findPending(client, directory);
    for (const step of pending) await apply(client, step);
    return pending.map((step) => step.name);
  });
}

/** The names of the migrations that the hub has yet to apply; the same errors as `migrate`. */
export async function pendingMigrations(file: string, directory: string): Promise<string[]> {
  return withClient(file, async (client) => {
    const tables = await client.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_prisma_migrations'");
    if (tables.rows.length === 0) return readSteps(directory).map((step) => step.name);
    return (await findPending(client, directory)).map((step) => step.name);
  });
}

async function withClient<T>(file: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = createClient({ url: `file:${file}`, timeout: BUSY_TIMEOUT_MS });
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

function readSteps(directory: string): Step[] {
  const names = readdirSync(directory).filter((name) => /^\d+_/.test(name)).sort();
  return names.map((name) => {
    const sql = readFileSync(join(directory, name, "migration.sql"), "utf8");
    return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
  });
}

async function findPending(client: Client, directory: string): Promise<Step[]> {
  const steps = readSteps(directory);
  const known = new Set(steps.map((step) => step.name));
  const { rows } = await client.execute("SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL");
  const applied = new Map(rows.map((row) => [String(row["migration_name"]), row]));
  for (const name of applied.keys()) {
    if (!known.has(name)) throw new AppError("conflict", `This database comes from a newer version of Binnacle (it has the change "${name}", which this version does not know). Start the newer version again, or restore a backup made before the upgrade.`);
  }
  return steps.filter((step) => {
    const row = applied.get(step.name);
    if (!row) return true;
    if (!row["finished_at"]) throw new AppError("conflict", `The database change "${step.name}" failed at an earlier start. Restore a backup made before it, then start again.`);
    if (row["checksum"] !== step.checksum) throw new AppError("conflict", `The database change "${step.name}" is not the one that was applied to this database. Check out an unchanged copy of this version, then start again.`);
    return false;
  });
}

async function apply(client: Client, step: Step): Promise<void> {
  const now = new Date().toISOString();
  const mark = `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count) VALUES ('${randomUUID()}', '${step.checksum}', '${step.name.replaceAll("'", "''")}', '${now}', '${now}', 1)`;
  // Foreign keys cannot be switched inside a transaction, and with them on a DROP TABLE would cascade.
  await client.execute("PRAGMA foreign_keys = OFF");
  await client.executeMultiple(`BEGIN IMMEDIATE; ${step.sql}\n; ${mark}; COMMIT`);
  await client.execute("PRAGMA foreign_keys = ON");
}
