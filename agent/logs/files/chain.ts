/**
 * The files of one log, as the engine rotates them: BASE, BASE.1 or BASE.1.gz, BASE.2 …; the higher the number
 * the older. A file keeps its inode when it is renamed, and its content when it is compressed.
 */
import type { Clock } from "../../clock";
import { type Directory, type FileStat, fileStat } from "./beneath";
import type { Codec } from "./codec";
import { contentName, type LogFile, LogFileDamaged, logFile } from "./log-file";

/** Files of one log that are looked at. Protects from a directory full of them. */
const FILES = 128;
/** Names remembered of files that change no more. */
const NAMES = 512;
/** Looks at a chain until two in a row are the same, and the pause before each after the first few. */
const LOOKS = 40;
const LOOK_MS = 2;

export interface Link {
  name: string;
  /** 0: the one that is written. */
  age: number;
  compressed: boolean;
  stat: FileStat;
}

export interface Chain {
  /** Oldest first, in an order that held at one moment; null where it changes faster than it can be read. */
  look(): Promise<Link[] | null>;
  /** The newest file alone; null while the engine is exchanging it. */
  newest(): FileStat | null;
  /** Opens the file of a link; null when that name stands for another file by now. Throws NotReadable. */
  open(link: Link): LogFile | null;
  /** See contentName; null also for a file that cannot be read. Files that change no more are read once. */
  nameOf(file: LogFile, age: number): Promise<string | null>;
  readonly codec: Codec;
  readonly directory: Directory;
}

export function createChain({ directory, base, codec, clock }: { directory: Directory; base: string; codec: Codec; clock: Clock }): Chain {
  const names = new Map<string, string>();
  const pattern = new RegExp(`^${base.replace(/[^A-Za-z0-9]/g, "\\$&")}(?:\\.([1-9]\\d{0,3})(\\.gz)?)?$`);

  function list(): Link[] {
    const byAge = new Map<number, Link>();
    for (const name of directory.names()) {
      const found = pattern.exec(name);
      if (!found) continue;
      const link = { name, age: Number(found[1] ?? 0), compressed: found[2] !== undefined };
      const stat = directory.stat(name);
      // While the engine compresses a file both are there, and only the one it reads from is whole.
      if (stat && !(link.compressed && byAge.has(link.age))) byAge.set(link.age, { ...link, stat });
    }
    return [...byAge.values()].sort((a, b) => b.age - a.age).slice(-FILES);
  }
  const same = (a: Link[], b: Link[]) => a.length === b.length && a.every((link, i) => link.name === b[i]?.name && isSame(link.stat, b[i].stat));

  return {
    codec,
    directory,
    newest: () => directory.stat(base),
    async look() {
      let before = list();
      for (let i = 0; i < LOOKS; i++) {
        const now = list();
        if (same(before, now)) return now;
        before = now;
        if (i > 2) await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
      }
      return null;
    },
    open(link) {
      const fd = directory.open(link.name);
      if (fd === null) return null;
      const file = logFile(fd, link.compressed);
      if (isSame(fileStat(fd), link.stat)) return file;
      file.close();
      return null;
    },
    async nameOf(file, age) {
      const { dev, ino, size, mtimeNs } = fileStat(file.fd);
      const key = `${dev}:${ino}:${size}:${mtimeNs}`;
      const known = age > 0 ? names.get(key) : undefined;
      if (known !== undefined) return known;
      const name = await contentName(file, codec).catch((error: unknown) => {
        if (error instanceof LogFileDamaged) return null;
        throw error;
      });
      if (age > 0 && name !== null) {
        if (names.size >= NAMES) names.delete(names.keys().next().value ?? "");
        names.set(key, name);
      }
      return name;
    },
  };
}

export function isSame(a: FileStat, b: FileStat): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}
