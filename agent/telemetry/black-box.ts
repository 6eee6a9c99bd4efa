/**
 * At each death, each lack of memory and each turn to unhealthy: what the container said and was, kept beside
 * the event before the engine or a recreate takes it away. The engine removes a `--rm` container at its death,
 * so the documents of those that run are kept ready.
 */
import { LIMITS } from "@/protocol/limits";
import type { BlackBox, Container, Cursor } from "@/protocol/shapes";
import type { Clock } from "../clock";
import { AgentFailure } from "../errors";
import type { Log } from "../log";
import type { LastLines } from "../logs/last-lines";
import type { Happening } from "../reflector";
import type { Runtime } from "../runtime/runtime";
import { boundInspect } from "./box-inspect";

/** Boxes filled at once, and those that wait. A host that stops is hundreds of deaths in a second. */
const AT_ONCE = 4;
const WAITING = 256;
/** How long lines may take; a box without them is better than none. */
const LINES_MS = 10_000;
/** Documents of `--rm` containers kept ready, and their bytes. */
const READY = 512;
const READY_BYTES = 4 << 20;
/** Documents of them that are fetched at once, and those that wait. */
const FETCHES = 2;
const FETCHES_WAITING = 512;
const SKIPPED = "Too much happened at once on this host, so it was not read.";
const FAILED = "The agent failed at it; its own log says more.";

export interface BlackBoxes {
  /** Fills a box where the event asks for one. `place`: the event's. */
  note(event: Happening, place: Cursor): void;
  /** The container as it is now. */
  seen(container: Container): void;
  gone(id: string): void;
}

export interface BlackBoxOptions {
  runtime: Pick<Runtime, "inspect">;
  /** Within the bounds of a box. */
  lastLines(id: string, lines: number): Promise<LastLines>;
  window(id: string): BlackBox["window"];
  /** Takes a full box; the next is filled when it resolves. */
  keep(box: BlackBox): Promise<void>;
  clock: Clock;
  log: Log;
}

interface Ready {
  state: Container["state"];
  at: number;
  json: string;
  why: string | null;
}

export function createBlackBoxes({ runtime, lastLines, window, keep, clock, log }: BlackBoxOptions): BlackBoxes {
  const boxes = createQueue(AT_ONCE, WAITING, log);
  const fetches = createQueue(FETCHES, FETCHES_WAITING, log);
  /** The state in which each `--rm` container was last fetched, or is to be. */
  const wanted = new Map<string, Container["state"]>();
  const ready = new Map<string, Ready>();
  let readyBytes = 0;
  const unhealthy = new Set<string>();

  function forget(id: string): void {
    readyBytes -= ready.get(id)?.json.length ?? 0;
    ready.delete(id);
  }
  async function fetch({ id, state }: Container): Promise<void> {
    const found = await runtime.inspect(id).catch((error: unknown) => {
      if (error instanceof AgentFailure) return null; // gone already, or the engine is away: then there is none
      throw error;
    });
    if (!found || !wanted.has(id)) return;
    forget(id);
    ready.set(id, { state, at: clock.now(), ...boundInspect(found) });
    readyBytes += ready.get(id)?.json.length ?? 0;
    for (const oldest of ready.keys()) {
      if (ready.size <= READY && readyBytes <= READY_BYTES) break;
      forget(oldest);
    }
  }
  async function readLines(id: string): Promise<Pick<BlackBox, "lines" | "linesCut" | "linesWhy">> {
    let cancel = () => {};
    const late = new Promise<LastLines>((resolve) => {
      cancel = clock.after(LINES_MS, () => resolve({ lines: "", cut: 0, why: `Its last lines could not be read within ${LINES_MS / 1_000} s.` }));
    });
    try {
      const { lines, cut, why } = await Promise.race([lastLines(id, LIMITS.boxLines), late]);
      return { lines, linesCut: cut, linesWhy: why };
    } catch (error) {
      return { lines: "", linesCut: 0, linesWhy: whyOf(error) };
    } finally {
      cancel();
    }
  }
  async function readInspect(id: string, kept: Ready | undefined): Promise<Pick<BlackBox, "inspect" | "inspectWhy">> {
    try {
      const { json, why } = boundInspect(await runtime.inspect(id));
      return { inspect: parse(json), inspectWhy: why };
    } catch (error) {
      return kept ? fromReady(kept) : { inspect: null, inspectWhy: whyOf(error) };
    }
  }
  function whyOf(error: unknown): string {
    if (error instanceof AgentFailure) return error.message.slice(0, LIMITS.textChars);
    log.error("a black box could not be filled", error);
    return FAILED;
  }

  function fill({ id, at, target }: Happening, event: Cursor): void {
    const frame = { event, at, id, target, window: window(id) };
    const kept = ready.get(id); // taken now: what follows a death may be the removal
    const taken = boxes.add(async () => {
      const [lines, inspect] = await Promise.all([readLines(id), readInspect(id, kept)]);
      await keep({ ...frame, ...lines, ...inspect });
    });
    if (taken) return;
    void keep({ ...frame, lines: "", linesCut: 0, linesWhy: SKIPPED, ...(kept ? fromReady(kept) : { inspect: null, inspectWhy: SKIPPED }) });
  }

  return {
    note(event, place) {
      const turned = event.kind === "health" && event.health === "unhealthy" && !unhealthy.has(event.id);
      if (event.kind === "health" && event.health === "unhealthy") unhealthy.add(event.id);
      else if (event.kind === "health" || event.kind === "die" || event.kind === "start" || event.kind === "destroy") unhealthy.delete(event.id);
      if (turned || event.kind === "die" || event.kind === "oom") fill(event, place);
    },
    seen(container) {
      const { id, autoRemove, state } = container;
      if (!autoRemove || (state !== "created" && state !== "running") || wanted.get(id) === state) return;
      if (fetches.add(() => fetch(container))) wanted.set(id, state);
    },
    gone(id) {
      wanted.delete(id);
      unhealthy.delete(id);
      forget(id);
    },
  };
}

function fromReady({ at, json, why }: Ready): Pick<BlackBox, "inspect" | "inspectWhy"> {
  return { inspect: parse(json), inspectWhy: `The engine removed it as soon as it ended. This is how it was at ${new Date(at).toISOString()}.${why ? ` ${why}` : ""}`.slice(0, LIMITS.textChars) };
}
function parse(json: string): Record<string, unknown> {
  return JSON.parse(json) as Record<string, unknown>;
}

/** Runs tasks in their order, at most `atOnce` at a time; `add` says no while `waiting` others wait. */
function createQueue(atOnce: number, waiting: number, log: Log): { add(task: () => Promise<void>): boolean } {
  const queue: (() => Promise<void>)[] = [];
  let running = 0;
  function next(): void {
    const task = running < atOnce ? queue.shift() : undefined;
    if (!task) return;
    running++;
    void task().catch((error: unknown) => log.error("a black box could not be filled", error)).finally(() => {
      running--;
      next();
    });
  }
  return {
    add(task) {
      if (queue.length >= waiting) return false;
      queue.push(task);
      next();
      return true;
    },
  };
}
