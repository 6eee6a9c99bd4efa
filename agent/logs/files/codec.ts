/** How a log driver writes its file: records, one after the other. What leaves here are json-file entries. */
import { ENDS, entryMarks, entryTimeAt, KNOWN, stampAt, STDERR } from "@/protocol/log-entry";

export { ENDS, STDERR };

/** The records of some bytes that begin where a record begins. */
export interface Records {
  count: number;
  /** Where each begins, and, one longer, where the last one ends. */
  starts: Uint32Array;
  /** ENDS and STDERR. */
  marks: Uint8Array;
}

export interface Codec {
  /** A record is a line, and ends where a line ends. */
  readonly lines: boolean;
  /** How many of the bytes, which begin where a record begins, are whole records. */
  whole(bytes: Uint8Array): number;
  records(bytes: Uint8Array): Records;
  /** Where the first record begins that is whole, in bytes that end where a record ends; bytes.length where there is none. */
  firstWhole(bytes: Uint8Array): number;
  /** When a record was written, milliseconds since 1970; null where it does not say. */
  timeOf(bytes: Uint8Array, start: number, end: number): number | null;
  /** Whole records as entries: as many as fit into `limit` bytes, at least one; `used` of the bytes given. */
  entries(bytes: Uint8Array, limit: number): { text: Uint8Array; used: number };
  /**
   * Bytes to pass over where `whole` finds nothing: what is damaged, up to where a record begins again. 0: it
   * only is not whole yet. `final`: nothing will be added to the bytes.
   */
  damaged(bytes: Uint8Array, final: boolean): number;
  /** Bytes that one batch reads, so that it comes out no longer than a batch may be. */
  readonly batchBytes: number;
  /** A record longer than this is none. */
  readonly recordBytes: number;
}

const NEWLINE = 10;
const BATCH_BYTES = 256 * 1024;

/** json-file: a line an entry, sent as it is. */
export const jsonFile: Codec = {
  lines: true,
  batchBytes: BATCH_BYTES,
  recordBytes: BATCH_BYTES,
  whole: (bytes) => bytes.lastIndexOf(NEWLINE) + 1,
  firstWhole: (bytes) => bytes.indexOf(NEWLINE) + 1 || bytes.length,
  // A line without an end is shown as it is.
  damaged: () => 0,
  entries: (bytes) => ({ text: bytes, used: bytes.length }),
  timeOf(bytes, start, end) {
    const stop = bytes[end - 1] === NEWLINE ? end - 1 : end;
    const at = entryTimeAt(bytes, start, stop);
    return at === -1 ? null : stampAt(bytes, at, stop);
  },
  records(bytes) {
    return collect(bytes, (start) => {
      const end = bytes.indexOf(NEWLINE, start);
      if (end === -1) return null;
      const marks = entryMarks(bytes, start, end);
      // What is no entry stands for itself.
      return { end: end + 1, marks: marks & KNOWN ? marks : ENDS };
    });
  },
};

/** Collects records until `next` finds no more. */
export function collect(bytes: Uint8Array, next: (start: number) => { end: number; marks: number } | null): Records {
  let room = 1_024;
  let starts = new Uint32Array(room + 1);
  let marks = new Uint8Array(room);
  let count = 0;
  for (let start = 0; start < bytes.length; ) {
    const record = next(start);
    if (!record) break;
    if (count === room) {
      room *= 2;
      const [oldStarts, oldMarks] = [starts, marks];
      starts = new Uint32Array(room + 1);
      marks = new Uint8Array(room);
      starts.set(oldStarts);
      marks.set(oldMarks);
    }
    marks[count] = record.marks & (ENDS | STDERR);
    start = record.end;
    starts[++count] = start;
  }
  return { count, starts, marks };
}
