/**
 * The engine's `local` driver: u32 length, a protobuf LogEntry { source 1, time_nano 2, line 3, partial 4,
 * metadata 5 { last 1 } }, and the length again.
 */
import { writeEntryParts } from "@/protocol/log-text";
import { type Codec, collect, ENDS, STDERR } from "./codec";

/** The engine takes none longer either. */
const RECORD_BYTES = 1 << 20;
const FRAME = 8;
/** The key of the field that every message begins with. */
const SOURCE = 0x0a;
const NOTHING = new Uint8Array(0);
/** One turns into at most six. */
const BATCH_BYTES = 64 * 1024;

interface Entry {
  stderr: boolean;
  nanos: bigint;
  line: Uint8Array;
  ends: boolean;
}

/** Length of the record's message; -1 where no record begins or it is not whole. */
function lengthAt(bytes: Uint8Array, start: number): number {
  if (start + FRAME > bytes.length) return -1;
  const length = u32(bytes, start);
  return length > RECORD_BYTES || start + FRAME + length > bytes.length || u32(bytes, start + 4 + length) !== length ? -1 : length;
}
function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0)) * 65_536 + ((bytes[at + 2] ?? 0) << 8) + (bytes[at + 3] ?? 0);
}

/** Throws RangeError for what is no message. Fields that are not known are passed over. */
export function readMessage(bytes: Uint8Array): Entry {
  const entry: Entry = { stderr: false, nanos: 0n, line: NOTHING, ends: true };
  let partial = false;
  let last = false;
  for (const { field, value, part } of fields(bytes)) {
    if (field === 1) entry.stderr = part.length === 6 && part[3] === 101;
    else if (field === 2) entry.nanos = value;
    else if (field === 3) entry.line = part;
    else if (field === 4) partial = value !== 0n;
    else if (field === 5) for (const inner of fields(part)) if (inner.field === 1) last = inner.value !== 0n;
  }
  entry.ends = !partial || last;
  return entry;
}

function* fields(bytes: Uint8Array): Generator<{ field: number; value: bigint; part: Uint8Array }> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw new RangeError("a number that does not end");
  };
  while (at < bytes.length) {
    const key = varint();
    const kind = Number(key & 7n);
    let value = 0n;
    let part: Uint8Array = NOTHING;
    if (kind === 0) value = varint();
    else if (kind === 1 || kind === 5) at += kind === 1 ? 8 : 4;
    else if (kind === 2) {
      const length = Number(varint());
      part = bytes.subarray(at, at + length);
      at += length;
    } else throw new RangeError("a field of no known kind");
    if (at > bytes.length) throw new RangeError("a field longer than its message");
    yield { field: Number(key >> 3n), value, part };
  }
}

function messageAt(bytes: Uint8Array, start: number, end: number): Entry | null {
  try {
    return readMessage(bytes.subarray(start + 4, end - 4));
  } catch {
    return null;
  }
}

export const local: Codec = {
  lines: false,
  batchBytes: BATCH_BYTES,
  recordBytes: RECORD_BYTES + FRAME,
  whole(bytes) {
    let at = 0;
    for (let length = lengthAt(bytes, 0); length !== -1; length = lengthAt(bytes, at)) at += FRAME + length;
    return at;
  },
  damaged(bytes, final) {
    if (!final && bytes.length < RECORD_BYTES + FRAME) {
      if (bytes.length < 4) return 0;
      const length = u32(bytes, 0);
      if (length <= RECORD_BYTES && FRAME + length > bytes.length) return 0;
    }
    for (let at = 1; at < bytes.length; at++) if (bytes[at + 4] === SOURCE && lengthAt(bytes, at) !== -1) return at;
    return bytes.length;
  },
  firstWhole(bytes) {
    let at = bytes.length;
    while (at >= FRAME) {
      const start = at - FRAME - u32(bytes, at - 4);
      if (start < 0 || lengthAt(bytes, start) !== at - FRAME - start) break;
      at = start;
    }
    return at;
  },
  timeOf(bytes, start, end) {
    const entry = messageAt(bytes, start, end);
    return entry && Number(entry.nanos) / 1e6;
  },
  records(bytes) {
    return collect(bytes, (start) => {
      const length = lengthAt(bytes, start);
      if (length === -1) return null;
      const end = start + FRAME + length;
      const entry = messageAt(bytes, start, end);
      return { end, marks: entry ? (entry.ends ? ENDS : 0) | (entry.stderr ? STDERR : 0) : ENDS };
    });
  },
  entries(bytes, limit) {
    const texts: Buffer[] = [];
    let size = 0;
    let used = 0;
    for (let length = lengthAt(bytes, 0); length !== -1; length = lengthAt(bytes, used)) {
      const end = used + FRAME + length;
      const entry = messageAt(bytes, used, end);
      const text = Buffer.from(entry ? asEntry(entry) : "");
      if (size > 0 && size + text.length > limit) break;
      texts.push(text);
      size += text.length;
      used = end;
    }
    return { text: Buffer.concat(texts), used };
  },
};

function asEntry({ line, ends, stderr, nanos }: Entry): string {
  const text = Buffer.from(line.buffer, line.byteOffset, line.length).toString("utf8");
  return writeEntryParts(ends ? `${text}\n` : text, stderr ? "stderr" : "stdout", stampOf(nanos));
}

/** Nanoseconds since 1970 as the engine writes a time; what is no time is the first one there is. */
function stampOf(nanos: bigint): string {
  const millis = Number(nanos / 1_000_000n);
  if (nanos < 0n || millis > 253_402_300_799_999) return "1970-01-01T00:00:00Z";
  return `${new Date(millis).toISOString().slice(0, 19)}.${String(nanos % 1_000_000_000n).padStart(9, "0")}Z`;
}
