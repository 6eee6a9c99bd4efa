/**
 * The list of all containers with their details. The engine's list tells little of each, and an inspect of
 * each is dear; so what was inspected once serves while its list entry says that nothing changed.
 */
import { AgentFailure } from "../../errors";
import type { Sighting } from "../runtime";
import { type Fields, isFields, textAt } from "./fields";
import { readSummary } from "./read-container";

const INSPECTS_AT_ONCE = 8;
/** Stopped containers inspected in one list; the others follow in later lists. Protects engines with thousands. */
const SETTLED_INSPECTS = 1_000;
/** A running one is inspected each so many lists, for what its entry does not show and no event told. */
const LISTS_SERVED = 10;

export interface Listing {
  list(): Promise<Sighting[]>;
  /** Somebody had a reason to look at it: what was kept of it may be stale. */
  forget(id: string): void;
}

export function createListing({ entries, look }: { entries(): Promise<unknown>; look(id: string): Promise<Sighting | null> }): Listing {
  let kept = new Map<string, { signature: string; sighting: Sighting }>();
  let lists = 0;

  async function list(): Promise<Sighting[]> {
    const answer = await entries();
    if (!Array.isArray(answer)) throw new AgentFailure("engine_error", "The engine's list of containers is not a list.");
    lists++;
    const found = new Map<string, Sighting>();
    const known = new Map<string, { signature: string; sighting: Sighting }>();
    const toInspect: { id: string; signature: string | null }[] = [];
    let left = SETTLED_INSPECTS;
    for (const entry of answer) {
      const summary = isFields(entry) ? readSummary(entry) : null;
      if (!summary) continue;
      const { id } = summary.container;
      found.set(id, summary);
      const settled = isSettled(summary);
      const signature = settled ? settledSignature(summary) : runningSignature(summary, entry as Fields);
      const before = kept.get(id);
      if (signature !== null && before?.signature === signature && (settled || !hasItsTurn(id, lists))) {
        found.set(id, before.sighting);
        known.set(id, before);
      } else if (!settled || left-- > 0) toInspect.push({ id, signature });
    }
    await inEach(toInspect, INSPECTS_AT_ONCE, async ({ id, signature }) => {
      const sighting = await lookAmong(id, found.get(id));
      if (!sighting) found.delete(id);
      else {
        // What runs and could not be inspected is tried again in the next list.
        if (signature !== null && (sighting !== found.get(id) || isSettled(sighting))) known.set(id, { signature, sighting });
        found.set(id, sighting);
      }
    });
    kept = known;
    return [...found.values()];
  }
  /** One broken container, whose inspect fails, must not hide all others. An engine that is away must. */
  async function lookAmong(id: string, summary: Sighting | undefined): Promise<Sighting | null> {
    try {
      return await look(id);
    } catch (error) {
      if (error instanceof AgentFailure && error.code === "engine_error" && summary) return summary;
      throw error;
    }
  }
  return { list, forget: (id) => void kept.delete(id) };
}

function isSettled({ container: { state } }: Sighting): boolean {
  return state === "exited" || state === "created" || state === "dead";
}

/** What of a stopped container's list entry changes when it ran again, was renamed or is another. */
function settledSignature({ container }: Sighting): string {
  return `${container.state} ${container.exitCode} ${container.createdAt} ${container.name}`;
}

/** All that a running container's entry says, but for how long it has been up; null while that is under a minute, and in between two states. */
function runningSignature({ container }: Sighting, entry: Fields): string | null {
  if (container.state !== "running" && container.state !== "paused") return null;
  if (/^Up (Less than|About a minute|\d+ seconds?\b)/.test(textAt(entry, "Status"))) return null;
  return JSON.stringify([container, entry.Ports]);
}

/** Spread over the lists, so that no list inspects all. */
function hasItsTurn(id: string, lists: number): boolean {
  return (lists + Number.parseInt(id.slice(0, 4), 16)) % LISTS_SERVED === 0;
}

/** Runs `task` for each item, at most `atOnce` at a time; rejects with the first failure. */
async function inEach<T>(items: readonly T[], atOnce: number, task: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, async () => {
    for (const item of queue) await task(item);
  }));
}
