/** The last units of a short answer of the log API: for pages, and to look what a log ends with. */
import { LIMITS } from "@/protocol/limits";
import { AgentFailure } from "../../errors";
import type { ByteReceiver, ByteSource, LogRequest, Runtime } from "../../runtime/runtime";
import { checksumOf, type Place } from "./place";
import { compareMoments, readStamp, stampLength } from "./stamp";
import { BROKEN, SYSTEM, textAt, UNFINISHED, unitEnd, type UnitForm } from "./units";

export interface Units {
  /** Oldest first; each is a unit with its header. */
  units: Buffer[];
  /** How many came in all, up to the place. */
  came: number;
  /** Whether the place came. */
  reached: boolean;
}

const CHUNK_BYTES = 256 * 1024;
const ROOM_BYTES = 16 * 1024;
/** Looks for more units than are kept before it lets go of the older ones, so that this is seldom done. */
const SLACK = 2;

/**
 * Asks and keeps the last `keep` units, of LIMITS.logPageBytes in all; with `before` the last up to that place, if it
 * comes. Rejects with an AgentFailure: also when the
 * answer broke off, when `signal` is aborted, and with `deadline` when it is not whole in time.
 */
export async function collect(options: { runtime: Runtime; id: string; form: UnitForm; request: LogRequest; keep: number; before: Place | null; signal: AbortSignal; after: (ms: number, task: () => void) => () => void; deadlineMs: number }): Promise<Units> {
  const { runtime, id, form, request, keep, before, signal, after, deadlineMs } = options;
  signal.throwIfAborted();
  let source: ByteSource | null = null;
  let isOver = false;
  let disarm = () => {};
  let onAbort = () => {};
  try {
    return await new Promise<Units>((resolve, reject) => {
      onAbort = () => reject(new AgentFailure("internal", "Nobody waits for it any more."));
      signal.addEventListener("abort", onAbort, { once: true });
      disarm = after(deadlineMs, () => reject(new AgentFailure("deadline", `The engine did not tell these lines within ${deadlineMs / 1_000} s.`)));
      const receiver = createCollector(form, keep, before, resolve, reject);
      runtime.openLog(id, { ...request, follow: false }, receiver).then((opened) => {
        source = opened;
        if (isOver) opened.close();
      }, reject);
    });
  } finally {
    isOver = true;
    disarm();
    signal.removeEventListener("abort", onAbort);
    (source as ByteSource | null)?.close();
  }
}

function createCollector(form: UnitForm, keep: number, before: Place | null, resolve: (units: Units) => void, reject: (error: AgentFailure) => void): ByteReceiver {
  let chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  let walked = 0;
  let used = 0;
  let came = 0;
  let units: Buffer[] = [];
  let seen = 0;
  let isPast = false;
  /** Whether the unit lies before the place; the first that does not ends it. */
  const isBefore = (unit: Buffer): boolean => {
    if (isPast || before === null) return !isPast;
    const text = textAt(form, 0);
    const time = readStamp(unit, text, stampLength(unit, text, unit.length));
    if (!time || compareMoments(time, before.time) !== 0) return true;
    seen += 1;
    isPast = seen >= before.ordinal && (before.checksum === null || checksumOf(unit, 0, unit.length) === before.checksum);
    return !isPast || before.ordinal > 0;
  };
  const trim = (): void => {
    units = keep === 0 ? [] : units.slice(-keep);
    let bytes = 0;
    for (let i = units.length - 1; i >= 0; i--) {
      bytes += units[i]!.length;
      if (bytes > LIMITS.logPageBytes) return void (units = units.slice(i + 1));
    }
  };
  return {
    room: () => chunk.subarray(used),
    took(bytes) {
      used += bytes;
      for (let end = unitEnd(form, chunk, walked, used); end !== UNFINISHED; end = unitEnd(form, chunk, walked, used)) {
        if (end === BROKEN) {
          reject(new AgentFailure("engine_error", "The engine sent a frame whose header makes no sense."));
          return false;
        }
        const unit = chunk.subarray(walked, end);
        if ((form === "stamped" || chunk[walked] !== SYSTEM) && isBefore(unit)) {
          units.push(unit);
          came += 1;
        }
        walked = end;
      }
      if (units.length > keep * SLACK + 64) trim();
      if (chunk.length - used < ROOM_BYTES) {
        const fresh = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, used - walked + CHUNK_BYTES));
        chunk.copy(fresh, 0, walked, used);
        used -= walked;
        walked = 0;
        chunk = fresh;
      }
      return true;
    },
    ended(why) {
      if (why !== null) return reject(new AgentFailure("engine_unavailable", `The engine broke off its answer: ${why}.`));
      trim();
      resolve({ units, came, reached: isPast });
    },
  };
}
