/** Reads lines of a file from a place on, up to another, and holds one piece of it at a time. */
import { type FileHandle, open as openFile } from "node:fs/promises";

const PIECE_BYTES = 64 * 1024;

export interface LineScanner {
  /**
   * The next line that ends before `end`, without its newline, or null when there is none yet. "bad": bytes
   * without a newline where there should be one, passed over. Rejects when the file cannot be read.
   */
  next(end: number): Promise<Buffer | "bad" | null>;
  /** Lets go of file and memory; reading on opens it again. */
  rest(): Promise<void>;
}

/** `maxBytes`: no good line is longer. */
export function createLineScanner(path: () => string, maxBytes: number): LineScanner {
  let file: FileHandle | null = null;
  let held = Buffer.alloc(0);
  /** Where the part of `held` that was not given yet begins, there and in the file. */
  let at = 0;
  let offset = 0;
  /** In the middle of a line that is too long to be good. */
  let skipping = false;

  /** Reads more behind what is held; false when there is no more before `end`. */
  async function more(end: number): Promise<boolean> {
    const rest = held.subarray(at);
    const wanted = Math.min(Math.max(PIECE_BYTES, rest.length), end - offset - rest.length);
    if (wanted <= 0) return false;
    file ??= await openFile(path(), "r");
    const piece = Buffer.allocUnsafe(rest.length + wanted);
    rest.copy(piece);
    const { bytesRead } = await file.read(piece, rest.length, wanted, offset + rest.length);
    held = piece.subarray(0, rest.length + bytesRead);
    at = 0;
    return bytesRead > 0;
  }
  function pass(bytes: number): void {
    at += bytes;
    offset += bytes;
  }

  return {
    async next(end) {
      for (;;) {
        const newline = held.indexOf(10, at);
        const length = newline - at;
        if (newline >= 0 && offset + length < end) {
          const line = held.subarray(at, newline);
          pass(length + 1);
          if (!skipping) return line;
          skipping = false;
          continue;
        }
        if (held.length - at > maxBytes) {
          pass(held.length - at);
          if (skipping) continue;
          skipping = true;
          return "bad";
        }
        if (await more(end)) continue;
        if (offset >= end) return null;
        pass(end - offset); // torn: nothing will ever be added to it
        held = Buffer.alloc(0);
        at = 0;
        if (!skipping) return "bad";
        skipping = false;
      }
    },
    async rest() {
      held = Buffer.alloc(0);
      at = 0;
      const open = file;
      file = null;
      await open?.close();
    },
  };
}
