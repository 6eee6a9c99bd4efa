/**
 * What a search through many logs has told so far: hits merged by time, how far each host is, what was left
 * out. Painted a few times a second, however fast hits come. No React in here.
 */
import { createStore, type Store } from "@/app/_trpc/store";
import type { SearchHit, SearchMessage, SearchProgress } from "@/server/domains/logs/schema";

export interface Skipped {
  hostId: string;
  /** null: the whole host. */
  id: string | null;
  code: string | null;
  why: string;
}
export interface SearchState {
  /** The newest last, as in a log. */
  hits: readonly SearchHit[];
  hosts: readonly SearchProgress[];
  skipped: readonly Skipped[];
  /** null: under way. more: the bound of hits was reached. */
  done: { more: boolean } | null;
  error: unknown;
}
export const NO_RESULT: SearchState = { hits: [], hosts: [], skipped: [], done: null, error: null };

const PAINT_MS = 200;

/** Hits in the order of time; those of one moment, or of none, as they came. */
export function inOrder(hits: readonly SearchHit[]): SearchHit[] {
  return [...hits].sort((one, other) => (one.at ?? Infinity) - (other.at ?? Infinity));
}

export interface SearchResult {
  state: Pick<Store<SearchState>, "get" | "subscribe">;
  take(message: SearchMessage): void;
  fail(error: unknown): void;
  stop(): void;
}

export function createSearchResult(): SearchResult {
  const state = createStore<SearchState>(NO_RESULT);
  const hits: SearchHit[] = [];
  const hosts = new Map<string, SearchProgress>();
  const skipped: Skipped[] = [];
  let done: SearchState["done"] = null;
  let error: unknown = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const paint = () => {
    clearTimeout(timer);
    timer = undefined;
    state.set({ hits: inOrder(hits), hosts: [...hosts.values()], skipped: [...skipped], done, error });
  };
  return {
    state,
    take(message) {
      if (message.type === "hits") hits.push(...message.hits);
      else if (message.type === "progress") for (const host of message.hosts) hosts.set(host.hostId, host);
      else if (message.type === "skipped") skipped.push({ hostId: message.hostId, id: message.id, code: message.code, why: message.why });
      else done = { more: message.more };
      if (message.type === "done") paint();
      else timer ??= setTimeout(paint, PAINT_MS);
    },
    fail(reason) {
      error = reason;
      paint();
    },
    stop: () => clearTimeout(timer),
  };
}

/** How much of all that is to be looked through was: bytes where every host knows them, otherwise containers. */
export function shareOf(hosts: readonly SearchProgress[]): { part: number; bytes: number; of: number; containers: number } {
  let [bytes, ofBytes, done, of] = [0, 0, 0, 0];
  let isKnown = hosts.length > 0;
  for (const host of hosts) {
    bytes += host.bytes;
    const isOver = host.state === "done" || host.state === "failed";
    if (host.ofBytes === null) isKnown &&= isOver;
    ofBytes += isOver ? host.bytes : (host.ofBytes ?? 0);
    done += isOver ? host.of : host.containers;
    of += host.of;
  }
  const part = isKnown && ofBytes > 0 ? bytes / ofBytes : of > 0 ? done / of : 0;
  return { part: Math.min(1, part), bytes, of, containers: done };
}
