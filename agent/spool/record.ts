/**
 * One counted record as a line on the disk: `CHECKSUM SEQ BODY`. The checksum (CRC-32 in hex) is over what
 * follows it. A line is found again after any damage at the next newline, which no body holds. The epoch is
 * the file's, so that a run can be given another number without rewriting it. A long body (a sample of many
 * containers, a black box) is packed, so that the ring holds days and not hours.
 */
import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";
import { LIMITS } from "@/protocol/limits";
import type { Sample } from "@/protocol/metrics";
import type { BlackBox, Cursor, Frame, Outcome, RuntimeEvent } from "@/protocol/shapes";

/** What is counted, each with what the caller gives. The place of it is given by the spool. */
export interface Counted {
  event: Omit<RuntimeEvent, "epoch" | "seq">;
  sample: Sample;
  /** Its event must be of this run. */
  box: BlackBox;
  outcome: { step: string; outcome: Outcome };
}
export type CountedKind = keyof Counted;
/** A stretch of time in which something may have happened that nobody kept. null: not known. */
export interface Gap {
  since: number | null;
  until: number | null;
  why: string;
}
export type GapFrame = Extract<Frame, { frame: "gap" }>;
export type SpoolFrame = Extract<Frame, { frame: CountedKind | "gap" }>;

/** A record is sent as one line of a stream, which the hub bounds; the rest is for its place. */
export const BODY_BYTES = LIMITS.lineBytes - 256;
/** Checksum, number and two spaces before the body, and the newline. */
export const LINE_BYTES = BODY_BYTES + 32;

/** A body from here on is packed: `z` and raw deflate in base64. */
const PACKED_FROM_BYTES = 2_048;

/** What a place holds, as it is written. */
export type Body =
  | { frame: "event"; event: Counted["event"] }
  | { frame: "sample"; sample: Sample }
  | { frame: "box"; box: Omit<BlackBox, "event"> & { event: number } }
  | { frame: "outcome"; step: string; outcome: Outcome }
  /** `after`: the last record that an earlier run left, where this stands at the beginning of another. */
  | { frame: "gap"; at: number; since: number | null; until: number | null; why: string; after: Cursor | null };

export function bodyOf<K extends CountedKind>(kind: K, value: Counted[K]): Body {
  const counted = { kind, value } as { [Kind in CountedKind]: { kind: Kind; value: Counted[Kind] } }[CountedKind];
  switch (counted.kind) {
    case "event":
      return { frame: "event", event: counted.value };
    case "sample":
      return { frame: "sample", sample: counted.value };
    case "box":
      return { frame: "box", box: { ...counted.value, event: counted.value.event.seq } };
    case "outcome":
      return { frame: "outcome", step: counted.value.step, outcome: counted.value.outcome };
  }
}

/** The line of a record; null when the record is longer than anybody would read. */
export function writeLine(seq: number, body: Body): Buffer | null {
  const json = JSON.stringify(body);
  const bytes = Buffer.byteLength(json);
  if (bytes > BODY_BYTES) return null;
  const packed = bytes < PACKED_FROM_BYTES ? null : `z${deflateRawSync(json, { level: 1 }).toString("base64")}`;
  const text = `${seq} ${packed && packed.length < bytes ? packed : json}`;
  return Buffer.from(`${checksum(text)} ${text}\n`);
}

/** The record of a line without its newline; null where it is damaged. */
export function readLine(line: Buffer): { seq: number; body: Buffer } | null {
  const space = line.indexOf(32, 9);
  if (line[8] !== 32 || space < 0) return null;
  if (line.toString("latin1", 0, 8) !== checksum(line.subarray(9))) return null;
  const seq = Number(line.toString("latin1", 9, space));
  return Number.isSafeInteger(seq) && seq > 0 ? { seq, body: line.subarray(space + 1) } : null;
}

/** Throws where it is none, which a line with a right checksum never is. */
export function parseBody(bytes: Buffer): Body {
  const json = bytes[0] === 122 ? inflateRawSync(Buffer.from(bytes.toString("latin1", 1), "base64"), { maxOutputLength: BODY_BYTES }) : bytes;
  return JSON.parse(json.toString("utf8")) as Body;
}

/** The record as the hub is told of it. `from`: where the place before it ended; only a gap needs it. */
export function frameOf(place: Cursor, body: Body, from: Cursor): SpoolFrame {
  switch (body.frame) {
    case "event":
      return { frame: "event", event: { ...place, ...body.event } };
    case "sample":
      return { frame: "sample", ...place, sample: body.sample };
    case "box":
      return { frame: "box", ...place, box: { ...body.box, event: { epoch: place.epoch, seq: body.box.event } } };
    case "outcome":
      return { frame: "outcome", ...place, step: body.step, outcome: body.outcome };
    case "gap":
      return { frame: "gap", at: body.at, since: body.since, until: body.until, why: body.why, from, to: { epoch: place.epoch, seq: place.seq + 1 } };
  }
}

/** When it happened, in milliseconds since 1970. */
export function timeOf(body: Body): number {
  switch (body.frame) {
    case "event":
      return body.event.at;
    case "sample":
      return body.sample.at;
    case "box":
      return body.box.at;
    case "outcome":
      return body.outcome.finishedAt;
    case "gap":
      return body.until ?? body.at;
  }
}

/** The bounds of a stretch of time. A clock that was set back in between leaves only its end. */
export function span(since: number | null, until: number | null): { since: number | null; until: number | null } {
  return { since: since !== null && until !== null && since > until ? null : since, until };
}

/** Negative: `a` comes before `b`. */
export function compare(a: Cursor, b: Cursor): number {
  return a.epoch - b.epoch || a.seq - b.seq;
}

function checksum(text: string | Buffer): string {
  return crc32(text).toString(16).padStart(8, "0");
}
