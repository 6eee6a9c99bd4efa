/**
 * The agent's own directory: which hub it belongs to, and how often it was started. Everything in it is
 * for this user only. One agent at a time.
 */
import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod/mini";

/** The directory cannot be used. The sentence says why and what to do. */
export class StateDirError extends Error {
  override readonly name = "StateDirError";
}

const HubMemory = z.object({
  hub: z.string(),
  pin: z.string(),
  /** null: the hub has not accepted this agent yet. */
  hostId: z.nullable(z.string()),
  hostName: z.nullable(z.string()),
  /** Kept until the hub has accepted this agent, so that a restart meanwhile needs no flags. */
  token: z.nullable(z.string()),
  /** SHA-256 of the token that let it in: the same one in a service's settings is not offered again. */
  usedToken: z.nullable(z.string()),
});
export type HubMemory = z.infer<typeof HubMemory>;

export interface StateDir {
  path: string;
  /** How often an agent was started here; grows by one each time. */
  epoch: number;
  /** Goes on from a higher count, this start included. On the disk when it returns. Throws StateDirError. */
  rememberEpoch(epoch: number): void;
  /** null: it never knew a hub. */
  hub(): HubMemory | null;
  /** On the disk when it returns. Throws StateDirError. */
  rememberHub(memory: HubMemory): void;
  /** Lets the next agent in. */
  release(): void;
}

/** Opens or makes the directory, takes its lock and counts this start. Throws StateDirError. */
export function openStateDir(path: string): StateDir {
  return explained(path, () => {
    makeDirectory(path);
    const { mode } = statSync(path);
    if ((mode & 0o077) !== 0) chmodSync(path, 0o700);
    const release = takeLock(path);
    try {
      const epoch = nextEpoch(readIfThere(join(path, "epoch")));
      const rememberEpoch = (count: number) => explained(path, () => writeDurably(path, "epoch", `${count}\n`));
      rememberEpoch(epoch);
      let memory = readMemory(path);
      return {
        path,
        epoch,
        rememberEpoch,
        hub: () => memory,
        rememberHub(next) {
          explained(path, () => writeDurably(path, "hub.json", `${JSON.stringify(next, null, 2)}\n`));
          memory = next;
        },
        release,
      };
    } catch (error) {
      release();
      throw error;
    }
  });
}

/** With its parents. Node's own `recursive` never returns where a file system answers "no such file" to a mkdir, like /proc. */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(path).isDirectory()) return;
    if (code !== "ENOENT" || existsSync(dirname(path))) throw error;
    makeDirectory(dirname(path));
    mkdirSync(path, { mode: 0o700 });
  }
}

/** A damaged counter goes on from the time, which is beyond any count of starts. The hub's database takes 32 bits. */
function nextEpoch(text: string | null): number {
  if (text === null) return 1;
  const count = Number(text);
  return /^\d{1,10}\n?$/.test(text) && count < 2 ** 31 - 1 ? count + 1 : Math.floor(Date.now() / 1_000);
}

function readMemory(path: string): HubMemory | null {
  const text = readIfThere(join(path, "hub.json"));
  if (text === null) return null;
  try {
    return HubMemory.parse(JSON.parse(text));
  } catch (cause) {
    throw new StateDirError(`${join(path, "hub.json")} is damaged. Remove it and start the agent with the line that Add host shows.`, { cause });
  }
}

function takeLock(path: string): () => void {
  const file = join(path, "lock");
  const mine = `${process.pid} ${startedAt(process.pid)}`;
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(file, mine, { flag: "wx", mode: 0o600 });
      return () => {
        if (readIfThere(file) === mine) rmSync(file, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const [pid, since] = (readIfThere(file) ?? "").split(" ");
    if (isRunning(Number(pid), since)) throw new StateDirError(`Another agent (process ${pid}) already uses ${path}. Stop it first, or give this one another --state-dir.`);
    rmSync(file, { force: true });
  }
  throw new StateDirError(`Another agent is starting on ${path}. Give this one another --state-dir.`);
}

/** Also right where a pid was given to another program since, as after a reboot. */
function isRunning(pid: number, since: string | undefined): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  const now = startedAt(pid);
  if (now !== "") return now === since;
  try {
    process.kill(pid, 0);
    return since === ""; // a system without /proc
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" && since === "";
  }
}

/** When a process started, in the kernel's ticks; "" where /proc does not tell. */
function startedAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Whole or not at all, also when the power goes. */
function writeDurably(dir: string, name: string, text: string): void {
  const fresh = join(dir, `${name}.new`);
  writeFileSync(fresh, text, { mode: 0o600, flush: true });
  renameSync(fresh, join(dir, name));
  const directory = openSync(dir, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function explained<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof StateDirError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const why: Record<string, string> = {
      EACCES: "this user may not use it. Run the agent as its owner, or name another with --state-dir",
      EPERM: "this user may not use it. Run the agent as its owner, or name another with --state-dir",
      EROFS: "it is on a read-only file system. Name another with --state-dir",
      ENOSPC: "its disk is full. Make room, or name another with --state-dir",
      EDQUOT: "the disk quota is used up. Make room, or name another with --state-dir",
      ENOENT: "it cannot be made there. Name another with --state-dir",
      ENOTDIR: "there is a file where a directory should be. Name another with --state-dir",
      EEXIST: "there is a file where a directory should be. Name another with --state-dir",
    };
    throw new StateDirError(`The state directory ${path} cannot be used: ${why[code ?? ""] ?? message}.`, { cause: error });
  }
}
