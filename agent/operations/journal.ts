/**
 * The agent's record of changes: what was begun, written before the engine is called, and how it ended.
 * One JSON object a line, synced to the disk before anybody goes on. Read once at the start.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod/mini";
import { LIMITS, TIMES } from "@/protocol/limits";
import { Outcome, RuntimeId, StepId } from "@/protocol/shapes";
import type { Clock } from "../clock";
import { type AppendFile, replaceFile } from "../durable-file";
import { AgentFailure } from "../errors";

/** Steps kept at most, whatever their age: 24 hours of one change each 8 seconds. */
export const STEPS_KEPT = 10_000;
/** The file is written anew when it holds this many times the lines that are still needed. */
const SLACK = 4;
const SLACK_LINES = 1_000;

const Begun = z.object({
  step: StepId,
  operation: StepId,
  verb: z.string().check(z.maxLength(64)),
  /** The container. */
  id: RuntimeId,
  /** Seconds of grace, where the change has any; how long a look at the container is worth repeating. */
  grace: z.nullable(z.number()),
  actor: z.string().check(z.maxLength(LIMITS.textChars)),
  /** Milliseconds since 1970, just before the engine was called. */
  at: z.number(),
});
export type Begun = z.infer<typeof Begun>;
const Line = z.union([z.object({ begun: Begun }), z.object({ ended: StepId, outcome: Outcome })]);
type Line = z.infer<typeof Line>;

/** outcome null: begun, and no end was recorded. */
export interface Entry {
  begun: Begun;
  outcome: Outcome | null;
}

export interface Journal {
  get(step: string): Entry | undefined;
  /** Steps without an end. */
  open(): Entry[];
  /** Resolves once it is on the disk. Rejects with AgentFailure when it cannot be: then the change must not begin. */
  begin(begun: Begun): Promise<void>;
  /** Resolves once it is on the disk; the entry has its outcome at once. */
  end(step: string, outcome: Outcome): Promise<void>;
  close(): Promise<void>;
}

/** Opens `operations.jsonl` in a directory. Lines that cannot be read are left out and told to `onBadLine`. */
export async function openJournal({ dir, clock, onBadLine }: { dir: string; clock: Clock; onBadLine(count: number): void }): Promise<Journal> {
  const path = join(dir, "operations.jsonl");
  const entries = await load(path, clock.now() - TIMES.operationMemoryMs, onBadLine);
  let file = await rewrite(path, entries);
  let lines = entries.size * 2;

  // Group commit: what waits while one write is synced goes with the next.
  let waiting: { text: string; resolve(): void; reject(error: unknown): void }[] = [];
  let flushing: Promise<void> | null = null;
  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await file.append(Buffer.from(batch.map(({ text }) => text).join("")), { synced: true });
        lines += batch.length;
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
      if (lines > SLACK_LINES && lines > entries.size * SLACK) await compact();
    }
    flushing = null;
  }
  function append(line: Line): Promise<void> {
    return new Promise((resolve, reject) => {
      waiting.push({ text: `${JSON.stringify(line)}\n`, resolve, reject });
      flushing ??= flush();
    });
  }
  async function compact(): Promise<void> {
    forgetOld(entries, clock.now() - TIMES.operationMemoryMs);
    try {
      const fresh = await rewrite(path, entries);
      await file.close();
      file = fresh;
      lines = entries.size * 2;
    } catch {
      lines = 0; // no room now; the old file is whole, try again after as many lines
    }
  }

  return {
    get: (step) => entries.get(step),
    open: () => [...entries.values()].filter(({ outcome }) => outcome === null),
    async begin(begun) {
      forgetOld(entries, clock.now() - TIMES.operationMemoryMs);
      entries.set(begun.step, { begun, outcome: null });
      try {
        await append({ begun });
      } catch (error) {
        entries.delete(begun.step);
        const code = (error as NodeJS.ErrnoException).code;
        const why = code === "ENOSPC" || code === "EDQUOT" ? "its disk is full" : code === "EROFS" ? "it is read-only" : (code ?? "it failed");
        throw new AgentFailure("internal", `The agent could not write to its state directory (${why}), so nothing was changed. Make room on that host at ${dir} and try again.`, { cause: error });
      }
    },
    async end(step, outcome) {
      const entry = entries.get(step);
      if (entry) entry.outcome = outcome;
      await append({ ended: step, outcome });
    },
    async close() {
      await flushing;
      await file.close();
    },
  };
}

async function load(path: string, since: number, onBadLine: (count: number) => void): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  let bad = 0;
  for (const raw of text.split("\n")) {
    if (raw === "") continue;
    const line = parse(raw);
    if (!line) bad++;
    else if ("begun" in line) entries.set(line.begun.step, { begun: line.begun, outcome: null });
    else {
      const entry = entries.get(line.ended);
      if (entry) entry.outcome = line.outcome;
    }
  }
  if (bad > 0) onBadLine(bad);
  forgetOld(entries, since);
  return entries;
}

function parse(text: string): Line | null {
  try {
    const line = Line.safeParse(JSON.parse(text));
    return line.success ? line.data : null;
  } catch {
    return null; // torn by a crash in mid-write
  }
}

/** Old ended steps go, oldest first. One without an end stays: it is still to be settled. */
function forgetOld(entries: Map<string, Entry>, since: number): void {
  for (const [step, { begun, outcome }] of entries) {
    if (outcome === null) continue;
    if (begun.at >= since && entries.size < STEPS_KEPT) return;
    entries.delete(step);
  }
}

/** Writes all entries anew, in the old file's place. */
function rewrite(path: string, entries: ReadonlyMap<string, Entry>): Promise<AppendFile> {
  const text = [...entries.values()].map(({ begun, outcome }) => {
    const begin: Line = { begun };
    const end: Line | null = outcome && { ended: begun.step, outcome };
    return `${JSON.stringify(begin)}\n${end ? `${JSON.stringify(end)}\n` : ""}`;
  });
  return replaceFile(path, text.join(""));
}
