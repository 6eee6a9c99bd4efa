/** All files of a log at one moment, opened, oldest first; a place is one of them and an offset in it. */
import type { Clock } from "../../clock";
import type { Chain } from "./chain";
import { type LogFile, LogFileDamaged } from "./log-file";

export interface Segment {
  file: LogFile;
  /** 0: the one that is written. */
  age: number;
  /** Bytes that were there when it was opened. */
  size: number;
  /** See contentName; asked for once. */
  name?: string | null;
}

/** Before the byte at `offset` of segment `index`. */
export interface Place {
  index: number;
  offset: number;
}

const TRIES = 50;
const TRY_MS = 2;

/**
 * The segments, empty where the log has no file. They are the same files whatever the engine does meanwhile.
 * null: they change faster than they can be opened. The caller closes them.
 */
export async function openSegments(chain: Chain, clock: Clock): Promise<Segment[] | null> {
  for (let i = 0; i < TRIES; i++) {
    const segments = await openOnce(chain);
    if (segments) return segments;
    await new Promise<void>((resolve) => clock.after(TRY_MS, resolve));
  }
  return null;
}

async function openOnce(chain: Chain): Promise<Segment[] | null> {
  const links = await chain.look();
  if (!links) return null;
  const segments: Segment[] = [];
  let whole = false;
  try {
    for (const link of links) {
      const file = chain.open(link);
      if (!file) return null;
      segments.push({ file, age: link.age, size: 0 });
    }
    for (const segment of segments) segment.size = await segment.file.size();
    whole = true;
    return segments;
  } finally {
    if (!whole) closeSegments(segments);
  }
}

export function closeSegments(segments: readonly Segment[]): void {
  for (const { file } of segments) file.close();
}

/** A cursor in its parts; null where it is none of files. */
export function readCursor(cursor: string): { name: string; offset: number } | null {
  const found = /^f:([0-9a-f]{16}|0):(\d{1,15})$/.exec(cursor);
  return found ? { name: found[1] ?? "0", offset: Number(found[2]) } : null;
}

/** Name "0": before everything that has a name. */
export function writeCursor(name: string | null, offset: number): string {
  return name === null ? "f:0:0" : `f:${name}:${offset}`;
}

export type Located = { place: Place; why: null } | { place: null; why: string };

/** Where a cursor points to among the segments, or why it does not any more. */
export async function locate(chain: Chain, segments: readonly Segment[], cursor: string): Promise<Located> {
  const wanted = readCursor(cursor);
  if (!wanted) return { place: null, why: "The place is not one in a log file: it was read from the engine's log API." };
  if (wanted.name === "0") return { place: { index: 0, offset: 0 }, why: null };
  // The newest first: that is where most cursors point to.
  for (let index = segments.length - 1; index >= 0; index--) {
    const segment = segments[index];
    if (!segment || (await nameOf(chain, segment)) !== wanted.name) continue;
    if (wanted.offset <= segment.size && (await beginsRecord(chain, segment, wanted.offset))) return { place: { index, offset: wanted.offset }, why: null };
    return { place: null, why: "The log file was cut while it was written." };
  }
  return { place: null, why: "The engine rotated its log past this place, or the container is another one." };
}

async function beginsRecord({ codec }: Chain, { file, size }: Segment, offset: number): Promise<boolean> {
  if (!codec.lines || offset === 0 || offset === size) return true;
  // A hole, and a line that is longer than a record may be, are cut where no line ends.
  const [before, after] = await file.read(offset - 1, 2);
  return before === 10 || before === 0 || after !== 123;
}

async function nameOf(chain: Chain, segment: Segment): Promise<string | null> {
  return (segment.name ??= await chain.nameOf(segment.file, segment.age));
}

export async function cursorAt(chain: Chain, segments: readonly Segment[], { index, offset }: Place): Promise<string> {
  const segment = segments[index];
  return segment ? writeCursor(await nameOf(chain, segment), offset) : "f:0:0";
}

/** Reads, with what is damaged left out. */
export async function readPart(file: LogFile, offset: number, length: number): Promise<Uint8Array> {
  try {
    return await file.read(offset, length);
  } catch (error) {
    if (error instanceof LogFileDamaged) return new Uint8Array(0);
    throw error;
  }
}
