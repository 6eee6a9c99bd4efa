/**
 * The logs of one view: a stream for each container, the lines that came before, and what is known of each.
 * A container is named by its lasting address, so a view goes on when the container is created again.
 * No React in here.
 */
import { createStore } from "@/app/_trpc/store";
import { LIMITS } from "@/protocol/limits";
import { createLogIndex, type LogIndex } from "@/protocol/log-text";
import type { LogCursor, LogPage, LogSource, LogStart } from "@/protocol/logs";
import type { followLog, LogFeed, LogFeedState } from "./log-feed";
import type { LogStore } from "./log-store";

/** What runs under a lasting address now. */
export interface LogTarget {
  key: string;
  hostId: string;
  /** Runtime id; null while nothing runs there. */
  id: string | null;
  /** Whether it writes now; one that has ended and runs again is followed again. */
  isRunning: boolean;
}

/** more: there may be older lines. none: the first line is here. full: no more are kept here. */
export type OlderState = "more" | "loading" | "none" | "full" | "failed";

export interface SourceView {
  key: string;
  hostId: string;
  id: string | null;
  source: LogSource | null;
  /** null: nothing to follow, since no container is there. */
  feed: LogFeedState | null;
  older: OlderState;
  /** Why older lines could not be read. */
  olderError: unknown;
}

export interface LogSessionDeps {
  store: LogStore;
  follow: typeof followLog;
  ticket: () => Promise<{ ticket: string }>;
  page: (input: { hostId: string; id: string; before: LogCursor | { until: number } | null; lines: number }) => Promise<LogPage>;
  /** Where a container's log begins in this view. */
  startOf: (key: string) => LogStart;
}

export interface LogSession {
  /** In the order of the targets; a new list with each change. */
  readonly sources: { get: () => readonly SourceView[]; subscribe: (listener: () => void) => () => void };
  /** What is to be seen from here on. What is no longer named leaves with its lines. */
  show(targets: readonly LogTarget[]): void;
  /** Reads a page of older lines, of the container whose known lines begin last; whether any were asked for. */
  loadOlder(): Promise<boolean>;
  /** Ends all streams. */
  stop(): void;
}

/** In place of a gap's reason: the container was created again here, and nothing is missing. */
export const CREATED_AGAIN = "\u0000created-again";
/** A line that has no end yet is shown when nothing has come after it for so long. */
const QUIET_MS = 1_000;
const PAGE_LINES = LIMITS.logPageLines;

interface Source extends SourceView {
  isRunning: boolean;
  stream: LogFeed | null;
  index: LogIndex;
  quiet: ReturnType<typeof setTimeout> | undefined;
  start: LogStart;
  /** The first container's id: the older lines are its. */
  firstId: string | null;
  /** Before it the older lines end; null until the first line is here. */
  from: LogCursor | null;
  to: LogCursor | null;
  /** The time of the first line that is here. */
  oldestAt: number | null;
}

