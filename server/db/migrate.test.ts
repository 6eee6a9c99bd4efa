import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase } from "./client";
import { migrate, pendingMigrations } from "./migrate";
import { MIGRATIONS } from "./testing";

describe("migrate", () => {
  let directory: string;
  let file: string;
  let own: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "binnacle-migrate-"));
    file = join(directory, "binnacle.db");
    own = join(directory, "migrations");
    cpSync(MIGRATIONS, own, { recursive: true });
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const add = (name: string, sql: string) => {
    mkdirSync(join(own, name));
    writeFileSync(join(own, name, "migration.sql"), sql);
  };

  it("applies each change once, and only what is new", async () => {
    const all = readdirSync(own, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name).sort();
    expect(await pendingMigrations(file, own)).toEqual(all);
    expect(await migrate(file, own)).toEqual(all);
    expect(await migrate(file, own)).toEqual([]);
    add("29990101000000_more", 'CREATE TABLE "More" ("id" TEXT PRIMARY KEY);');
    expect(await migrate(file, own)).toEqual(["29990101000000_more"]);
    expect(await pendingMigrations(file, own)).toEqual([]);
  });

  it("refuses a database from a newer version, and says so", async () => {
    add("29990101000000_more", 'CREATE TABLE "More" ("id" TEXT PRIMARY KEY);');
    await migrate(file, own);
    await expect(migrate(file, MIGRATIONS)).rejects.toThrow(/newer version of Binnacle/);
  });

  it("refuses a change that was edited after it was applied", async () => {
    add("29990101000000_more", 'CREATE TABLE "More" ("id" TEXT PRIMARY KEY);');
    await migrate(file, own);
    appendFileSync(join(own, "29990101000000_more", "migration.sql"), "-- edited");
    await expect(migrate(file, own)).rejects.toThrow(/not the one that was applied/);
  });

  it("leaves nothing of a change that fails half way", async () => {
    await migrate(file, own);
    add("29990101000000_broken", 'CREATE TABLE "Half" ("id" TEXT PRIMARY KEY); CREATE TABLE "Half" ("id" TEXT);');
    await expect(migrate(file, own)).rejects.toThrow();
    const { db, close } = await openDatabase(file);
    try {
      expect(await db.$queryRawUnsafe("SELECT name FROM sqlite_master WHERE name = 'Half'")).toEqual([]);
    } finally {
      await close();
    }
    expect(await pendingMigrations(file, own)).toEqual(["29990101000000_broken"]);
  });
});
