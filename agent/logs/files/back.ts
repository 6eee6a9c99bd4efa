/** Going back from a place in a log: where so many lines before it begin, where a time begins. */
import type { Chain } from "./chain";
import { type Codec, ENDS, type Records, STDERR } from "./codec";
import { type Place, readPart, type Segment } from "./segments";

/** What one look back reads. A compressed file is read from its beginning each time, so more at once. */
const WINDOW_BYTES = 256 * 1024;
const COMPRESSED_WINDOW_BYTES = 4 << 20;
/** A line's parts follow each other closely: so far is looked for an open one of the other stream. */
const LOOK_BACK = 32;
/** The engine's streams are not in the order of time to the last millisecond. */
const SLACK_MS = 1_000;

interface Window {
  index: number;
  /** Offset of the first record. */
  base: number;
  bytes: Uint8Array;
  records: Records;
}

/** The records before `end`, in windows, the newest first. */
export async function* windowsBack({ codec }: Chain, segments: readonly Segment[], end: Place): AsyncGenerator<Window> {
  for (let index = end.index; index >= 0; index--) {
    const segment = segments[index];
    if (!segment) continue;
    let stop = index === end.index ? end.offset : await wholeEnd(codec, segment);
    while (stop > 0) {
      const window = await windowBefore(codec, segment, stop);
      if (!window) break;
      yield { index, ...window };
      stop = window.base;
    }
  }
}

/** The end of the last whole record of a segment. */
export async function wholeEnd(codec: Codec, { file, size }: Segment): Promise<number> {
  if (codec.lines) {
    const from = Math.max(0, size - codec.recordBytes);
    const tail = await readPart(file, from, size - from);
    return tail.length === 0 ? 0 : from + (codec.whole(tail) || tail.length);
  }
  let end = 0;
  for (;;) {
    const bytes = await readPart(file, end, Math.min(codec.recordBytes, size - end));
    const whole = codec.whole(bytes);
    if (whole === 0) return end;
    end += whole;
  }
}

async function windowBefore(codec: Codec, { file }: Segment, stop: number): Promise<Omit<Window, "index"> | null> {
  const usual = file.compressed ? COMPRESSED_WINDOW_BYTES : WINDOW_BYTES;
  for (const length of [Math.min(stop, usual), Math.min(stop, codec.recordBytes + usual)]) {
    const bytes = await readPart(file, stop - length, length);
    if (bytes.length < length) return null;
    const first = length === stop ? 0 : codec.firstWhole(bytes);
    if (first === bytes.length && length < stop && length === usual) continue;
    // A line that is longer than a record may be is cut where the window is.
    const from = first === bytes.length ? (codec.lines ? 0 : first) : first;
    if (from === bytes.length) return null;
    const whole = bytes.subarray(from);
    const records = codec.records(whole);
    if (records.count > 0) return { base: stop - length + from, bytes: whole, records };
    return codec.lines ? { base: stop - length + from, bytes: whole, records: { count: 1, starts: Uint32Array.of(0, whole.length), marks: Uint8Array.of(ENDS) } } : null;
  }
  return null;
}

export interface Back {
  start: Place;
  lines: number;
  bytes: number;
  /** Nothing older is there. */
  first: boolean;
}

/** Where the last `lines` whole lines before `end` begin, at most `bytes` of them. */
export async function linesBack(chain: Chain, segments: readonly Segment[], end: Place, lines: number, bytes: number): Promise<Back> {
  // Backwards: the records' places, and their marks.
  const places: Place[] = [];
  const marks: number[] = [];
  const sizes: number[] = [];
  let counted = 0;
  let size = 0;
  let beyond = 0;
  let first = true;
  walk: for await (const { index, base, records } of windowsBack(chain, segments, end)) {
    for (let i = records.count - 1; i >= 0; i--) {
      const mark = records.marks[i] ?? 0;
      const length = (records.starts[i + 1] ?? 0) - (records.starts[i] ?? 0);
      if (mark & ENDS) counted++;
      size += length;
      if ((counted > lines || size > bytes) && beyond++ > LOOK_BACK) {
        first = false;
        break walk;
      }
      places.push({ index, offset: base + (records.starts[i] ?? 0) });
      marks.push(mark);
      sizes.push(length);
    }
  }
  const cut = chooseCut(marks, sizes, lines, bytes);
  const start = cut.records === 0 ? end : (places[cut.records - 1] ?? end);
  return { start, lines: cut.lines, bytes: cut.bytes, first: first && cut.records === places.length };
}

