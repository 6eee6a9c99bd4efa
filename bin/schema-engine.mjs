#!/usr/bin/env node
// Stands in for the engine binary that Prisma's command would download: its own WebAssembly build (a
// development package), driven through the same SQLite driver that the hub uses. It speaks the engine's
// JSON-RPC on standard input and output, and serves what `npm run migration` needs.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { argv, stdin, stdout } from "node:process";
import { createInterface } from "node:readline";
import { PrismaLibSql } from "@prisma/adapter-libsql";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import * as bindings from "@prisma/schema-engine-wasm/schema_engine_bg";

const require = createRequire(import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "binnacle-schema-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));

const MIGRATIONS_TABLE =
  'CREATE TABLE IF NOT EXISTS "_prisma_migrations" ("id" TEXT PRIMARY KEY NOT NULL, "checksum" TEXT NOT NULL, "finished_at" DATETIME, "migration_name" TEXT NOT NULL, "logs" TEXT, "rolled_back_at" DATETIME, "started_at" DATETIME NOT NULL DEFAULT current_timestamp, "applied_steps_count" INTEGER UNSIGNED NOT NULL DEFAULT 0)';

/** A connection to a file. In-memory databases are lost between this driver's connections. */
async function connect(url) {
  const connection = await new PrismaLibSql({ url }).connect();
  // The driver's wording of "no such table" is not the one by which the engine knows a new database.
  await connection.executeScript(MIGRATIONS_TABLE);
  const executeRaw = connection.executeRaw.bind(connection);
  // The engine sends whole migrations as one statement, of which the driver would run only the first.
  connection.executeRaw = (query) => (query.args.length ? executeRaw(query) : connection.executeScript(query.sql).then(() => 0));
  return connection;
}

// Every shadow database must be fresh and empty.
let shadows = 0;
const factory = {
  adapterName: "@prisma/adapter-libsql",
  provider: "sqlite",
  connect: () => connect(`file:${join(folder, "main.db")}`),
  connectToShadowDb: () => connect(`file:${join(folder, `shadow-${++shadows}.db`)}`),
};

async function loadEngine() {
  const wasm = require.resolve("@prisma/schema-engine-wasm/schema_engine_bg").replace(/\.js$/, ".wasm");
  const { instance } = await WebAssembly.instantiate(readFileSync(wasm), { "./schema_engine_bg.js": bindings });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  const datamodels = argv.flatMap((word, at) => (word === "--datamodels" ? [[argv[at + 1], readFileSync(argv[at + 1], "utf8")]] : []));
  return bindings.SchemaEngine.new({ datamodels: datamodels.length ? datamodels : undefined }, () => undefined, bindMigrationAwareSqlAdapterFactory(factory));
}

const send = (message) => stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const engine = await loadEngine();

for await (const line of createInterface({ input: stdin })) {
  if (!line.trim()) continue;
  const { id, method, params } = JSON.parse(line);
  if (!method) continue; // Prisma acknowledges what was printed
  try {
    const result = await engine[method === "getDatabaseVersion" ? "version" : method](params);
    if (method === "diff" && result?.stdout) send({ method: "print", params: { content: result.stdout }, id: `print-${id}` });
    send({ id, result: result ?? {} });
  } catch (error) {
    const data = { is_panic: false, message: String(error?.message ?? error), error_code: error?.code, meta: error?.meta ?? null };
    send({ id, error: { code: 4466, message: "An error happened. Check the data field for details.", data } });
  }
}
