/**
 * Opening files beneath a root without following links: whoever can write into a container's directory must
 * not be able to make the agent read something else. Each step is opened from the one before it, by its
 * descriptor, so that nothing can be exchanged in between. Calls that wait for no disk are synchronous.
 */
import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, readdirSync } from "node:fs";

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** A FIFO without a writer would wait for ever. */
const FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** It is not what it must be, or may not be read. The sentence is for a person. */
export class NotReadable extends Error {
  constructor(
    readonly why: string,
    readonly code: string | null = null,
  ) {
    super(why);
  }
}

/** What a name stands for: the same values mean the same file, also after it was renamed. */
export interface FileStat {
  dev: bigint;
  ino: bigint;
  size: number;
  mtimeNs: bigint;
  /** Names that it still has; 0 once it was removed. */
  links: number;
}

export interface Directory {
  /** For a watch: names this very directory, whatever happens to its path. */
  readonly path: string;
  names(): string[];
  /** null: there is no such name. A link is told as what it is, so it equals no file. */
  stat(name: string): FileStat | null;
  /** A descriptor of a regular file. Throws NotReadable; null: there is no such name. */
  open(name: string): number | null;
  /** A directory in it. Throws NotReadable. */
  directory(name: string): Directory;
  /** Whether it still exists. */
  exists(): boolean;
  close(): void;
}

/** The root itself may be reached by a link: its owner put it there. Throws NotReadable. */
export function openRoot(path: string): Directory {
  return asDirectory(opened(path, constants.O_RDONLY | constants.O_DIRECTORY, path));
}

/** The directory at `parts` beneath `root`. Throws NotReadable. */
export function openBeneath(root: string, parts: readonly string[]): Directory {
  let directory = openRoot(root);
  for (const part of parts) {
    const outer = directory;
    try {
      directory = outer.directory(part);
    } finally {
      outer.close();
    }
  }
  return directory;
}

export function fileStat(fd: number): FileStat {
  return asStat(fstatSync(fd, { bigint: true }));
}

function asStat({ dev, ino, size, mtimeNs, nlink }: BigIntStats): FileStat {
  return { dev, ino, size: Number(size), mtimeNs, links: Number(nlink) };
}

function asDirectory(fd: number): Directory {
  const path = `/proc/self/fd/${fd}`;
  let open = true;
  const at = (name: string) => {
    if (name === "" || name === "." || name === ".." || name.includes("/") || name.includes("\0")) throw new NotReadable(`"${name}" is no name of a file.`);
    return `${path}/${name}`;
  };
  return {
    path,
    names() {
      try {
        return readdirSync(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return []; // it was removed
        throw error;
      }
    },
    stat(name) {
      try {
        return asStat(lstatSync(at(name), { bigint: true }));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
        throw error;
      }
    },
    open(name) {
      let file: number;
      try {
        file = opened(at(name), FILE, name);
      } catch (error) {
        if (error instanceof NotReadable && error.code === "ENOENT") return null;
        throw error;
      }
      const stat = fstatSync(file);
      if (stat.isFile()) return file;
      closeSync(file);
      throw new NotReadable(`${name} is ${stat.isDirectory() ? "a directory" : stat.isFIFO() ? "a pipe" : "something else"}, not a file.`);
    },
    directory: (name) => asDirectory(opened(at(name), DIRECTORY, name)),
    exists: () => fstatSync(fd).nlink > 0,
    close() {
      if (open) closeSync(fd);
      open = false;
    },
  };
}

function opened(path: string, flags: number, name: string): number {
  try {
    return openSync(path, flags);
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    const said: Record<string, string> = {
      ENOENT: `There is no ${name}.`,
      ELOOP: `${name} is a link, and links are not followed.`,
      ENOTDIR: `${name} is not a directory, or a link.`,
      EACCES: `The agent may not read ${name}.`,
      EPERM: `The agent may not read ${name}.`,
      ENXIO: `${name} is a socket or a pipe, not a file.`,
      EMFILE: "The agent has too many files open.",
    };
    throw new NotReadable(said[code] ?? `${name} cannot be opened (${code}).`, code);
  }
}
