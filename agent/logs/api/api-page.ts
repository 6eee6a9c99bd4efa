/** Lines before a place, over the API: it can be asked for the end of a log only, so it is asked for more and more of it. */
import { LIMITS } from "@/protocol/limits";
import { createLogIndex, writeEntry } from "@/protocol/log-text";
import type { LogCursor, LogPage, LogSource } from "@/protocol/logs";
import type { Clock } from "../../clock";
import { AgentFailure } from "../../errors";
import type { Runtime } from "../../runtime/runtime";
import { collect } from "./collect";
import { BEGINNING, checksumOf, type Place, readPlace, writePlace } from "./place";
import { compareMoments, type Moment, momentOf, readStamp, shifted, stampLength, writeSeconds } from "./stamp";
import { NEWLINE, textAt, type UnitForm } from "./units";

/** How many times the wanted lines are asked for from the end; at last all. Each step goes through all before it again. */
const DEPTHS = [1, 8, 64];
/** A line over 16 KiB is several units. */
const PARTS = 16;
const DEADLINE_MS = 18_000;
/** Long lines for which there is room among the last ones. */
const LONG_LINES = 64;
const EMPTY = Buffer.alloc(0);
const ALL = { follow: false, tail: null, since: null, until: null };

export interface PageOptions {
  runtime: Runtime;
  clock: Clock;
  id: string;
  form: UnitForm;
  source: LogSource;
  signal: AbortSignal;
  /** Whether the engine's own `tail` tells the lines as they are: Podman's joins the parts of long lines with the line before. */
  trustsTail: boolean;
}

/** At most so many lines before that place; null: before the end. Rejects with an AgentFailure, `bad_input` for a place of another kind. */
export async function readPage(options: PageOptions, before: LogCursor | { until: number } | null, lines: number): Promise<LogPage> {
  const place = typeof before === "string" ? readPlace(before) : null;
  if (typeof before === "string" && !place) throw new AgentFailure("bad_input", "That place in the log is of another kind of reading. Ask from the end.");
  const until = place ? lastOf(place.time) : before !== null && typeof before === "object" ? shifted(momentOf(before.until), -1) : null;
  const { units, isAll } = await unitsBefore(options, place, until, lines);
  return toPage(options, units, isAll, lines, place);
}

/** Podman tells whole seconds and looks at the fraction all the same: up to a second's end, not its beginning. */
function lastOf(time: Moment): Moment {
  return time.nanos === 0 ? shifted(time, 999_999_999) : time;
}

/** The place before the last `lines` lines; BEGINNING where there are no more. For an engine whose own `tail` is not to be trusted. */
export async function placeOfTail(options: PageOptions, lines: number): Promise<Place> {
  const { runtime, clock, id, form, signal } = options;
  const { units } = await collect({ runtime, id, form, request: ALL, keep: lines + PARTS * LONG_LINES, before: null, signal, after: clock.after, deadlineMs: DEADLINE_MS });
  let first = units.length;
  for (let left = lines; first > 0; first--) {
    const endsLine = units[first - 1]?.at(-1) === NEWLINE;
    if (endsLine && left-- === 0) break;
  }
  const unit = units[first];
  return unit ? placeBefore(form, unit) : BEGINNING;
}

/** One unit more than is wanted, where there is one: the place before the first line is behind it. */
async function unitsBefore(options: PageOptions, place: Place | null, until: Moment | null, lines: number): Promise<{ units: Buffer[]; isAll: boolean }> {
  const { runtime, clock, id, form, signal } = options;
  const from = clock.monotonic();
  let previous = -1;
  for (const depth of options.trustsTail ? [...DEPTHS, null] : [null]) {
    const tail = depth === null ? null : (lines + 1) * depth + PARTS;
    const request = { follow: false, tail, since: null, until: until && writeSeconds(until) };
    const left = Math.max(1, DEADLINE_MS - (clock.monotonic() - from));
    const found = await collect({ runtime, id, form, request, keep: lines + 1 + PARTS, before: place, signal, after: clock.after, deadlineMs: left });
    if (place && !found.reached && tail !== null) continue; // not deep enough: these may all lie behind it
    const { units } = found;
    // No more although more was asked for: that is all.
    const isAll = tail === null || (found.came === 0 ? until === null : found.came === previous);
    if (isAll || units.length > lines) return { units, isAll: isAll && found.came === found.units.length };
    previous = found.came;
  }
  return { units: [], isAll: true };
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
    isNew = unit[unit.length - 1] === NEWLINE;
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
