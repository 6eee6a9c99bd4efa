/** Reading a log forwards over its files, and following it while it is written and rotated. */
import { stampAt } from "@/protocol/log-entry";
import type { LogCursor, LogSource } from "@/protocol/logs";
import type { Clock } from "../../clock";
import type { LogPiece, LogReader } from "../log-reader";
import { fileStat, NotReadable } from "./beneath";
import { type Chain, isSame, type Link } from "./chain";
import { step } from "./forward";
import type { LogFile } from "./log-file";
import { writeCursor } from "./segments";
import type { Waker } from "./waker";

/** Bytes before the place that are looked at again: they hold a time, so no other file has the same ones there. */
const OVERLAP = 64;
/** Looks for the file after one that has ended, before a reader that does not follow takes it for the last. */
const LAST_LOOKS = 20;
const REPLACED = "The engine rotated its log faster than it was read.";
const CUT = "The log file was cut while it was written; what had not been read of it is gone.";
const GONE = "The container was removed.";
const NOT_FOLLOWED = "This is all there is.";

/** The file that is read, and how far. */
interface Current {
  file: LogFile;
  age: number;
  name: string | null;
  offset: number;
  /** Nothing will be added to it. */
  final: boolean;
  /** The last bytes before `offset`; empty where they are not known. */
  before: Uint8Array;
}

export interface ReaderStart {
  /** null: the log has no file yet. The reader takes the file over. */
  file: { file: LogFile; age: number; offset: number } | null;
  /** Told first. */
  gap: { why: string } | null;
}

export interface ReaderOptions {
  chain: Chain;
  waker: Waker;
  clock: Clock;
  source: LogSource;
  follow: boolean;
  signal: AbortSignal;
}

