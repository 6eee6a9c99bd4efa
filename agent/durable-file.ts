/** Files that survive a crash: added to at their end, or put in place whole. For this user only. */
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** A file that only grows. One append at a time. */
export interface AppendFile {
  /** Bytes that are in it. */
  readonly size: number;
  /**
   * Adds bytes at the end; with `synced` it resolves once they are on the disk. When it rejects, the file ends
   * where it did before: half of them never stand in the way of the next.
   */
  append(bytes: Uint8Array, options?: { synced: boolean }): Promise<void>;
  /** Resolves once everything that was added is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** An empty file, over one that may be there; its name is on the disk when this resolves. */
export async function createAppendFile(path: string): Promise<AppendFile> {
  const file = await open(path, "w", 0o600);
  try {
    await syncDirectory(dirname(path));
    return appendable(file, 0);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Puts a file with this text in the place of what is there, whole or not at all, and leaves it open at its end. */
export async function replaceFile(path: string, text: string): Promise<AppendFile> {
  const fresh = `${path}.new`;
  const file = await open(fresh, "w", 0o600);
  try {
    const bytes = Buffer.from(text);
    await writeAll(file, bytes, 0);
    await file.sync();
    await rename(fresh, path);
    await syncDirectory(dirname(path));
    return appendable(file, bytes.length);
  } catch (error) {
    await file.close();
    await rm(fresh, { force: true });
    throw error;
  }
}

function appendable(file: FileHandle, length: number): AppendFile {
  let size = length;
  return {
    get size() {
      return size;
    },
    async append(bytes, { synced } = { synced: false }) {
      try {
        await writeAll(file, bytes, size);
        if (synced) await file.datasync();
        size += bytes.length;
      } catch (error) {
        await file.truncate(size).catch(() => {});
        throw error;
      }
    },
    sync: () => file.datasync(),
    close: () => file.close(),
  };
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
