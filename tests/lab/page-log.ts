/** One container's log as a page without a browser holds it: the page's own feed and index, over the hub's socket. */
import { WebSocket } from "ws";
import { type LogFeedState, followLog } from "@/app/_features/logs/log-feed";
import type { LogGap, LogSource, LogStart } from "@/protocol/logs";
import { createLogIndex, type LogChunk } from "@/protocol/log-text";
import type { Client } from "./client";

export interface PageLog {
  /** The numbers at the head of the lines, in the order in which they came. Lines without one are not counted. */
  numbers: number[];
  gaps: LogGap[];
  /** Every source that it was told, the newest last. */
  sources: LogSource[];
  state(): LogFeedState;
  stop(): void;
}

/** Follows a log of numbered lines (`spew`) as somebody signed in does. */
export function readLog(url: string, client: Client, hostId: string, id: string, options: { start?: LogStart; follow?: boolean } = {}): PageLog {
  let index = createLogIndex();
  const numbers: number[] = [];
  const gaps: LogGap[] = [];
  const sources: LogSource[] = [];
  const count = (chunk: LogChunk | null) => {
    for (let i = 0; chunk && i < chunk.lines; i++) {
      const number = /^\d{10}\b/.exec(chunk.line(i).text)?.[0];
      if (number !== undefined) numbers.push(Number(number));
    }
  };
  const feed = followLog({
    hostId,
    id,
    start: options.start ?? { at: "oldest" },
    follow: options.follow ?? true,
    ticket: () => client.api.session.ticket.mutate(),
    dial: (address) => new WebSocket(new URL(address, url.replace(/^http/, "ws")), { headers: { cookie: client.cookie, origin: url } }) as never,
    handlers: {
      onSource: (source) => void sources.push(source),
      onBatch(text, form) {
        count(index.push(text, form));
        return undefined;
      },
      onGap(gap) {
        gaps.push(gap);
        count(index.flush());
        index = createLogIndex();
      },
      onState: () => undefined,
    },
  });
  return { numbers, gaps, sources, state: feed.state, stop: feed.stop };
}

/** What is wrong with numbers that should be `from`, `from + 1`, … `to`: both lists are empty when nothing is. */
export function compareNumbers(numbers: readonly number[], from: number, to: number): { missing: number[]; repeated: number[] } {
  const seen = new Set<number>();
  const repeated: number[] = [];
  for (const number of numbers) {
    if (seen.has(number)) repeated.push(number);
    seen.add(number);
  }
  const missing: number[] = [];
  for (let number = from; number <= to; number++) if (!seen.has(number)) missing.push(number);
  return { missing, repeated };
}