/** How many records, counted from the newest, make the most whole lines within the bounds. */
function chooseCut(marks: readonly number[], sizes: readonly number[], lines: number, bytes: number): { records: number; lines: number; bytes: number } {
  let best = { records: 0, lines: 0, bytes: 0 };
  let forced = best;
  let now = { records: 0, lines: 0, bytes: 0 };
  for (let i = 0; i < marks.length; i++) {
    now = { records: i + 1, lines: now.lines + ((marks[i] ?? 0) & ENDS ? 1 : 0), bytes: now.bytes + (sizes[i] ?? 0) };
    if (lines === 0 || now.bytes > bytes || (now.lines > lines && best.records > 0)) break;
    forced = now;
    if (isBetweenLines(marks, i + 1)) best = now;
  }
  // One line that has more bytes than the bound is cut. Lines that are woven into each other stay together.
  return best.records > 0 ? best : forced;
}

/** Whether no line of either stream is open before record `next`, counted from the newest. */
function isBetweenLines(marks: readonly number[], next: number): boolean {
  const seen = new Set<number>();
  for (let i = next; i < Math.min(marks.length, next + LOOK_BACK) && seen.size < 2; i++) {
    const mark = marks[i] ?? 0;
    if (seen.has(mark & STDERR)) continue;
    if (!(mark & ENDS)) return false;
    seen.add(mark & STDERR);
  }
  return true;
}

/** The place of the first record that was written at `time` or later, or only later; the end where there is none. */
export async function seekTime(chain: Chain, segments: readonly Segment[], time: number, which: "from" | "after"): Promise<Place> {
  let place: Place = { index: 0, offset: 0 };
  for (let index = segments.length - 1; index > 0; index--) {
    const segment = segments[index];
    const begins = segment && (await firstTime(chain.codec, segment, 0));
    if (begins === null || begins === undefined || begins.at > time - SLACK_MS) continue;
    place = { index, offset: 0 };
    break;
  }
  const segment = segments[place.index];
  if (segment && chain.codec.lines && !segment.file.compressed) place.offset = await halve(chain.codec, segment, time - SLACK_MS);
  return forwardTo(chain.codec, segments, place, (at) => (which === "from" ? at >= time : at > time));
}

/** An offset at which a record begins, not later than the first one at `time`, by halving. */
async function halve(codec: Codec, segment: Segment, time: number): Promise<number> {
  let low = 0;
  let high = segment.size;
  while (high - low > WINDOW_BYTES * 2) {
    const middle = Math.floor((low + high) / 2);
    const found = await firstTime(codec, segment, middle);
    if (found && found.at < time) low = found.offset;
    else high = middle;
  }
  return low;
}

/** The first record with a time at or behind an offset. */
async function firstTime(codec: Codec, { file }: Segment, offset: number): Promise<{ at: number; offset: number } | null> {
  const bytes = await readPart(file, offset, codec.batchBytes);
  const from = offset === 0 ? 0 : codec.firstWhole(bytes);
  const { count, starts } = codec.records(bytes.subarray(from));
  for (let i = 0; i < count; i++) {
    const at = codec.timeOf(bytes.subarray(from), starts[i] ?? 0, starts[i + 1] ?? 0);
    if (at !== null) return { at, offset: offset + from + (starts[i] ?? 0) };
  }
  return null;
}

async function forwardTo(codec: Codec, segments: readonly Segment[], from: Place, isIt: (at: number) => boolean): Promise<Place> {
  for (let { index, offset } = from; index < segments.length; index++, offset = 0) {
    const segment = segments[index];
    while (segment) {
      const bytes = await readPart(segment.file, offset, Math.min(codec.recordBytes, Math.max(0, segment.size - offset)));
      const { count, starts } = codec.records(bytes);
      if (bytes.length === 0 || (count === 0 && !codec.lines)) break;
      for (let i = 0; i < count; i++) {
        const at = codec.timeOf(bytes, starts[i] ?? 0, starts[i + 1] ?? 0);
        if (at !== null && isIt(at)) return { index, offset: offset + (starts[i] ?? 0) };
      }
      offset += starts[count] || bytes.length;
    }
  }
  return endOf(codec, segments);
}

/** Behind the last whole record. */
export async function endOf(codec: Codec, segments: readonly Segment[]): Promise<Place> {
  for (let index = segments.length - 1; index >= 0; index--) {
    const segment = segments[index];
    const offset = segment ? await wholeEnd(codec, segment) : 0;
    if (offset > 0) return { index, offset };
  }
  return { index: 0, offset: 0 };
}
