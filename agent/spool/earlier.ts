/** What the runs before this one left on the disk: where they ended, and what they had last seen happen. */
import type { Cursor } from "@/protocol/shapes";
import { createLineScanner } from "./line-scanner";
import { type Counted, LINE_BYTES, parseBody, readLine, timeOf } from "./record";
import type { Segments } from "./segments";

/** Events remembered from the end, to recognise those that the engine tells again. */
const EVENTS = 256;
/** Told by it without parsing: most of what is kept are samples. */
const EVENT = '"frame":"event"';

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
    const events: Buffer[] = [];
    let last: Buffer | null = null;
    const scanner = createLineScanner(() => path(segment), LINE_BYTES);
    try {
      for (let line = await scanner.next(segment.bytes); line !== null; line = await scanner.next(segment.bytes)) {
        const record = line === "bad" ? null : readLine(line);
        if (!record) continue;
        earlier.last = { epoch: segment.epoch, seq: record.seq };
        last = record.body;
        if (record.body.includes(EVENT)) events.push(record.body);
        if (events.length > EVENTS) events.shift();
      }
      for (const body of events.map(parseBody)) if (body.frame === "event") earlier.events.push(body.event);
      if (last) earlier.at = Math.max(timeOf(parseBody(last)), earlier.events.at(-1)?.at ?? 0);
    } catch {
      // It cannot be read: readers will say so.
    } finally {
      await scanner.rest();
    }
    if (earlier.last) return earlier;
  }
  return { last: null, at: null, events: [] };
}
