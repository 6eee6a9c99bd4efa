/**
 * Counted records: what a host's agent numbers (epoch, seq) and keeps until the hub has stored it. Pure.
 */
import type { Sample } from "@/protocol/metrics";
import type { BlackBox, Cursor, Frame, Outcome, RuntimeEvent } from "@/protocol/shapes";
import { formatTarget } from "@/protocol/target";

/** The frames that are stored. A gap is not counted itself; it lies before the record that it names. */
export type RecordFrame = Extract<Frame, { frame: "event" | "sample" | "box" | "outcome" | "gap" }>;

export type RecordBody =
  | { kind: "event"; target: string; event: RuntimeEvent }
  | { kind: "sample"; sample: Sample }
  | { kind: "box"; target: string; box: BlackBox }
  | { kind: "outcome"; step: string; outcome: Outcome }
  | { kind: "gap"; at: number; since: number | null; until: number | null; why: string };

/** One record on its way to the database. */
export interface HostRecordEntry<Body extends RecordBody = RecordBody> {
  hostId: string;
  /** Its place: unique for its host, with its kind. */
  place: Cursor;
  /** Where reading goes on once this is stored; null: where it went on before. */
  cursor: Cursor | null;
  /** It reached the hub only after its host had been away. */
  late: boolean;
  /** On the hub's clock. */
  receivedAt: number;
  /** What it takes in memory, about. */
  chars: number;
  body: Body;
}

export function isRecord(frame: Frame): frame is RecordFrame {
  return frame.frame === "event" || frame.frame === "sample" || frame.frame === "box" || frame.frame === "outcome" || frame.frame === "gap";
}

/** Whether `a` lies after `b`; everything lies after null. */
export function isAfter(a: Cursor, b: Cursor | null): boolean {
  return b === null || a.epoch > b.epoch || (a.epoch === b.epoch && a.seq > b.seq);
}

/** A gap's place is where the records go on. */
function placeOf(frame: RecordFrame): Cursor {
  if (frame.frame === "gap") return frame.to;
  return frame.frame === "event" ? { epoch: frame.event.epoch, seq: frame.event.seq } : { epoch: frame.epoch, seq: frame.seq };
}

/** Where reading goes on after a frame was taken; null: no further than before. */
function cursorAfter(frame: RecordFrame): Cursor | null {
  const { epoch, seq } = placeOf(frame);
  if (frame.frame !== "gap") return { epoch, seq };
  return seq > 0 ? { epoch, seq: seq - 1 } : null;
}

export function toEntry(frame: RecordFrame, from: Pick<HostRecordEntry, "hostId" | "receivedAt" | "chars"> & { lateTo: Cursor | null }): HostRecordEntry {
  const { lateTo, ...rest } = from;
  const place = placeOf(frame);
  return { ...rest, place, cursor: cursorAfter(frame), late: lateTo !== null && !isAfter(place, lateTo), body: bodyOf(frame, from.hostId) };
}

function bodyOf(frame: RecordFrame, scope: string): RecordBody {
  switch (frame.frame) {
    case "event":
      return { kind: "event", target: formatTarget({ scope, ...frame.event.target }), event: frame.event };
    case "sample":
      return { kind: "sample", sample: frame.sample };
    case "box":
      return { kind: "box", target: formatTarget({ scope, ...frame.box.target }), box: frame.box };
    case "outcome":
      return { kind: "outcome", step: frame.step, outcome: frame.outcome };
    case "gap":
      return { kind: "gap", at: frame.until ?? frame.at, since: frame.since, until: frame.until, why: frame.why };
  }
}

/** What stands in the place of a record that the database does not take: it is missing, and that is said. */
export function missing(entry: HostRecordEntry): HostRecordEntry<Extract<RecordBody, { kind: "gap" }>> {
  const { body } = entry;
  const at = body.kind === "event" ? body.event.at : body.kind === "sample" ? body.sample.at : body.kind === "box" ? body.box.at : entry.receivedAt;
  return { ...entry, body: { kind: "gap", at, since: at, until: at, why: `Binnacle could not store one ${NAMES[body.kind]} of this host.` } };
}
const NAMES: Record<RecordBody["kind"], string> = { event: "event", sample: "measurement", box: "black box", outcome: "outcome", gap: "gap" };