/** A reader from a place on. It holds one descriptor of a file, one of a directory, and a watch. */
export function createFileReader(start: ReaderStart, { chain, waker, source, follow, signal }: ReaderOptions): LogReader {
  const { codec, directory } = chain;
  let current: Current | null = null;
  let gap = start.gap;
  let cursor: LogCursor = "f:0:0";
  let lastAt: number | null = null;
  let live = false;
  let found = true;
  let looks = 0;
  let closed = false;

  /** Where the current file begins to be read, for what follows a gap. */
  function jump(): void {
    if (current?.name != null) cursor = writeCursor(current.name, current.offset);
  }
  async function enter(file: LogFile, age: number, offset: number): Promise<void> {
    current?.file.close();
    current = { file, age, name: await chain.nameOf(file, age), offset, final: age > 0 || file.compressed, before: new Uint8Array(0) };
    if (age > 0) return;
    // From here on the watch's count tells how many files came after this one, if it is the newest still.
    await waker.replaced();
    const newest = chain.newest();
    if (newest && isSame(newest, fileStat(file.fd))) waker.count();
  }

  /** The next piece of the current file; null: there is nothing more in it now. */
  async function readOn(at: Current): Promise<LogPiece | null> {
    for (;;) {
      const size = at.file.compressed ? Number.MAX_SAFE_INTEGER : sizeNow(at);
      if (size < at.offset) return cut(at);
      const next = await step(at.file, codec, { offset: at.offset, size, final: at.final, before: at.before.length, check: (bytes) => Buffer.compare(bytes, at.before) === 0 });
      if (next === "changed") return cut(at);
      if (next.what === "nothing") return null;
      const from = cursor;
      at.name ??= await chain.nameOf(at.file, at.age);
      at.offset += next.used;
      cursor = writeCursor(at.name, at.offset);
      if (next.what === "hole") {
        at.before = new Uint8Array(0);
        continue;
      }
      if (next.what === "damage") {
        at.before = new Uint8Array(0);
        // Where a compressed file is damaged, all the rest of it is, however much that was.
        if (at.file.compressed) at.offset = Number.MAX_SAFE_INTEGER;
        return { what: "gap", at: lastAt, bytes: at.file.compressed ? null : next.used, why: next.why, to: cursor };
      }
      await remember(at, next.text);
      return { what: "text", form: "entries", text: next.text, from, to: cursor };
    }
  }

  /** As of now; and whether the file is final by now, which is looked at first, so that nothing is missed in between. */
  function sizeNow(at: Current): number {
    if (!at.final) {
      const newest = chain.newest();
      if (newest ? !isSame(newest, fileStat(at.file.fd)) : !directory.exists()) at.final = true;
    }
    return fileStat(at.file.fd).size;
  }

  /** Keeps the end of what was read: its time, and its last bytes where they are the file's own. */
  async function remember(at: Current, text: Uint8Array): Promise<void> {
    lastAt = lastTime(text) ?? lastAt;
    if (at.final) at.before = new Uint8Array(0);
    else if (codec.lines) at.before = text.slice(-OVERLAP);
    else at.before = await at.file.read(Math.max(0, at.offset - OVERLAP), Math.min(at.offset, OVERLAP));
  }

  function cut(at: Current): LogPiece {
    at.offset = 0;
    at.name = null;
    at.before = new Uint8Array(0);
    cursor = "f:0:0";
    return { what: "gap", at: lastAt, bytes: null, why: CUT, to: null };
  }

  /** From a file that has ended to the one after it. null: done, or nothing to do yet. */
  async function advance(from: Current): Promise<LogPiece | null> {
    const links = await chain.look();
    if (!links || links.length === 0) return null;
    const mine = await findLink(from, links);
    if (mine === null) return null;
    const next = mine === -1 ? links[0] : links[mine + 1];
    if (!next) return null;
    // Counted up to a moment at which `links` still held.
    const replaced = mine === -1 ? await waker.replaced() : null;
    const file = chain.open(next);
    if (!file) return null;
    const newest = chain.newest();
    const held = newest !== null && isSame(newest, (links.at(-1) as Link).stat);
    const lost = mine === -1 && !(replaced === links.length && held);
    await enter(file, next.age, 0);
    found = true;
    if (lost) jump();
    return lost ? { what: "gap", at: lastAt, bytes: null, why: REPLACED, to: cursor } : null;
  }

  /** Which of the files it is; -1: none any more; null: they were renamed meanwhile. */
  async function findLink(from: Current, links: readonly Link[]): Promise<number | null> {
    const stat = fileStat(from.file.fd);
    const same = links.findIndex((link) => isSame(link.stat, stat));
    if (same !== -1 || from.name === null) return same;
    // It may have been compressed, which makes another file of it.
    for (let i = links.length - 1; i >= 0; i--) {
      const link = links[i];
      if (!link?.compressed) continue;
      const file = chain.open(link);
      if (!file) return null;
      const name = await chain.nameOf(file, link.age);
      file.close();
      if (name === from.name) return i;
    }
    return -1;
  }

  async function next(): Promise<LogPiece> {
    for (;;) {
      signal.throwIfAborted();
      if (closed) throw new Error("the reader was closed");
      if (gap) {
        const { why } = gap;
        gap = null;
        return { what: "gap", at: null, bytes: null, why, to: cursor };
      }
      const piece = current ? await readOn(current) : await begin();
      if (piece) return piece;
      if (current?.final) {
        const told = await advance(current);
        if (told) return told;
        if (found) {
          found = false;
          continue;
        }
      }
      if (!directory.exists()) return { what: "end", why: GONE, gone: true };
      if (!follow && (!current?.final || looks++ >= LAST_LOOKS)) return { what: "end", why: NOT_FOLLOWED, gone: false };
      if (!live && !current?.final) {
        live = true;
        return { what: "live" };
      }
      await waker.wait(found, signal);
      found = false;
    }
  }

  /** A log without a file gets its first one. */
  async function begin(): Promise<null> {
    const [oldest] = (await chain.look()) ?? [];
    const file = oldest && chain.open(oldest);
    if (file) await enter(file, oldest.age, 0);
    jump();
    return null;
  }

  return {
    source,
    async read() {
      if (start.file) {
        const { file, age, offset } = start.file;
        start = { file: null, gap: null };
        await enter(file, age, offset);
        jump();
      }
      try {
        const piece = await next();
        if (piece.what === "text" || piece.what === "gap") found = true;
        return piece;
      } catch (error) {
        if (error instanceof NotReadable) return { what: "end", why: error.why, gone: false };
        throw error;
      }
    },
    close() {
      closed = true;
      start.file?.file.close();
      current?.file.close();
      waker.close();
      directory.close();
    },
  };
}

/** The time of the last of some entries. */
function lastTime(text: Uint8Array): number | null {
  const tail = Buffer.from(text.subarray(-96)).toString("latin1");
  const found = tail.lastIndexOf(`"time":"`);
  return found === -1 ? null : stampAt(Buffer.from(tail, "latin1"), found + 8, tail.length);
}
