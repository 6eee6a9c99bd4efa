/**
 * What happened, in order: each entry has the next number of this agent's run (epoch). The last
 * REPLAY_EVENTS are kept, so that a hub that was away reads on from where it stopped.
 */
import type { Cursor, Frame, RuntimeEvent } from "@/protocol/shapes";

const REPLAY_EVENTS = 2_000;
type GapFrame = Extract<Frame, { frame: "gap" }>;
type Entry = { event: RuntimeEvent } | { lostAt: number; why: string };

export interface EventLog {
  append(event: Omit<RuntimeEvent, "epoch" | "seq">): RuntimeEvent;
  /** Notes that something may have happened here which nobody saw. */
  noteLoss(at: number, why: string): void;
  /** A reader that starts after `after`, or at the oldest entry when that is null. Costs nothing while it waits. */
  reader(after: Cursor | null): EventReader;
}
export interface EventReader {
  /** The next event, or the gap where events are lost, or null when there is nothing more now. `at` dates a gap. */
  next(at: number): Extract<Frame, { frame: "event" }> | GapFrame | null;
}

export function createEventLog({ epoch, capacity = REPLAY_EVENTS }: { epoch: number; capacity?: number }): EventLog {
  const entries: Entry[] = [];
  let oldest = 1; // the number of entries[0]
  const last = () => oldest + entries.length - 1;
  const cursor = (seq: number): Cursor => ({ epoch, seq });
  const push = (entry: Entry) => {
    entries.push(entry);
    if (entries.length > capacity) {
      entries.shift();
      oldest++;
    }
  };

  return {
    append(event) {
      const numbered: RuntimeEvent = { epoch, seq: last() + 1, ...event };
      push({ event: numbered });
      return numbered;
    },
    noteLoss(lostAt, why) {
      push({ lostAt, why });
    },
    reader(after) {
      let start: GapFrame | null = null;
      let position = oldest - 1;
      const gap = (at: number, from: Cursor | null, to: number, why: string): GapFrame => ({ frame: "gap", at, from, to: cursor(to), since: null, until: null, why });
      if (after && after.epoch === epoch && after.seq <= last()) position = after.seq;
      else if (after && after.epoch < epoch) start = gap(0, { epoch: after.epoch, seq: after.seq + 1 }, oldest, "The agent was restarted since.");
      else if (after) start = gap(0, null, oldest, "The agent does not remember as far as the hub: its state directory is older than the hub's data.");
      return {
        next(at) {
          if (start) {
            const frame = { ...start, at };
            start = null;
            return frame;
          }
          if (position + 1 < oldest) {
            const frame = gap(at, cursor(position + 1), oldest, `More than ${capacity} events happened while nobody read them.`);
            position = oldest - 1;
            return frame;
          }
          const entry = entries[position + 1 - oldest];
          if (!entry) return null;
          position++;
          return "event" in entry ? { frame: "event", event: entry.event } : gap(entry.lostAt, cursor(position), position + 1, entry.why);
        },
      };
    },
  };
}
