/** For tests only: a fresh, migrated database file in a directory of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openDatabase, type Database } from "./client";
import { migrate } from "./migrate";

export const MIGRATIONS = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));

export interface TestDatabase extends Database {
  file: string;
  directory: string;
  /** Closes it and removes its directory. */
  drop(): Promise<void>;
}

export async function createTestDatabase(): Promise<TestDatabase> {
  const directory = mkdtempSync(join(tmpdir(), "binnacle-db-"));
  const file = join(directory, "binnacle.db");
  await migrate(file, MIGRATIONS);
  const database = await openDatabase(file);
  return {
    ...database,
    file,
    directory,
    async drop() {
      await database.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
