/** Splits a stream of bytes into its NDJSON lines. */
import { StringDecoder } from "node:string_decoder";
import { LIMITS } from "@/protocol/limits";
import { AppError } from "@/server/lib/errors";

/** A splitter for one stream. Feed it chunks as they come; a character or a line may lie across them. */
export interface LineSplitter {
  /** The lines that this chunk completes, without their newline, empty ones left out. Throws AppError `too_large`. */
  push(chunk: Uint8Array): string[];
  /** What stands after the last newline; "" when nothing does. */
  rest(): string;
}

/** Bytes that are no UTF-8 become U+FFFD: a container's name may hold anything. */
export function createLineSplitter(lineBytes: number = LIMITS.lineBytes): LineSplitter {
  const decoder = new StringDecoder("utf8");
  // Parts are joined once a line: joining at every chunk would cost the square of a long line's length.
  let parts: string[] = [];
  let bytes = 0;
  const keep = (text: string, size: number) => {
    bytes += size;
    if (bytes > lineBytes) throw new AppError("too_large", `The host sent a line over ${lineBytes} bytes; the stream was ended.`);
    if (text) parts.push(text);
  };
  return {
    push(chunk) {
      const lines: string[] = [];
      let from = 0;
      for (;;) {
        const newline = chunk.indexOf(10, from); // never a part of a multi-byte character
        if (newline < 0) break;
        keep(decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset + from, newline - from)) + decoder.end(), newline - from);
        const line = parts.length === 1 ? (parts[0] as string) : parts.join("");
        if (line) lines.push(line);
        parts = [];
        bytes = 0;
        from = newline + 1;
      }
      if (from < chunk.length) keep(decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset + from, chunk.length - from)), chunk.length - from);
      return lines;
    },
    rest: () => parts.join("") + decoder.end(),
  };
}

/**
 * The lines of a byte stream, in order, with its back-pressure. A last line without a newline is left out:
 * it was cut off. Throws what the stream ends with, and AppError `too_large`; leaving early destroys the stream.
 */
export async function* readLines(stream: AsyncIterable<Uint8Array>, lineBytes: number = LIMITS.lineBytes): AsyncGenerator<string> {
  const splitter = createLineSplitter(lineBytes);
  for await (const chunk of stream) yield* splitter.push(chunk);
}
