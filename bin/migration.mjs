#!/usr/bin/env node
// `npm run migration -- NAME` writes prisma/migrations/TIME_NAME/migration.sql: what leads from the
// migrations that are there to prisma/schema.prisma. `--check` only says whether they already agree.
import { requireNode } from "./node-version.mjs";

requireNode();
const { existsSync, mkdirSync, writeFileSync } = await import("node:fs");
const { join } = await import("node:path");
const { ROOT, ask } = await import("./child.mjs");
const { Plain, main } = await import("./console.mjs");
const { install } = await import("./install.mjs");

const USAGE = "npm run migration -- NAME      (lower-case words joined by _, e.g. add_host_tags)\nnpm run migration -- --check   says whether the schema has a migration for everything";

// Prisma's own words for "no difference" and "a difference", with --exit-code.
const SAME = 0;
const DIFFERENT = 2;

/** The SQL that is missing; null when the migrations lead to the schema as it is. */
async function missingSql() {
  const args = ["migrate", "diff", "--from-migrations", "prisma/migrations", "--to-schema", "prisma/schema.prisma", "--script", "--exit-code"];
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: join(ROOT, "bin/schema-engine.mjs"), CHECKPOINT_DISABLE: "1", PRISMA_HIDE_UPDATE_MESSAGE: "1" };
  const { code, out, errors } = await ask(process.execPath, [join(ROOT, "node_modules/prisma/build/index.js"), ...args], { env });
  if (code === SAME) return null;
  if (code === DIFFERENT) return out;
  throw new Plain(`${errors.trim()}\nThe schema and its migrations could not be compared.`);
}

await main(async () => {
  const [name, ...rest] = process.argv.slice(2);
  if (name === undefined || rest.length || (name !== "--check" && !/^[a-z0-9]+(_[a-z0-9]+)*$/.test(name))) throw new Plain(USAGE);
  await install({ dev: true });
  const sql = await missingSql();
  if (name === "--check") {
    if (sql !== null) throw new Plain(`prisma/schema.prisma has changes that no migration makes:\n\n${sql}\nRun: npm run migration -- NAME`);
    return console.log("Each change of the schema has its migration.");
  }
  if (sql === null) throw new Plain("Nothing to migrate: the migrations already lead to prisma/schema.prisma.");
  const time = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
  const folder = join("prisma/migrations", `${time}_${name}`);
  if (existsSync(join(ROOT, folder))) throw new Plain(`${folder} is there already.`);
  mkdirSync(join(ROOT, folder), { recursive: true });
  writeFileSync(join(ROOT, folder, "migration.sql"), sql);
  console.log(`${sql}\nWritten to ${folder}/migration.sql. Read it: does it keep what people have? The hub applies it at its next start.`);
});
