/** One search over many hosts: asks some at a time, and merges what they find as it comes. */
import { LIMITS } from "@/protocol/limits";
import { LogSearchFrame } from "@/protocol/logs";
import { parseJson } from "@/protocol/wire/json";
import type { HostLink } from "@/server/gateway/gateway";
import { AppError, describeError } from "@/server/lib/errors";
import { readLines } from "@/server/lib/lines";
import type { SearchHit, SearchInput, SearchMessage, SearchProgress } from "./schema";

/** Hosts that are searched at once. */
export const HOSTS_AT_ONCE = 16;
/** Messages that wait for the page before the hosts do. */
const WAITING = 64;

export interface SearchDeps {
  link(hostId: string): HostLink | undefined;
  away(hostId: string): AppError;
}

/** A queue whose writers wait while it is full. */
interface Merge {
  push(message: SearchMessage): Promise<void>;
  next(): Promise<SearchMessage | null>;
  close(error?: unknown): void;
}

function createMerge(limit: number): Merge {
  const waiting: SearchMessage[] = [];
  let closed = false;
  let failure: unknown = null;
  let wake: () => void = () => undefined;
  let room: (() => void)[] = [];
  return {
    async push(message) {
      while (waiting.length >= limit && !closed) await new Promise<void>((resolve) => room.push(resolve));
      if (closed) return;
      waiting.push(message);
      wake();
    },
    async next() {
      while (waiting.length === 0 && !closed) await new Promise<void>((resolve) => (wake = resolve));
      const message = waiting.shift();
      const waiters = room;
      room = [];
      for (const go of waiters) go();
      if (message) return message;
      if (failure !== null) throw failure;
      return null;
    },
    close(error) {
      if (closed) return;
      closed = true;
      failure = error ?? null;
      wake();
      for (const go of room.splice(0)) go();
    },
  };
}

/**
 * `chosen`: the containers to look through, by host. Yields as SearchMessage says; ends when all hosts have,
 * when there are `hits` hits, or when `signal` aborts. Throws AppError bad_input where a host refuses the query.
 */
export async function* searchHosts(chosen: ReadonlyMap<string, string[]>, input: SearchInput, deps: SearchDeps, signal?: AbortSignal): AsyncGenerator<SearchMessage> {
  const stop = new AbortController();
  const merge = createMerge(WAITING);
  const end = () => {
    stop.abort();
    merge.close();
  };
  signal?.addEventListener("abort", end, { once: true });
  if (signal?.aborted) end();
  const progress = new Map([...chosen].map(([hostId, ids]): [string, SearchProgress] => [hostId, { hostId, state: "waiting", containers: 0, of: ids.length, bytes: 0, ofBytes: null, hits: 0 }]));
  const queue = [...chosen];
  const total = { hits: 0, more: false };

  const worker = async () => {
    for (let next = queue.shift(); next && !stop.signal.aborted; next = queue.shift()) {
      if (total.hits >= input.hits) return void (total.more = true);
      const [hostId, ids] = next;
      await searchHost(progress.get(hostId) as SearchProgress, ids);
    }
  };
  const searchHost = async (of: SearchProgress, ids: string[]) => {
    const tell = (state: SearchProgress["state"]) => merge.push({ type: "progress", hosts: [{ ...of, state: (of.state = state) }] });
    try {
      const link = deps.link(of.hostId);
      if (!link) throw deps.away(of.hostId);
      await tell("searching");
      for (let from = 0; from < ids.length && total.hits < input.hits; from += LIMITS.logSearchContainers) await ask(link, of, ids.slice(from, from + LIMITS.logSearchContainers));
      await tell("done");
    } catch (error) {
      if (stop.signal.aborted) return;
      // A pattern that one host cannot read, none can.
      if (error instanceof AppError && error.code === "bad_input") throw error;
      await merge.push({ type: "skipped", hostId: of.hostId, id: null, code: error instanceof AppError ? error.code : null, why: describeError(error) });
      await tell("failed");
    }
  };
  const ask = async (link: HostLink, of: SearchProgress, ids: string[]) => {
    const before = { containers: of.containers, bytes: of.bytes, ofBytes: of.ofBytes };
    const stream = await link.stream("logs.search", { ids, query: input.query, hits: Math.max(1, input.hits - total.hits) }, { signal: stop.signal });
    for await (const line of readLines(stream)) {
      const frame = parseFrame(line);
      if (frame.frame === "hit") {
        if (total.hits >= input.hits) {
          total.more = true;
          return stop.abort();
        }
        total.hits += 1;
        of.hits += 1;
        await merge.push({ type: "hits", hits: [hitOf(of.hostId, frame)] });
      } else if (frame.frame === "progress") {
        of.containers = before.containers + frame.containers;
        of.bytes = before.bytes + frame.bytes;
        of.ofBytes = frame.ofBytes === null ? null : (before.ofBytes ?? 0) + frame.ofBytes;
        await merge.push({ type: "progress", hosts: [{ ...of }] });
      } else if (frame.frame === "skipped") await merge.push({ type: "skipped", hostId: of.hostId, id: frame.id, code: null, why: frame.why });
      else total.more ||= frame.more;
    }
  };

  try {
    yield { type: "progress", hosts: [...progress.values()].map((one) => ({ ...one })) };
    const workers = Promise.all(Array.from({ length: Math.min(HOSTS_AT_ONCE, queue.length) }, worker));
    workers.then(() => merge.close(), (error: unknown) => merge.close(error));
    for (let message = await merge.next(); message !== null; message = await merge.next()) yield message;
    if (signal?.aborted !== true) yield { type: "done", hits: total.hits, more: total.more };
  } finally {
    signal?.removeEventListener("abort", end);
    end();
  }
}

function hitOf(hostId: string, { id, at, stream, level, text, cut, cursor }: Extract<LogSearchFrame, { frame: "hit" }>): SearchHit {
  return { hostId, id, at, stream, level, text, cut, cursor };
}

function parseFrame(line: string): LogSearchFrame {
  const json = parseJson(line);
  const frame = json.ok ? LogSearchFrame.safeParse(json.value) : null;
  if (!frame?.success) throw new AppError("link_lost", "The host answered the search in a shape that this hub does not know.");
  return frame.data;
}
