/** A spool in a directory of its own, over a disk that can be full and an agent that can be killed. For tests. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cursor, Outcome } from "@/protocol/shapes";
import { createTestClock } from "../clock";
import { type AppendFile, createAppendFile } from "../durable-file";
import { silentLog } from "../log";
import type { SpoolReader } from "./reader";
import type { Counted, SpoolFrame } from "./record";
import { openSpool, type Spool, type SpoolOptions } from "./spool";

export function happened(name: string, more: Partial<Counted["event"]> = {}): Counted["event"] {
  return { at: 1, kind: "start", id: "ab".repeat(32), target: { namespace: null, workload: name, replica: null }, name, image: "i", exitCode: null, signal: null, health: null, asked: false, step: null, ...more };
}
export const ended: Outcome = { state: "succeeded", error: null, settledBy: "call", startedAt: 1, finishedAt: 2 };

export interface Ground {
  clock: ReturnType<typeof createTestClock>;
  /** The directory of the records, and the files in it, oldest first. */
  records: string;
  files(): string[];
  /** Starts the agent again: the next run. The one before ends as a killed process would, unless it was closed. */
  start(options?: Partial<SpoolOptions>): Promise<Spool>;
  /** The disk takes nothing while this is set. */
  full: boolean;
  remembered: number | null;
  remove(): Promise<void>;
}

export function makeGround(): Ground {
  const dir = mkdtempSync(join(tmpdir(), "spool-"));
  const records = join(dir, "spool");
  let epoch = 0;
  let run = 0;
  const made: AppendFile[] = [];
  const runs: Spool[] = [];
  const ground: Ground = {
    clock: createTestClock(),
    records,
    files: () => (existsSync(records) ? readdirSync(records).sort() : []),
    full: false,
    remembered: null,
    async start(options = {}) {
      const mine = ++run;
      const check = () => {
        if (mine !== run) throw new Error("killed");
        if (ground.full) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
      };
      epoch = Math.max(epoch, ground.remembered ?? 0) + 1;
      const spool = await openSpool({
        dir, epoch, clock: ground.clock, log: silentLog,
        rememberEpoch: (next) => void (ground.remembered = next),
        async createFile(path) {
          check();
          const file = await createAppendFile(path);
          made.push(file);
          return { get size() { return file.size; }, append: async (bytes, how) => { check(); await file.append(bytes, how); }, sync: file.sync, close: file.close };
        },
        ...options,
      });
      runs.push(spool);
      return spool;
    },
    async remove() {
      for (const spool of runs) await spool.written();
      for (const file of made) await file.close();
      rmSync(dir, { recursive: true });
    },
  };
  return ground;
}

/** Everything there is to read now. */
export async function drain(reader: SpoolReader, at = 99): Promise<SpoolFrame[]> {
  const frames: SpoolFrame[] = [];
  for (let frame = await reader.next(at); frame; frame = await reader.next(at)) frames.push(frame);
  return frames;
}

/** A frame in a few letters: `EPOCH:SEQ`, with the name of an event; a gap as `gap FROM-TO`. */
export function brief(frame: SpoolFrame): string {
  const place = ({ epoch, seq }: Cursor) => `${epoch}:${seq}`;
  if (frame.frame === "gap") return `gap ${frame.from ? place(frame.from) : "?"}-${place(frame.to)}`;
  return frame.frame === "event" ? `${place(frame.event)} ${frame.event.name}` : `${place(frame)} ${frame.frame}`;
}
