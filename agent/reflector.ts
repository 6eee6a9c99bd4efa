/**
 * What is true about this host's containers. Subscribes to the engine's events, then lists, then keeps
 * up; lists again on a slow period for what the event stream lost. An engine that is away, stalled or
 * forbidden is a status, never an end.
 */
import type { Container, RuntimeEvent, RuntimeStatus } from "@/protocol/shapes";
import type { Clock } from "./clock";
import { AgentFailure } from "./errors";
import type { Log } from "./log";
import type { EngineEvent, Runtime, Sighting } from "./runtime/runtime";
import type { Earlier } from "./spool/earlier";
import type { Gap } from "./spool/record";
import { createDeaths } from "./telemetry/deaths";

/** The slow period. */
export const RELIST_MS = 30_000;
/** Between proofs that the engine still answers; each also dates the list. */
export const PROOF_MS = 5_000;
/** Between attempts to reach an engine that is away. */
const RETRY_MS = 1_000;
/** After something unreadable, so that a flood of it costs one list a second. */
const DOUBT_MS = 1_000;
const LOOKS_AT_ONCE = 8;
/** Events remembered to recognise those that a new subscription tells again. */
const REMEMBERED_EVENTS = 1_024;
/** A new subscription asks for a little more than was missed, since events are not sent in order of time. */
const OVERLAP_MS = 1_000;
/** An agent that was away asks for no more than this; engines remember a few hundred events at most. */
const EARLIER_MS = 24 * 3_600_000;

/** Something that happened, before it has a place among all that is counted. */
export type Happening = Omit<RuntimeEvent, "epoch" | "seq">;
export type Change = { what: "list" | "status" } | { what: "container"; id: string };

export interface Reflector {
  start(): void;
  stop(): void;
  status(): RuntimeStatus;
  /** As last seen; empty before the first list. */
  containers(): ReadonlyMap<string, Container>;
  /** What the engine last showed of a container, with what never leaves the host; undefined when there is none. */
  sighting(id: string): Sighting | undefined;
  /** When the containers were last known to be true; null before the first list. */
  listedAt(): number | null;
  /** Tells what changed, not how: the listener reads it when it wants to. Returns the unsubscribe. */
  subscribe(listener: (change: Change) => void): () => void;
}

export interface ReflectorOptions {
  runtime: Runtime;
  clock: Clock;
  log: Log;
  /** Where the agent's last run ended: what happened since is asked for as far as the engine remembers it. */
  earlier: Pick<Earlier, "at" | "events">;
  /** Told of each event once, in the engine's order. */
  happened(event: Happening): void;
  /** Told of each stretch of time in which something may have happened that was not seen. */
  missed(gap: Gap): void;
  /** The step that this agent ran on a container at that moment, and whether it meant to end it. */
  stepAt(id: string, at: number): { step: string; ends: boolean } | null;
  /** What is read directly here, told with the status; absent: nothing is said of it. */
  reach?: () => RuntimeStatus["reach"];
}

