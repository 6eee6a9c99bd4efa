import type { Readable } from "node:stream";

export interface LineReader {
  /** Resolves with the reason when the stream has ended. */
  ended: Promise<string>;
}

/**
 * Splits a byte stream into lines. Bytes are joined before they are decoded, so a character that two
 * chunks share stays whole. A line over `maxBytes` is dropped as it comes, never held, and told to `onDropped`.
 */
export function readLines(source: Readable, options: { maxBytes: number; onLine(line: string): void; onDropped(): void }): LineReader {
  let parts: Buffer[] = [];
  let size = 0;
  const take = (part: Buffer) => {
    size += part.length;
    if (size > options.maxBytes) parts = [];
    else parts.push(part);
  };
  const finish = () => {
    if (size > options.maxBytes) options.onDropped();
    else if (size > 0) options.onLine(Buffer.concat(parts).toString("utf8"));
    parts = [];
    size = 0;
  };
  const ended = new Promise<string>((resolve) => {
    source.on("data", (chunk: Buffer) => {
      let from = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        take(chunk.subarray(from, end));
        finish();
        from = end + 1;
      }
      if (from < chunk.length) take(chunk.subarray(from));
    });
    source.on("error", (error: Error) => resolve(error.message));
    source.on("close", () => resolve("it was closed"));
    source.on("end", () => resolve("the engine ended it"));
  });
  return { ended };
}