export function createLogSession({ store, follow, ticket, page, startOf }: LogSessionDeps): LogSession {
  const sources = new Map<string, Source>();
  const views = createStore<readonly SourceView[]>([]);
  let order: readonly string[] = [];

  function tell(): void {
    views.set(order.flatMap((key) => {
      const one = sources.get(key);
      return one ? [{ key, hostId: one.hostId, id: one.id, source: one.source, feed: one.feed, older: one.older, olderError: one.olderError }] : [];
    }));
  }

  function flush(one: Source): void {
    clearTimeout(one.quiet);
    const rest = one.index.flush();
    if (rest) void store.add(one.key, rest);
  }

  function open(one: Source, id: string, start: LogStart): void {
    one.id = id;
    one.firstId ??= id;
    const isFirst = one.firstId === id;
    one.stream = follow({
      hostId: one.hostId, id, start, follow: true, ticket,
      handlers: {
        onSource: (source) => {
          one.source = source;
          tell();
        },
        onBatch: (bytes, form, { from, to }) => {
          if (isFirst) one.from ??= from;
          one.to = to;
          const chunk = one.index.push(bytes, form);
          if (isFirst && one.oldestAt === null && chunk.lines > 0) one.oldestAt = chunk.at(0);
          clearTimeout(one.quiet);
          one.quiet = setTimeout(() => flush(one), QUIET_MS);
          return chunk.lines > 0 ? store.add(one.key, chunk) : undefined;
        },
        onGap: (gap) => {
          flush(one);
          store.addGap(one.key, gap);
        },
        onState: (state) => {
          one.feed = state;
          if (state.state === "ended") flush(one);
          tell();
        },
      },
    });
    one.feed = one.stream.state();
  }

  function follows(one: Source, target: LogTarget): void {
    const was = one.isRunning;
    one.isRunning = target.isRunning;
    if (target.id === null || target.id === one.id) {
      // The same container, started again after its log had ended: on from where it ended.
      const isOver = one.feed?.state === "ended" && !one.feed.gone;
      if (isOver && target.isRunning && !was && one.id !== null) open(one, one.id, one.to === null ? { at: "oldest" } : { at: "cursor", cursor: one.to });
      return;
    }
    const isFirst = one.id === null;
    one.stream?.stop();
    if (!isFirst) {
      flush(one);
      one.index = createLogIndex();
      one.to = null;
      store.addGap(one.key, { at: null, bytes: null, why: CREATED_AGAIN });
    }
    open(one, target.id, isFirst ? one.start : { at: "oldest" });
  }

  function drop(one: Source): void {
    clearTimeout(one.quiet);
    one.stream?.stop();
    store.clear(one.key);
    sources.delete(one.key);
  }

  /** Where the page before what is here ends; undefined while that is not known. */
  function endOfOlder(one: Source): LogCursor | { until: number } | undefined {
    if (one.from !== null) return one.from;
    if (one.feed?.state !== "live" && one.feed?.state !== "ended") return undefined;
    return one.start.at === "time" ? { until: one.start.since } : undefined;
  }

  async function loadOlderOf(one: Source): Promise<void> {
    const before = endOfOlder(one);
    if (before === undefined || one.firstId === null) return;
    one.older = "loading";
    tell();
    try {
      const answer = await page({ hostId: one.hostId, id: one.firstId, before, lines: PAGE_LINES });
      if (sources.get(one.key) === one) takeOlder(one, answer);
    } catch (error) {
      one.older = "failed";
      one.olderError = error;
    }
    tell();
  }

  function takeOlder(one: Source, answer: LogPage): void {
    one.olderError = null;
    const index = createLogIndex();
    const chunk = index.push(new TextEncoder().encode(answer.text), "entries");
    if (chunk.lines > 0 && !store.addOlder(one.key, chunk)) {
      one.older = "full";
      return;
    }
    if (answer.gap) store.addGap(one.key, answer.gap, "first");
    if (chunk.lines > 0) one.oldestAt = chunk.at(0);
    // A page that says neither a line nor an end would be asked for for ever.
    const isEnd = answer.first || answer.from === null || answer.from === one.from;
    one.from = answer.from ?? one.from;
    one.older = isEnd ? "none" : "more";
  }

  return {
    sources: views,
    show(targets) {
      order = targets.map((target) => target.key);
      const named = new Set(order);
      for (const one of [...sources.values()]) if (!named.has(one.key)) drop(one);
      for (const target of targets) {
        let one = sources.get(target.key);
        if (!one) {
          const start = startOf(target.key);
          one = {
            key: target.key, hostId: target.hostId, id: null, source: null, feed: null, older: start.at === "oldest" ? "none" : "more", olderError: null,
            isRunning: target.isRunning, stream: null, index: createLogIndex(), quiet: undefined, start, firstId: null, from: null, to: null, oldestAt: null,
          };
          sources.set(target.key, one);
        }
        follows(one, target);
      }
      tell();
    },
    async loadOlder() {
      if (store.left > 0) return false; // the lines between have left: a page would not join on
      const open = [...sources.values()].filter((one) => (one.older === "more" || one.older === "failed") && endOfOlder(one) !== undefined);
      if (open.length === 0 || [...sources.values()].some((one) => one.older === "loading")) return false;
      const last = open.reduce((best, one) => ((one.oldestAt ?? Infinity) > (best.oldestAt ?? Infinity) ? one : best));
      await loadOlderOf(last);
      return true;
    },
    stop() {
      for (const one of sources.values()) {
        clearTimeout(one.quiet);
        one.stream?.stop();
      }
    },
  };
}
