/** Reading one file forwards, record after record, in batches. */
import { LIMITS } from "@/protocol/limits";
import type { Codec } from "./codec";
import { type LogFile, LogFileDamaged } from "./log-file";

export type Step =
  /** Entries that stand for the next `used` bytes of the file. */
  | { what: "text"; text: Uint8Array; used: number }
  /** The next `used` bytes cannot be read. */
  | { what: "damage"; used: number; why: string }
  /** Bytes that hold nothing: where a file was cut while it was written, its writer leaves a hole. */
  | { what: "hole"; used: number }
  /** Nothing whole is there. */
  | { what: "nothing" };

const NEWLINE = new Uint8Array([10]);
export const DAMAGED = "Part of the log file is damaged.";

/**
 * The next records at `offset`. `size`: bytes known to be there; `final`: there will never be more, so what
 * is not whole is told as it is. `before`: as many bytes before `offset` are read with it, for `check`,
 * which says whether they are what they were; false: nothing is told. `into`: memory that may be used.
 */
export async function step(file: LogFile, codec: Codec, at: { offset: number; size: number; final: boolean; before?: number; check?: (before: Uint8Array) => boolean; into?: Buffer }): Promise<Step | "changed"> {
  const { offset, size, final, before = 0 } = at;
  if (size <= offset) return { what: "nothing" };
  const read = async (length: number) => {
    const bytes = await file.read(offset - before, before + Math.min(length, size - offset), at.into);
    return at.check && !at.check(bytes.subarray(0, before)) ? null : bytes.subarray(before);
  };
  try {
    let bytes = await read(codec.batchBytes);
    if (bytes && codec.whole(bytes) === 0 && bytes.length === codec.batchBytes && codec.recordBytes > bytes.length) bytes = await read(codec.recordBytes);
    return bytes ? stepIn(bytes, codec, final) : "changed";
  } catch (error) {
    if (error instanceof LogFileDamaged) return { what: "damage", used: size - offset, why: DAMAGED };
    throw error;
  }
}

function stepIn(bytes: Uint8Array, codec: Codec, final: boolean): Step {
  if (bytes.length === 0) return { what: "nothing" };
  if (codec.lines && bytes[0] === 0) {
    const end = bytes.findIndex((byte) => byte !== 0);
    return { what: "hole", used: end === -1 ? bytes.length : end };
  }
  const whole = codec.whole(bytes);
  if (whole > 0) return { what: "text", ...codec.entries(bytes.subarray(0, whole), LIMITS.logBatchBytes) };
  if (!codec.lines) {
    const used = codec.damaged(bytes, final) || (final ? bytes.length : 0);
    return used > 0 ? { what: "damage", used, why: DAMAGED } : { what: "nothing" };
  }
  if (bytes.length >= codec.recordBytes) return { what: "text", text: bytes, used: bytes.length };
  return final ? { what: "text", text: Buffer.concat([bytes, NEWLINE]), used: bytes.length } : { what: "nothing" };
}
