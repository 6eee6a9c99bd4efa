/** One file of a log, as bytes at offsets, whether it is compressed or not. */
import { createHash } from "node:crypto";
import { close, read } from "node:fs";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import type { Gunzip } from "node:zlib";
import { fileStat } from "./beneath";
import type { Codec } from "./codec";

const readAt = promisify(read);
const GZIP_TRAILER = 4;
const PACKED_BYTES = 64 * 1024;
/** A record that begins a file tells it from every other; of a longer one the beginning does. */
const NAME_BYTES = 256 * 1024;
const FIRST_LOOK_BYTES = 4_096;

export interface LogFile {
  readonly compressed: boolean;
  readonly fd: number;
  /** Bytes of text, uncompressed. */
  size(): Promise<number>;
  /**
   * Bytes from `offset` on, in a buffer of their own; fewer than `length` only at the end. A compressed file
   * is read forwards: going back begins anew. Throws LogFileDamaged. `into`: memory that may be
   * used for it, in place of new.
   */
  read(offset: number, length: number, into?: Buffer): Promise<Uint8Array>;
  close(): void;
}

/** A compressed file that ends too early or is none. */
export class LogFileDamaged extends Error {}

/** Takes the descriptor over. It is closed when the last read has ended: its number may be another file's by then. */
export function logFile(fd: number, compressed: boolean): LogFile {
  let open = true;
  let reading = 0;
  const release = () => {
    if (!open && reading === 0) close(fd, () => {});
  };
  const end = () => {
    if (!open) return;
    open = false;
    release();
  };
  const held = async <T>(work: () => Promise<T>): Promise<T> => {
    if (!open) throw new Error("the file was closed");
    reading++;
    try {
      return await work();
    } finally {
      reading--;
      release();
    }
  };
  if (compressed) return gzipFile(fd, held, end);
  return { compressed, fd, size: () => Promise.resolve(fileStat(fd).size), read: (offset, length, into) => held(() => readFully(fd, offset, length, into)), close: end };
}

async function readFully(fd: number, offset: number, length: number, into?: Buffer): Promise<Uint8Array> {
  const buffer = into && into.length >= length ? into.subarray(0, length) : Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await readAt(fd, buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled === length ? buffer : buffer.subarray(0, filled);
}

function gzipFile(fd: number, held: <T>(work: () => Promise<T>) => Promise<T>, end: () => void): LogFile {
  let stream: AsyncIterator<Buffer> | null = null;
  let gunzip: Gunzip | null = null;
  let rest: Buffer = Buffer.alloc(0);
  let position = 0;
  let damage: LogFileDamaged | null = null;

  async function begin(): Promise<AsyncIterator<Buffer>> {
    stop();
    const { createGunzip } = await import("node:zlib");
    gunzip = createGunzip({ chunkSize: 128 * 1024 });
    const sink = gunzip;
    // Not a file stream: that one closes the descriptor when it is ended.
    const input = Readable.from(packed(), { objectMode: false, highWaterMark: PACKED_BYTES });
    input.on("error", (error) => sink.destroy(error));
    sink.on("error", () => {}); // told by the iterator, where somebody waits
    sink.on("close", () => input.destroy());
    input.pipe(sink);
    return sink[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }
  async function* packed(): AsyncGenerator<Uint8Array> {
    for (let offset = 0; ; ) {
      const from = offset;
      const bytes = await held(() => readFully(fd, from, PACKED_BYTES));
      if (bytes.length === 0) return;
      offset += bytes.length;
      yield bytes;
    }
  }
  function stop(): void {
    gunzip?.destroy();
    gunzip = null;
    stream = null;
    rest = Buffer.alloc(0);
    position = 0;
    damage = null;
  }
  /** The next bytes, at `position`; null at the end. */
  async function more(): Promise<Buffer | null> {
    if (rest.length > 0) return rest;
    if (damage) throw damage;
    stream ??= await begin();
    try {
      const { done, value } = await stream.next();
      return done ? null : (rest = value);
    } catch (error) {
      throw (damage = new LogFileDamaged(error instanceof Error ? error.message : "damaged"));
    }
  }
  function take(bytes: number): Buffer {
    const taken = rest.subarray(0, bytes);
    rest = rest.subarray(bytes);
    position += bytes;
    return taken;
  }
  return {
    compressed: true,
    fd,
    size: () =>
      held(async () => {
        const { size } = fileStat(fd);
        return size < GZIP_TRAILER ? 0 : Buffer.from(await readFully(fd, size - GZIP_TRAILER, GZIP_TRAILER)).readUInt32LE(0);
      }),
    async read(offset, length) {
      if (offset < position) stop();
      while (position < offset) {
        const bytes = await more();
        if (!bytes) return Buffer.alloc(0);
        take(Math.min(bytes.length, offset - position));
      }
      const parts: Buffer[] = [];
      for (let left = length; left > 0; ) {
        const bytes = await more().catch((error: unknown) => {
          if (parts.length === 0) throw error;
          return null; // what came before the damage is told first
        });
        if (!bytes) break;
        const part = take(Math.min(bytes.length, left));
        parts.push(part);
        left -= part.length;
      }
      return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
    },
    close() {
      stop();
      end();
    },
  };
}

/**
 * The name of a file's content, the same after it was renamed or compressed, and after a restart of agent or
 * engine: of its first record, which holds its time. null: there is no whole record yet.
 */
export async function contentName(file: LogFile, codec: Codec): Promise<string | null> {
  for (let length = FIRST_LOOK_BYTES; ; length = NAME_BYTES) {
    const bytes = await file.read(0, length);
    const whole = codec.whole(bytes);
    if (whole === 0 && bytes.length === length && length < NAME_BYTES) continue;
    if (whole === 0 && bytes.length < NAME_BYTES) return null;
    const end = whole === 0 ? NAME_BYTES : (codec.records(bytes.subarray(0, whole)).starts[1] ?? whole);
    return createHash("sha256").update(bytes.subarray(0, end)).digest("hex").slice(0, 16);
  }
}
