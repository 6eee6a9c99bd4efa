import { describe, expect, it } from "vitest";
import type { Cursor, RuntimeEvent } from "@/protocol/shapes";
import { createEventLog, type EventLog } from "./event-log";

const event: Omit<RuntimeEvent, "epoch" | "seq"> = { at: 1, kind: "start", id: "ab".repeat(32), target: { namespace: null, workload: "web", replica: null }, name: "web", image: "i", exitCode: null, signal: null, health: null, asked: false, step: null };
function filled(count: number, capacity = 10): EventLog {
  const log = createEventLog({ epoch: 5, capacity });
  for (let i = 0; i < count; i++) log.append(event);
  return log;
}
function read(log: EventLog, after: Cursor | null): string[] {
  const reader = log.reader(after);
  const said: string[] = [];
  for (let frame = reader.next(99); frame; frame = reader.next(99)) {
    said.push(frame.frame === "event" ? String(frame.event.seq) : `gap ${frame.from ? `${frame.from.epoch}:${frame.from.seq}` : "?"}-${frame.to.epoch}:${frame.to.seq}`);
  }
  return said;
}

describe("the event log", () => {
  it("replays what a reader has not seen, and nothing twice", () => {
    expect(read(filled(4), null)).toEqual(["1", "2", "3", "4"]);
    expect(read(filled(4), { epoch: 5, seq: 2 })).toEqual(["3", "4"]);
    expect(read(filled(4), { epoch: 5, seq: 4 })).toEqual([]);
    expect(read(filled(0), { epoch: 5, seq: 0 })).toEqual([]);
  });

  it("keeps a bounded number, and says which are lost to a cursor that fell out", () => {
    expect(read(filled(13), { epoch: 5, seq: 1 })).toEqual(["gap 5:2-5:4", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13"]);
    expect(read(filled(13), { epoch: 5, seq: 3 })).toHaveLength(10);
  });

  it("says so to a reader that becomes too slow in mid-stream", () => {
    const log = filled(2);
    const reader = log.reader(null);
    expect(reader.next(0)).toMatchObject({ event: { seq: 1 } });
    for (let i = 0; i < 20; i++) log.append(event);
    expect(reader.next(7)).toMatchObject({ frame: "gap", at: 7, from: { seq: 2 }, to: { seq: 13 } });
    expect(reader.next(0)).toMatchObject({ event: { seq: 13 } });
  });

  it("admits what a restart of the agent, or an older state directory, may have lost", () => {
    expect(read(filled(2), { epoch: 4, seq: 77 })).toEqual(["gap 4:78-5:1", "1", "2"]);
    expect(read(filled(2), { epoch: 5, seq: 9 })).toEqual(["gap ?-5:1", "1", "2"]);
    expect(read(filled(2), { epoch: 6, seq: 1 })).toEqual(["gap ?-5:1", "1", "2"]);
  });

  it("keeps the place where something may have happened unseen", () => {
    const log = filled(1);
    log.noteLoss(50, "the engine was away");
    log.append(event);
    expect(read(log, null)).toEqual(["1", "gap 5:2-5:3", "3"]);
  });
});