export function createReflector({ runtime, clock, log, earlier, happened, missed, stepAt, reach }: ReflectorOptions): Reflector {
  const deaths = createDeaths();
  const listeners = new Set<(change: Change) => void>();
  const containers = new Map<string, Container>();
  const sightings = new Map<string, Sighting>();
  /** Containers that ran out of memory in this run. */
  const starved = new Set<string>();
  const remembered = new Set(earlier.events.map(keyOf));
  let status = runtime.status();
  let listedAt: number | null = null;
  let lastEventAt = earlier.at === null ? null : Math.min(clock.now(), Math.max(earlier.at, clock.now() - EARLIER_MS));
  /** Since when nothing is heard from the engine. */
  let away: { since: number; why: string } | null = null;
  let stopped = true;
  let endFollowing: (why: string) => void = () => {};

  const tell = (change: Change) => {
    for (const listener of listeners) listener(change);
  };
  /** Of the runtime, with the reach of this moment. */
  function setStatus(ofRuntime: RuntimeStatus): void {
    const next = reach ? { ...ofRuntime, reach: reach() } : ofRuntime;
    if (JSON.stringify(next) === JSON.stringify(status)) return;
    if (next.state !== status.state || next.why !== status.why) {
      if (next.state === "up") log.info(`${next.engine === "podman" ? "Podman" : "Docker"} ${next.version} answers (API ${next.apiVersion}), ${containers.size} containers`);
      else log.warn(`runtime ${next.state}: ${next.why}`);
    }
    status = next;
    tell({ what: "status" });
  }

  // ---- what is known of each container
  function put(sighting: Sighting): void {
    const seen = sighting.container;
    const container = starved.has(seen.id) ? { ...seen, oomKilled: true } : seen;
    sightings.set(seen.id, sighting);
    const before = containers.get(seen.id);
    if (before === container) return; // kept from an earlier list
    containers.set(seen.id, container);
    if (!before || JSON.stringify(before) !== JSON.stringify(container)) tell({ what: "container", id: seen.id });
  }
  function drop(id: string): void {
    sightings.delete(id);
    starved.delete(id);
    deaths.forget(id);
    if (containers.delete(id)) tell({ what: "container", id });
  }

  // ---- looking at single containers, as events ask for it
  const toLook = new Set<string>();
  /** In flight; false once an event has made the answer stale. */
  const looking = new Map<string, boolean>();
  /** What events touched while a list was on its way; true: destroyed. null: no list is. */
  let touched: Map<string, boolean> | null = null;
  function wantLook(id: string): void {
    if (looking.has(id)) looking.set(id, false);
    toLook.add(id);
    lookOn();
  }
  function lookOn(): void {
    for (const id of toLook) {
      if (looking.size >= LOOKS_AT_ONCE) return;
      if (looking.has(id)) continue;
      toLook.delete(id);
      looking.set(id, true);
      void lookAt(id);
    }
  }
  async function lookAt(id: string): Promise<void> {
    try {
      const sighting = await runtime.look(id);
      if (looking.get(id)) {
        if (sighting) put(sighting);
        else drop(id);
      }
    } catch (error) {
      if (!(error instanceof AgentFailure)) log.error(`looking at ${id.slice(0, 12)} failed`, error);
      // Otherwise the engine is away or overloaded: the next list tells.
    } finally {
      looking.delete(id);
      lookOn();
    }
  }

  // ---- events
  function onEvent(event: EngineEvent): void {
    const key = keyOf(event);
    if (remembered.has(key)) return;
    remembered.add(key);
    if (remembered.size > REMEMBERED_EVENTS) for (const oldest of remembered) { remembered.delete(oldest); break; }
    lastEventAt = Math.max(lastEventAt ?? 0, event.at);
    const ours = stepAt(event.id, event.at);
    const asked = event.kind === "die" && (ours?.ends === true || deaths.wasAsked(event.id, event.at));
    noteRun(event);
    happened(toHappening(event, containers.get(event.id), asked, ours?.step ?? null));
    touched?.set(event.id, event.kind === "destroy");
    if (event.kind === "destroy") {
      if (looking.has(event.id)) looking.set(event.id, false);
      toLook.delete(event.id);
      drop(event.id);
    } else wantLook(event.id);
  }
  function noteRun({ kind, id, signal, at }: EngineEvent): void {
    if (kind === "kill") deaths.signalled(id, signal, at, sightings.get(id)?.stopSignal ?? null);
    else if (kind === "stop") deaths.stopped(id); // Docker says it after the death, Podman before
    else if (kind === "oom") starved.add(id);
    else if (kind === "start") {
      deaths.started(id);
      starved.delete(id);
    }
  }

  // ---- lists
  async function relist(): Promise<void> {
    touched = new Map();
    try {
      const sightings = await runtime.list();
      const alive = new Set(sightings.map(({ container }) => container.id));
      for (const id of [...containers.keys()]) if (!alive.has(id) && !touched.has(id)) drop(id);
      for (const sighting of sightings) if (!touched.get(sighting.container.id)) put(sighting);
      for (const [id, destroyed] of touched) if (!destroyed) wantLook(id);
      deaths.keepOnly(containers);
      const first = listedAt === null;
      listedAt = clock.now();
      if (first) tell({ what: "list" });
    } finally {
      touched = null;
    }
  }

  // ---- the engine: reach it, follow it, notice when it is gone
  /** Follows one connection until it ends; resolves with why. Rejects when it could not begin. */
  async function follow(connected: RuntimeStatus): Promise<string> {
    const cleanup: (() => void)[] = [];
    let settle: (why: string) => void = () => {};
    const over = new Promise<string>((resolve) => (settle = resolve));
    endFollowing = settle;
    let listing: Promise<boolean> | null = null;
    const list = () => {
      listing ??= relist()
        .then(() => true, (error: unknown) => {
          settle(reason(error, log));
          return false;
        })
        .finally(() => (listing = null));
      return listing;
    };
    let cancelDoubt: (() => void) | null = null;
    try {
      const subscription = await runtime.follow({
        since: lastEventAt === null ? null : lastEventAt - OVERLAP_MS,
        onEvent,
        onDoubt(why) {
          if (cancelDoubt) return;
          log.warn(`${why}; listing again`);
          missed({ since: clock.now(), until: clock.now(), why: `The engine told something that the agent could not read: ${why}.` });
          cancelDoubt = clock.after(DOUBT_MS, () => {
            cancelDoubt = null;
            void list();
          });
        },
      });
      cleanup.push(subscription.close, () => cancelDoubt?.());
      // What happened meanwhile was asked for, but an engine that was restarted has forgotten it.
      if (away) missed({ ...away, until: clock.now() });
      away = null;
      void subscription.ended.then((why) => settle(`The engine's event stream ended: ${why}.`));
      if (await list()) setStatus(connected);
      cleanup.push(clock.every(RELIST_MS, () => void list()));
      let proving = false;
      cleanup.push(clock.every(PROOF_MS, () => {
        if (proving) return;
        proving = true;
        runtime.ping().then(() => {
          listedAt = clock.now();
          setStatus(connected); // the reach may be another
        }, (error: unknown) => settle(reason(error, log))).finally(() => (proving = false));
      }));
      return await over;
    } finally {
      for (const task of cleanup) task();
    }
  }

  async function run(): Promise<void> {
    while (!stopped) {
      const connected = await runtime.connect();
      if (stopped) return;
      if (connected.state !== "up") {
        setStatus(connected);
        away ??= { since: clock.now(), why: connected.why ?? "The container engine was away." };
      } else {
        const since = clock.monotonic();
        const why = await follow(connected).catch((error: unknown) => reason(error, log));
        if (stopped) return;
        away ??= { since: listedAt ?? clock.now(), why };
        setStatus({ ...connected, state: "down", why });
        if (clock.monotonic() - since > RETRY_MS) continue; // it worked for a while: most often it is back at once
      }
      await new Promise<void>((resolve) => void clock.after(RETRY_MS, resolve));
    }
  }

  return {
    start() {
      if (!stopped) return;
      stopped = false;
      void run();
    },
    stop() {
      stopped = true;
      endFollowing("the agent stops");
    },
    status: () => status,
    containers: () => containers,
    sighting: (id) => sightings.get(id),
    listedAt: () => listedAt,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function reason(error: unknown, log: Log): string {
  if (error instanceof AgentFailure) return error.message;
  log.error("following the engine failed", error);
  return "The agent could not follow the engine; its own log says more.";
}

/** Tells an event that is told again. */
function keyOf({ at, id, kind }: Pick<EngineEvent, "at" | "id" | "kind">): string {
  return `${at} ${id} ${kind}`;
}

function toHappening(event: EngineEvent, known: Container | undefined, asked: boolean, step: string | null): Happening {
  return {
    at: event.at,
    kind: event.kind,
    id: event.id,
    // An event without labels says nothing of compose; what was seen of the container does.
    target: known && !event.labelled && event.kind !== "rename" ? known.target : event.target,
    name: event.name,
    image: event.image,
    exitCode: event.exitCode,
    signal: event.signal,
    health: event.health,
    asked,
    step,
  };
}
