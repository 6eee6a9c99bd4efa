/**
 * One reader's way through the records: from memory where it is at the end, from the disk where it is behind.
 * It holds its place and a piece of a file. Every place it passes is either told or lies in a gap.
 */
import type { Cursor } from "@/protocol/shapes";
import { createLineScanner, type LineScanner } from "./line-scanner";
import { type Body, compare, frameOf, LINE_BYTES, parseBody, readLine, span, type SpoolFrame, timeOf } from "./record";
import { placeOf, type Segment, type Segments } from "./segments";

export interface SpoolReader {
  /** The next record, or the gap where records are lost, or null when there is nothing more now. One call at a time. `at` dates a gap. */
  next(at: number): Promise<SpoolFrame | null>;
  /** Lets go of its file. */
  close(): Promise<void>;
}

export interface ReaderSource {
  segments: Pick<Segments, "list" | "path" | "lostSince">;
  last(): Cursor;
  /** The records that are in memory and may be read, each following the one before it. */
  memory(): readonly { seq: number; line: Buffer }[];
  /** The last record is not written yet, and may not be read before. */
  waits(): boolean;
  /** Grows with each change of what can be read. */
  version(): number;
  /** Up to where the hub has said to have everything; null: it has not in this run. */
  kept(): Cursor | null;
  /** Records were lost in this run because the disk did not take them. */
  diskFailed(): boolean;
}

interface Found {
  place: Cursor;
  body: Body;
}

/** A reader of what comes after `after`; null: of everything there is. */
export function createReader(source: ReaderSource, after: Cursor | null): SpoolReader {
  const { segments } = source;
  let position = after;
  /** When the last record happened that was told. */
  let told: number | null = null;
  /** Found beyond a gap, to be told after it. */
  let beyond: Found | null = null;
  let damaged = false;
  let closed = false;
  let place: { segment: Segment; scanner: LineScanner } | null = null;

  function inMemory(): Found | null {
    const { epoch } = source.last();
    const lines = source.memory();
    const first = lines[0];
    if (!first || !position || position.epoch !== epoch) return null;
    const line = lines[position.seq + 1 - first.seq];
    return line ? found(epoch, line.line.subarray(0, -1)) : null;
  }
  /** The first record in memory beyond the position, where the disk has none any more. */
  function beyondDisk(): Found | null {
    const { epoch } = source.last();
    const line = source.memory().find(({ seq }) => !position || compare({ epoch, seq }, position) > 0);
    return line ? found(epoch, line.line.subarray(0, -1)) : null;
  }
  function found(epoch: number, line: Buffer): Found | null {
    const record = readLine(line);
    return record && { place: { epoch, seq: record.seq }, body: parseBody(record.body) };
  }

  async function go(segment: Segment | undefined): Promise<boolean> {
    if (closed || !segment || segment === place?.segment) return false;
    await place?.scanner.rest();
    place = { segment, scanner: createLineScanner(() => segments.path(segment), LINE_BYTES) };
    return true;
  }
  function start(): Segment | undefined {
    const from = position;
    return segments.list.findLast((segment) => !from || compare(placeOf(segment), { epoch: from.epoch, seq: from.seq + 1 }) <= 0) ?? segments.list[0];
  }
  function following(): Segment | undefined {
    const here = place && placeOf(place.segment);
    return here ? segments.list.find((segment) => compare(placeOf(segment), here) > 0) : start();
  }
  /** The next good record on the disk beyond the position. null: there was none when it was last looked. */
  async function onDisk(): Promise<Found | null> {
    if (!place) await go(start());
    while (place) {
      const { segment, scanner }: { segment: Segment; scanner: LineScanner } = place;
      // A file that cannot be read, or went meanwhile, is as one that holds nothing.
      const line = await scanner.next(segment.bytes).catch((error: NodeJS.ErrnoException) => {
        damaged ||= error.code !== "ENOENT";
        return null;
      });
      if (closed) await scanner.rest();
      if (line === null) {
        if (await go(following())) continue;
        return null;
      }
      const record = line === "bad" ? null : found(segment.epoch, line);
      if (!record) damaged = true;
      else if (!position || compare(record.place, position) > 0) return record;
    }
    return null;
  }

  function follows(to: Cursor): boolean {
    return !position || (position.epoch === to.epoch && position.seq + 1 === to.seq);
  }
  function whyLost(to: Cursor): string {
    const kept = source.kept();
    if (damaged) return "What was kept on this host's disk is damaged.";
    if (position && kept && compare(position, kept) < 0) return "The hub's data is older than what it had confirmed, and this host keeps that no longer.";
    if (source.diskFailed()) return "The disk of this host was full or failed, and more happened than the agent holds in memory.";
    if (position?.epoch === to.epoch || segments.lostSince() !== null) return "More happened than this host keeps while no hub reads it.";
    return "What the agent on this host had kept before it was started anew is not there any more.";
  }
  function gapTo(to: Cursor, until: number | null, at: number): SpoolFrame {
    const from = position && { epoch: position.epoch, seq: position.seq + 1 };
    const frame: SpoolFrame = { frame: "gap", at, from, to, ...span(told ?? segments.lostSince(), until), why: whyLost(to) };
    position = { epoch: to.epoch, seq: to.seq - 1 };
    damaged = false;
    return frame;
  }
  function tell({ place: here, body }: Found, at: number): SpoolFrame {
    const bridges = body.frame === "gap" && body.after !== null && position !== null && compare(position, body.after) >= 0;
    if (!follows(here) && !bridges) {
      beyond = { place: here, body };
      return gapTo(here, timeOf(body), at);
    }
    const from = position && { epoch: position.epoch, seq: position.seq + 1 };
    position = here;
    told = timeOf(body);
    damaged = false;
    return frameOf(here, body, from ?? here);
  }

  return {
    async next(at) {
      if (beyond) {
        const record = beyond;
        beyond = null;
        return tell(record, at);
      }
      for (;;) {
        if (position && compare(position, source.last()) >= 0) {
          await place?.scanner.rest();
          return null;
        }
        const version = source.version();
        const record = inMemory() ?? (await onDisk());
        if (record) return tell(record, at);
        if (source.version() !== version) continue;
        const rest = beyondDisk();
        if (rest) return tell(rest, at);
        if (source.waits() || position === null) return null;
        const last = source.last();
        return gapTo({ epoch: last.epoch, seq: last.seq + 1 }, null, at);
      }
    },
    async close() {
      closed = true;
      await place?.scanner.rest();
      place = null;
    },
  };
}
