/** Tells a death that somebody asked for from one that nobody did. */
import { constants } from "node:os";

/** Signals that people and engines send to end a container. */
const ENDING: ReadonlySet<number> = new Set([constants.signals.SIGTERM, constants.signals.SIGKILL, constants.signals.SIGINT, constants.signals.SIGQUIT]);
/** Any other signal (reload, rotate logs) only explains a death that follows at once. */
const AT_ONCE_MS = 5_000;

export interface Deaths {
  /** A run begins: what was asked of the last one no longer counts. */
  started(id: string): void;
  /** A signal was sent. `stopSignal`: what this container's own stop sends, where it is known. */
  signalled(id: string, signal: number | null, at: number, stopSignal: number | null): void;
  /** The engine says that it was stopped on purpose. */
  stopped(id: string): void;
  /** Whether the death of this run at `at` was asked for. */
  wasAsked(id: string, at: number): boolean;
  /** Drops what is known of all containers but these. */
  keepOnly(ids: { has(id: string): boolean }): void;
  forget(id: string): void;
}

export function createDeaths(): Deaths {
  /** Until when a death counts as asked for, by container id. */
  const askedUntil = new Map<string, number>();
  return {
    started: (id) => void askedUntil.delete(id),
    signalled(id, signal, at, stopSignal) {
      const ends = signal === null || signal === stopSignal || ENDING.has(signal);
      const until = ends ? Number.POSITIVE_INFINITY : at + AT_ONCE_MS;
      askedUntil.set(id, Math.max(until, askedUntil.get(id) ?? 0));
    },
    stopped: (id) => void askedUntil.set(id, Number.POSITIVE_INFINITY),
    wasAsked: (id, at) => at <= (askedUntil.get(id) ?? Number.NEGATIVE_INFINITY),
    keepOnly(ids) {
      for (const id of askedUntil.keys()) if (!ids.has(id)) askedUntil.delete(id);
    },
    forget: (id) => void askedUntil.delete(id),
  };
}
