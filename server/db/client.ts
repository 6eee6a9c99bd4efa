/**
 * The hub's database: Prisma on one SQLite file. Only `server/db` and each domain's repo.ts import this.
 *
 * One connection serves everything. The stock libsql client opens a new connection after every
 * transaction, and the settings made by PRAGMA are gone with the old one (and its file handle stays open
 * until the garbage collector comes by). Here a transaction borrows the one connection; Prisma's adapter
 * already holds its own lock until the transaction ends, so nothing else can slip in between.
 */
import { setTimeout } from "node:timers/promises";
import { createClient, LibsqlError, type Client, type Transaction } from "@libsql/client";
import { PrismaLibSql } from "@prisma/adapter-libsql";
import { PrismaClient, type Prisma } from "./generated/client";

export type Db = PrismaClient;
/** What runs inside `transaction`: the same models, without the right to open another. */
export type Tx = Prisma.TransactionClient;
/** What a repo's reading function may take: it works inside and outside a transaction. */
export type Queryable = Db | Tx;

/** How long a write waits for another process (the `binnacle` command) to let go of the file. */
export const BUSY_TIMEOUT_MS = 5_000;
/**
 * The part of that wait which SQLite itself may spend: the driver is synchronous, so while it waits the
 * whole hub stands still. The rest is waited between attempts, with the event loop running.
 */
const BUSY_BLOCKING_MS = 20;
const BUSY_PAUSE_MS = 20;
/** How long one transaction may wait for its turn, and then run. Protects all others from a stuck one. */
const TRANSACTION = { maxWait: 10_000, timeout: 10_000 } as const;

export interface Database {
  db: Db;
  close(): Promise<void>;
}

/** Opens the database file, which is made if it is absent. Migrations are `migrate`'s affair. */
export async function openDatabase(file: string): Promise<Database> {
  const config = { url: `file:${file}`, timeout: BUSY_BLOCKING_MS };
  const adapter = new PrismaLibSql(config);
  const client = createClient(config);
  // WAL lets the command line read and write beside the running hub; the file remembers it.
  await client.execute("PRAGMA journal_mode = WAL");
  await settle(client);
  adapter.createClient = () => oneConnection(client);
  const db = new PrismaClient({ adapter });
  await db.$connect();
  return { db, close: () => db.$disconnect() };
}

/**
 * Runs `work` as one transaction: all or nothing, and alone. Use only the given `tx` inside it: the plain
 * `db` waits for the transaction to end and would wait for itself.
 */
export function transaction<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.$transaction(work, TRANSACTION);
}

/** A libsql client whose transactions run on its own connection. */
function oneConnection(client: Client): Client {
  return new Proxy(client, {
    get(target, name) {
      if (name === "transaction") return () => begin(target);
      if (name === "execute") return (statement: Parameters<Client["execute"]>[0]) => patiently(target, () => target.execute(statement));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** The settings that belong to a connection, not to the file. */
async function settle(client: Client): Promise<void> {
  // Safe with WAL against a crash of the process; a power cut can lose the last moments, and corrupts nothing.
  await client.execute("PRAGMA synchronous = NORMAL");
  await client.execute("PRAGMA foreign_keys = ON");
}

/** Runs a statement that stands alone again while another process holds the file, up to BUSY_TIMEOUT_MS. */
async function patiently<T>(client: Client, attempt: () => Promise<T>): Promise<T> {
  const until = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof LibsqlError && error.code.startsWith("SQLITE_BUSY")) || performance.now() > until) throw error;
      // The driver leaves a statement that met a lock half open, and no later COMMIT on that connection
      // would pass ("SQL statements in progress"): go on with a new one.
      await client.reconnect();
      await settle(client);
      // Not through a Clock: these timers keep a short command alive, and no test waits for them.
      await setTimeout(BUSY_PAUSE_MS);
    }
  }
}

async function begin(client: Client): Promise<Transaction> {
  // IMMEDIATE: a deferred transaction that turns into a writer beside another process fails without waiting.
  await patiently(client, () => client.execute("BEGIN IMMEDIATE"));
  let open = true;
  const end = async (sql: "COMMIT" | "ROLLBACK") => {
    if (!open) return;
    await client.execute(sql);
    open = false;
  };
  return {
    execute: (statement: Parameters<Transaction["execute"]>[0]) => client.execute(statement),
    batch: (statements) => Promise.all(statements.map((statement) => client.execute(statement))),
    executeMultiple: (sql) => client.executeMultiple(sql),
    commit: () => end("COMMIT"),
    rollback: () => end("ROLLBACK"),
    close: () => void end("ROLLBACK").catch(() => undefined),
    get closed() {
      return !open;
    },
  } as Transaction;
}
