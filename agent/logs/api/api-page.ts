/** Lines before a place, over the API: it can be asked for the end of a log only, so it is asked for more and more of it. */
import { LIMITS } from "@/protocol/limits";
import { createLogIndex, writeEntry } from "@/protocol/log-text";
import type { LogCursor, LogPage, LogSource } from "@/protocol/logs";
import type { Clock } from "../../clock";
import { AgentFailure } from "../../errors";
import type { Runtime } from "../../runtime/runtime";
import { collect } from "./collect";
import { checksumOf, type Place, readPlace, writePlace } from "./place";
import { compareMoments, type Moment, momentOf, readStamp, shifted, stampLength, writeSeconds } from "./stamp";
import { textAt, type UnitForm } from "./units";

/** How many times the wanted lines are asked for from the end; at last all. Each step goes through all before it again. */
const DEPTHS = [1, 8, 64];
/** A line over 16 KiB is several units. */
const PARTS = 16;
const DEADLINE_MS = 18_000;
const EMPTY = Buffer.alloc(0);

export interface PageOptions {
  runtime: Runtime;
  clock: Clock;
  id: string;
  form: UnitForm;
  source: LogSource;
  signal: AbortSignal;
}

/** At most so many lines before that place; null: before the end. Rejects with an AgentFailure, `bad_input` for a place of another kind. */
export async function readPage(options: PageOptions, before: LogCursor | { until: number } | null, lines: number): Promise<LogPage> {
  const place = typeof before === "string" ? readPlace(before) : null;
  if (typeof before === "string" && !place) throw new AgentFailure("bad_input", "That place in the log is of another kind of reading. Ask from the end.");
  const until = place ? place.time : before !== null && typeof before === "object" ? shifted(momentOf(before.until), -1) : null;
  const { units, isAll } = await unitsBefore(options, place, until, lines);
  return toPage(options, units, isAll, lines, place);
}

/** One unit more than is wanted, where there is one: the place before the first line is behind it. */
async function unitsBefore(options: PageOptions, place: Place | null, until: Moment | null, lines: number): Promise<{ units: Buffer[]; isAll: boolean }> {
  const { runtime, clock, id, form, signal } = options;
  const from = clock.monotonic();
  let previous = -1;
  for (const depth of [...DEPTHS, null]) {
    const tail = depth === null ? null : (lines + 1) * depth + PARTS;
    const request = { follow: false, tail, since: null, until: until && writeSeconds(until) };
    const left = Math.max(1, DEADLINE_MS - (clock.monotonic() - from));
    const found = await collect({ runtime, id, form, request, keep: lines + 1 + PARTS, signal, after: clock.after, deadlineMs: left });
    const units = place ? cutAt(form, found.units, place) : found.units;
    // Without `until` the engine told as many as it was asked for, unless there are no more.
    const isAll = tail === null || (until === null ? found.came < tail : found.came > 0 && found.came === previous);
    if (isAll || units.length > lines) return { units, isAll: isAll && found.came === found.units.length };
    previous = found.came;
  }
  return { units: [], isAll: true };
}

/** The units before the place. They end at its time, so only the last of that time are looked at. */
function cutAt(form: UnitForm, units: Buffer[], place: Place): Buffer[] {
  let seen = 0;
  for (const [i, unit] of units.entries()) {
    const text = textAt(form, 0);
    const time = readStamp(unit, text, stampLength(unit, text, unit.length));
    if (!time || compareMoments(time, place.time) !== 0) continue;
    const isIt = place.checksum === null || checksumOf(unit, 0, unit.length) === place.checksum;
    if (place.ordinal === 0 && isIt) return units.slice(0, i);
    seen += 1;
    if (seen >= place.ordinal && isIt) return units.slice(0, i + 1);
  }
  return units;
}

function toPage({ form, source }: PageOptions, units: Buffer[], isAll: boolean, wanted: number, before: Place | null): LogPage {
  const chunk = createLogIndex().push(new Uint8Array(Buffer.concat(units)), form);
  const entries: string[] = [];
  let bytes = 0;
  let first = chunk.lines;
  while (first > 0 && chunk.lines - first < wanted) {
    const entry = writeEntry(chunk.line(first - 1));
    bytes += entry.length;
    if (bytes > LIMITS.logPageBytes) break;
    entries.unshift(entry);
    first -= 1;
  }
  const firstUnit = unitOfLine(units, first);
  return {
    source,
    text: entries.join(""),
    from: firstUnit === null ? null : writePlace(placeBefore(form, units[firstUnit] ?? EMPTY)),
    to: units.length === 0 ? null : before ? writePlace(before) : writePlace(placeBehind(form, units)),
    first: isAll && first === 0,
    gap: null,
  };
}

/** The unit with which that line begins; null: there is no such line. */
function unitOfLine(units: Buffer[], line: number): number | null {
  let begun = 0;
  let isNew = true;
  for (const [i, unit] of units.entries()) {
    if (isNew && begun === line) return i;
    if (isNew) begun += 1;
    isNew = unit[unit.length - 1] === 0x0a;
  }
  return null;
}
function timeOf(form: UnitForm, unit: Buffer): Moment {
  const text = textAt(form, 0);
  return readStamp(unit, text, stampLength(unit, text, unit.length)) ?? { seconds: 0, nanos: 0 };
}
function placeBefore(form: UnitForm, unit: Buffer): Place {
  return { time: timeOf(form, unit), ordinal: 0, checksum: checksumOf(unit, 0, unit.length) };
}
function placeBehind(form: UnitForm, units: Buffer[]): Place {
  const last = units.at(-1) ?? EMPTY;
  const time = timeOf(form, last);
  let ordinal = 0;
  while (ordinal < units.length && compareMoments(timeOf(form, units[units.length - 1 - ordinal] ?? EMPTY), time) === 0) ordinal += 1;
  return { time, ordinal, checksum: checksumOf(last, 0, last.length) };
}
