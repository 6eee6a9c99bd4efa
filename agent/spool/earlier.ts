/** What the runs before this one left on the disk: where they ended, and what they had last seen happen. */
import type { Cursor } from "@/protocol/shapes";
import type { Counted } from "./record";
import { LINE_BYTES, parseBody, readLine, timeOf } from "./record";
import { createLineScanner } from "./line-scanner";
import type { Segments } from "./segments";

/** Events remembered from the end, to recognise those that the engine tells again. */
const EVENTS = 256;

export interface Earlier {
  /** The last record; null: there is none. */
  last: Cursor | null;
  /** When it happened, milliseconds since 1970: until then at least the agent was running. */
  at: number | null;
  /** The last events, oldest first. */
  events: readonly Counted["event"][];
}

/** Reads the newest file, and older ones while those hold nothing good. Never rejects. */
export async function lookBack({ list, path }: Pick<Segments, "list" | "path">): Promise<Earlier> {
  for (const segment of [...list].reverse()) {
    const earlier: Earlier & { events: Counted["event"][] } = { last: null, at: null, events: [] };
    const scanner = createLineScanner(() => path(segment), LINE_BYTES);
    try {
      for (let line = await scanner.next(segment.bytes); line !== null; line = await scanner.next(segment.bytes)) {
        const record = line === "bad" ? null : readLine(line);
        if (!record) continue;
        const body = parseBody(record.body);
        earlier.last = { epoch: segment.epoch, seq: record.seq };
        earlier.at = Math.max(earlier.at ?? 0, timeOf(body));
        if (body.frame === "event") earlier.events.push(body.event);
        if (earlier.events.length > EVENTS) earlier.events.shift();
      }
    } catch {
      // It cannot be read: readers will say so.
    } finally {
      await scanner.rest();
    }
    if (earlier.last) return earlier;
  }
  return { last: null, at: null, events: [] };
}
