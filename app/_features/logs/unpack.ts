import { LIMITS } from "@/protocol/limits";
import { LogMessageRefused } from "@/protocol/log-messages";

/** The text of a packed batch (raw deflate). Rejects with LogMessageRefused for what is none, or unpacks to more than a batch holds. */
export async function unpack(packed: Uint8Array): Promise<Uint8Array> {
  const stream = new DecompressionStream("deflate-raw");
  const writer = stream.writable.getWriter();
  // Both fail together, and the reading side tells.
  writer.write(packed as Uint8Array<ArrayBuffer>).then(() => writer.close()).catch(() => undefined);
  const reader = stream.readable.getReader();
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      parts.push(next.value);
      bytes += next.value.length;
      if (bytes > LIMITS.logBatchBytes) throw new LogMessageRefused(`a batch of more than ${LIMITS.logBatchBytes} bytes`);
    }
  } catch (error) {
    reader.cancel().catch(() => undefined);
    throw error instanceof LogMessageRefused ? error : new LogMessageRefused("a batch that cannot be unpacked");
  }
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  const text = new Uint8Array(bytes);
  let offset = 0;
  for (const part of parts) {
    text.set(part, offset);
    offset += part.length;
  }
  return text;
}
