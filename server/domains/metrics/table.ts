/** Figures for tables: the last 15 minutes of everything that runs, then each host's newest, for any number of readers. */
import { TIMES } from "@/protocol/limits";
import type { Clock } from "@/server/lib/clock";
import { createLatestChannel } from "@/server/live/channel";
import type { TableFigures, TableMessage, TableRow } from "./schema";
import type { HostWindow } from "./window";

/** Points of one sparkline. */
const POINTS = 30;
/** Rows in one message. Keeps it small enough that a slow tab paints while the next one comes. */
const PART = 500;
/** Least time between two messages to one reader: hosts that measure at the same moment share one. */
const COALESCE_MS = 100;
/** Hosts that one reader may hold unread; past that it reads everything anew. */
const UNREAD_HOSTS = 4_000;

export interface TableDeps {
  clock: Clock;
  windows: () => Iterable<[string, HostWindow]>;
  window: (hostId: string) => HostWindow | undefined;
}

export function createTable({ clock, windows, window }: TableDeps) {
  const channel = createLatestChannel<string, null>({ keys: UNREAD_HOSTS });

  function* snapshot(): Generator<TableMessage> {
    const wanted: { hostId: string; figures: TableFigures }[] = [];
    for (const [hostId, its] of windows()) {
      const newest = its.newest();
      // What was measured before the window is no figure of now.
      if (newest === null || newest.at <= its.nowThere(clock.now()) - TIMES.windowMs) continue;
      for (const figures of newest.figures) wanted.push({ hostId, figures });
    }
    for (let from = 0; from === 0 || from < wanted.length; from += PART) {
      const rows = wanted.slice(from, from + PART).map(({ hostId, figures }): TableRow => {
        const spark = window(hostId)?.spark(clock.now(), figures.id, POINTS);
        return { hostId, ...figures, cpuPoints: spark?.cpu ?? [], memoryPoints: spark?.memory ?? [] };
      });
      yield { type: "snapshot", stepMs: TIMES.windowMs / POINTS, rows, first: from === 0, last: from + PART >= wanted.length };
    }
  }

  /** As many hosts in one message as make up a part. */
  function* patches(hostIds: string[]): Generator<TableMessage> {
    let hosts: Extract<TableMessage, { type: "patch" }>["hosts"] = [];
    let rows = 0;
    for (const hostId of hostIds) {
      const newest = window(hostId)?.newest();
      if (!newest) continue;
      hosts.push({ hostId, ...newest });
      rows += newest.figures.length;
      if (rows < PART) continue;
      yield { type: "patch", hosts };
      [hosts, rows] = [[], 0];
    }
    if (hosts.length > 0) yield { type: "patch", hosts };
  }

  return {
    /** Subscribes first, then reads what is there, so that nothing falls in between. Ends with `signal`. */
    async *follow(signal?: AbortSignal): AsyncGenerator<TableMessage> {
      const changes = channel.subscribe(signal);
      try {
        yield* snapshot();
        for await (const { entries, overflowed } of changes) {
          if (overflowed) yield* snapshot();
          else yield* patches(entries.map(([hostId]) => hostId));
          await new Promise<void>((resolve) => void clock.after(COALESCE_MS, resolve));
        }
      } finally {
        await changes.return();
      }
    },
    changed: (hostId: string) => channel.publish(hostId, null),
    close: channel.close,
    readers: channel.readers,
  };
}
