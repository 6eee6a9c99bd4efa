/**
 * The ring of files that the records lie in, oldest first; records are added to the newest. A file is named
 * for its first record, `EPOCH-SEQ`, and goes as a whole: when the hub has all of it, or when there is no room.
 */
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Cursor } from "@/protocol/shapes";
import { type AppendFile, createAppendFile } from "../durable-file";
import type { Log } from "../log";
import { compare } from "./record";

/** Files at most, however small: each run of the agent begins its own. */
const FILES = 1_024;

export interface Segment {
  epoch: number;
  /** The number that its first record has, or one before it. */
  readonly first: number;
  bytes: number;
  /** When its first record happened; null where this run has not seen it. */
  readonly since: number | null;
}

export interface Segments {
  readonly list: readonly Segment[];
  path(segment: Segment): string;
  /** Adds lines; `first` and `since` are of the first of them. Rejects when the disk does not take them: then none is there. */
  append(first: Cursor, since: number, lines: Buffer): Promise<void>;
  /** Resolves once everything added is on the disk. */
  sync(): Promise<void>;
  /** Forgets the files whose records are all at or before `upTo`. */
  keep(upTo: Cursor): Promise<void>;
  /** Gives the newest run another number, and forgets all earlier ones. */
  renumber(from: number, to: number): Promise<void>;
  /** When the oldest record happened that was lost for want of room in this run; null: none was, or not known. */
  lostSince(): number | null;
  close(): Promise<void>;
}

export interface SegmentsOptions {
  dir: string;
  maxBytes: number;
  segmentBytes: number;
  log: Log;
  createFile?: typeof createAppendFile;
}

export async function openSegments({ dir, maxBytes, segmentBytes, log, createFile = createAppendFile }: SegmentsOptions): Promise<Segments> {
  const list = await found(dir, log);
  let total = list.reduce((sum, { bytes }) => sum + bytes, 0);
  let active: { segment: Segment; file: AppendFile } | null = null;
  let lostSince: number | null = null;
  const path = ({ epoch, first }: Segment) => join(dir, fileName(epoch, first));

  async function drop(count: number): Promise<void> {
    for (const segment of list.splice(0, count)) {
      total -= segment.bytes;
      await rm(path(segment), { force: true }).catch((error: unknown) => log.error(`${path(segment)} could not be removed`, error));
    }
  }
  async function makeRoom(bytes: number): Promise<void> {
    while (list.length > 1 && (total + bytes > maxBytes || list.length > FILES)) {
      lostSince ??= list[0]?.since ?? null;
      await drop(1);
    }
  }
  async function begin(first: Cursor, since: number): Promise<{ segment: Segment; file: AppendFile }> {
    await mkdir(dir, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    const segment: Segment = { epoch: first.epoch, first: first.seq, bytes: 0, since };
    const file = await createFile(path(segment));
    await active?.file.sync().catch(() => {}); // said when it matters: the next sync or append fails as well
    await active?.file.close();
    list.push(segment);
    return { segment, file };
  }

  return {
    list,
    path,
    async append(first, since, lines) {
      await makeRoom(lines.length);
      if (!active || active.segment.bytes >= segmentBytes) active = await begin(first, since);
      await active.file.append(lines);
      active.segment.bytes += lines.length;
      total += lines.length;
    },
    async sync() {
      await active?.file.sync();
    },
    async keep(upTo) {
      const next = { epoch: upTo.epoch, seq: upTo.seq + 1 };
      let done = 0;
      while (done + 1 < list.length && compare(placeOf(list[done + 1] as Segment), next) <= 0) done++;
      await drop(done);
    },
    async renumber(from, to) {
      await drop(list.filter(({ epoch }) => epoch < from).length);
      for (const segment of list) {
        await rename(path(segment), join(dir, fileName(to, segment.first)));
        segment.epoch = to;
      }
    },
    lostSince: () => lostSince,
    async close() {
      await active?.file.close();
      active = null;
    },
  };
}

export function placeOf({ epoch, first }: Segment): Cursor {
  return { epoch, seq: first };
}

function fileName(epoch: number, first: number): string {
  return `${String(epoch).padStart(10, "0")}-${String(first).padStart(10, "0")}`;
}

/** What earlier runs left, oldest first. A directory that cannot be read holds nothing. */
async function found(dir: string, log: Log): Promise<Segment[]> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") log.error(`what was kept in ${dir} cannot be read`, error);
    return [];
  });
  const segments: Segment[] = [];
  for (const name of names.sort()) {
    const [, epoch, first] = /^(\d{10})-(\d{10})$/.exec(name) ?? [];
    const about = await stat(join(dir, name)).catch(() => null);
    if (epoch === undefined || !about?.isFile()) continue;
    if (about.size > 0) segments.push({ epoch: Number(epoch), first: Number(first), bytes: about.size, since: null });
    else await rm(join(dir, name), { force: true }).catch(() => {});
  }
  return segments;
}
