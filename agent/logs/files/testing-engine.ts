/** For tests: a log written and rotated in a folder as dockerd does it, step by step. */
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

export const ID = "ab".repeat(32);

export interface EngineOptions {
  maxSize: number;
  maxFile: number;
  compress?: boolean;
  /** What happens with a single file: renamed (20.10), removed (later engines), cut (earlier ones). */
  single?: "rename" | "unlink" | "truncate";
  driver?: "json-file" | "local";
}

/** As dockerd compresses: with the last time in the header's extra field. */
export function dockerGzip(bytes: Uint8Array): Buffer {
  const plain = gzipSync(bytes);
  const extra = Buffer.from(`{"lastTime":"2026-11-28T16:49:27.459899857Z"}`);
  const head = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, extra.length, 0]);
  return Buffer.concat([head, extra, plain.subarray(10)]);
}

/** A record of the `local` driver. `partial`: metadata of a part; undefined: a whole line. */
export function localRecord(line: string | Uint8Array, { nanos, stream = "stdout", partial }: { nanos: bigint; stream?: string; partial?: { last: boolean } }): Buffer {
  const varint = (value: bigint): number[] => (value < 128n ? [Number(value)] : [Number(value & 127n) | 128, ...varint(value >> 7n)]);
  const bytes = (field: number, data: Uint8Array) => [(field << 3) | 2, ...varint(BigInt(data.length)), ...data];
  const message = Buffer.from([
    ...bytes(1, Buffer.from(stream)), (2 << 3) | 0, ...varint(nanos), ...bytes(3, Buffer.from(line)),
    ...(partial ? [(4 << 3) | 0, 1, ...bytes(5, Buffer.from([...(partial.last ? [8, 1] : []), ...bytes(2, Buffer.from("id")), 24, 1]))] : []),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message, length]);
}

export function createTestEngine({ maxSize, maxFile, compress = false, single = "rename", driver = "json-file" }: EngineOptions) {
  const root = mkdtempSync(join(tmpdir(), "engine-files-"));
  const directory = join(root, "containers", ID, ...(driver === "local" ? ["local-logs"] : []));
  mkdirSync(directory, { recursive: true });
  const path = join(directory, driver === "local" ? "container.log" : `${ID}-json.log`);
  writeFileSync(path, "");
  let nanos = 1_800_000_000_000_000_000n;
  let next = 0;
  let rotations = 0;

  function rotate(): void {
    rotations++;
    const suffix = compress && maxFile > 1 ? ".gz" : "";
    rmSync(`${path}.${maxFile - 1}${suffix}`, { force: true });
    for (let i = maxFile - 1; i > 1; i--) if (existsSync(`${path}.${i - 1}${suffix}`)) renameSync(`${path}.${i - 1}${suffix}`, `${path}.${i}${suffix}`);
    if (maxFile > 1 || single === "rename") renameSync(path, `${path}.1`);
    else if (single === "unlink") unlinkSync(path);
    writeFileSync(path, "");
    if (suffix === "") return;
    writeFileSync(`${path}.1.gz`, dockerGzip(readFileSync(`${path}.1`)));
    unlinkSync(`${path}.1`);
  }
  const stamp = () => {
    nanos += 1_000_003n;
    return `${new Date(Number(nanos / 1_000_000n)).toISOString().slice(0, 19)}.${String(nanos % 1_000_000_000n).padStart(9, "0")}Z`;
  };

  return {
    root,
    directory,
    path,
    rotate,
    rotations: () => rotations,
    written: () => next,
    /** Milliseconds of the last line. */
    now: () => Number(nanos) / 1e6,
    /** Writes numbered lines, rotating as dockerd does: before a line, where the file is full. */
    lines(count: number, width = 40): void {
      for (let i = 0; i < count; i++) this.say(`${String(next++).padStart(8, "0")} ${"x".repeat(Math.max(0, width - 9))}\n`);
    },
    /** One entry; without a newline at its end it is a part. */
    say(log: string, stream = "stdout"): void {
      if (statSync(path).size >= maxSize) rotate();
      const time = stamp();
      const ends = log.endsWith("\n");
      appendFileSync(path, driver === "local" ? localRecord(ends ? log.slice(0, -1) : log, { nanos, stream, ...(ends ? {} : { partial: { last: false } }) }) : `{"log":${JSON.stringify(log)},"stream":"${stream}","time":"${time}"}\n`);
    },
    raw: (bytes: string | Uint8Array) => appendFileSync(path, bytes),
    cut: (size = 0) => truncateSync(path, size),
    remove: () => rmSync(join(root, "containers", ID), { recursive: true, force: true }),
    end: () => rmSync(root, { recursive: true, force: true }),
    /** What the engine says of this container. */
    document: () => ({
      Id: ID,
      LogPath: driver === "local" ? "" : path,
      HostnamePath: join(root, "containers", ID, "hostname"),
      Config: { Tty: false },
      HostConfig: { LogConfig: { Type: driver, Config: { "max-size": String(maxSize), "max-file": String(maxFile) } } },
    }),
  };
}
export type TestEngine = ReturnType<typeof createTestEngine>;
