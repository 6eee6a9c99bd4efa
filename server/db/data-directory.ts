/**
 * The hub's data directory: made if absent, checked for what would fail later (not writable, full), and
 * held by one hub at a time.
 *
 * The hold is a lock of the operating system on a file of its own, taken through SQLite because Node has
 * no file locks: it ends with the process, however that ends, so a crash leaves nothing to clean up.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { createClient } from "@libsql/client";
import { AppError } from "@/server/lib/errors";

/** What a start needs at least: a migration, a few log pages, new keys. */
const SPARE_BYTES = 4 << 20;

export interface DataDirectory {
  path: string;
  databaseFile: string;
  /** Lets another hub have it. */
  release(): Promise<void>;
}

/** Takes the directory. AppErrors conflict (another hub holds it) and bad_input (cannot be written, full). */
export async function takeDataDirectory(path: string): Promise<DataDirectory> {
  const writing = sayWhy(path);
  writing(() => makeDirectory(path));
  writing(() => probeSpace(join(path, `.space-${process.pid}`)));
  const unlock = await lock(join(path, "hub.lock"), path);
  writing(() => writeFileSync(join(path, "hub.pid"), String(process.pid)));
  return { path, databaseFile: join(path, "binnacle.db"), release: unlock };
}

/** Node's own recursive mkdir never returns where a file system refuses new names, as /proc does. */
function makeDirectory(path: string): void {
  if (existsSync(path)) {
    readdirSync(path); // ENOTDIR, EACCES
    return;
  }
  if (dirname(path) !== path) makeDirectory(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

async function lock(file: string, path: string): Promise<() => Promise<void>> {
  try {
    const client = createClient({ url: `file:${file}` });
    try {
      await client.execute("BEGIN EXCLUSIVE");
    } catch (error) {
      client.close();
      throw error;
    }
    return async () => {
      await client.execute("ROLLBACK"); // close alone leaves it to the garbage collector
      client.close();
    };
  } catch (error) {
    if (!/SQLITE_BUSY|locked/.test(String(error))) throw asDiskError(error, path) ?? error;
    throw new AppError("conflict", `Another Binnacle hub${holder(path)} is using ${path}. Stop it first, or give this one a directory of its own with BINNACLE_DATA.`, { cause: error });
  }
}

function holder(path: string): string {
  try {
    return ` (process ${readFileSync(join(path, "hub.pid"), "utf8").trim()})`;
  } catch {
    return "";
  }
}

function probeSpace(file: string): void {
  const handle = openSync(file, "w", 0o600);
  try {
    for (let written = 0; written < SPARE_BYTES; ) written += writeSync(handle, Buffer.alloc(SPARE_BYTES - written));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
    rmSync(file, { force: true });
  }
}

function sayWhy(path: string) {
  return (work: () => void) => {
    try {
      work();
    } catch (error) {
      throw asDiskError(error, path) ?? error;
    }
  };
}

/** The sentence for a file error that the owner of the machine can do something about; null for any other. */
export function asDiskError(error: unknown, path: string): AppError | null {
  const text = error instanceof Error ? `${(error as NodeJS.ErrnoException).code ?? ""} ${error.message}` : String(error);
  if (/ENOSPC|EDQUOT|SQLITE_FULL|disk is full/.test(text)) return new AppError("bad_input", `There is no space left for Binnacle's data in ${path}. Make room (at least ${SPARE_BYTES >> 20} MB), then start again.`, { cause: error });
  if (/EROFS|SQLITE_READONLY|readonly database|read-only/.test(text)) return new AppError("bad_input", `Binnacle cannot write to ${path}: it is read-only. Choose another directory with BINNACLE_DATA.`, { cause: error });
  if (/EACCES|EPERM|ENOENT|SQLITE_CANTOPEN/.test(text)) return new AppError("bad_input", `Binnacle may not write to ${path}. Give this user the right to, or choose another directory with BINNACLE_DATA.`, { cause: error });
  if (/ENOTDIR|EEXIST/.test(text)) return new AppError("bad_input", `${path} is not a directory. Choose another with BINNACLE_DATA.`, { cause: error });
  return null;
}
