/** Hand-built bytes of the log API, for tests. */
import type { Runtime, ByteReceiver, LogRequest } from "../../runtime/runtime";
import { AgentFailure } from "../../errors";
import { compareMoments, readStamp, stampLength } from "./stamp";
import { textAt, unitEnd, type UnitForm } from "./units";

/** A frame; stream 1 is stdout, 2 stderr. `claims`: the length that its header tells, where it lies. */
export function frame(text: string | Buffer, stream = 1, claims?: number): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(claims ?? payload.length, 4);
  return Buffer.concat([header, payload]);
}

/** The stamp of a moment on one day: so many nanoseconds after noon. */
export function stamp(nanos: number): string {
  const seconds = Math.floor(nanos / 1e9);
  return `2026-11-28T12:${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}.${String(nanos % 1e9).padStart(9, "0")}Z`;
}

/** A whole line as a frame. */
export function line(nanos: number, text: string, stream = 1): Buffer {
  return frame(`${stamp(nanos)} ${text}\n`, stream);
}

/** Gives bytes as a socket does, in pieces of at most `size`. */
export function give(receiver: ByteReceiver, bytes: Buffer, size = bytes.length): void {
  for (let at = 0; at < bytes.length; ) {
    const copied = bytes.copy(receiver.room(), 0, at, Math.min(bytes.length, at + size));
    at += copied;
    receiver.took(copied);
  }
}

/** The units of some bytes. */
export function unitsOf(bytes: Uint8Array, form: UnitForm = "multiplexed"): string[] {
  const all = Buffer.from(bytes);
  const units: string[] = [];
  for (let at = 0; at < all.length; ) {
    const end = unitEnd(form, all, at, all.length);
    if (end < 0) throw new Error(`no whole unit at ${at}`);
    units.push(all.toString("utf8", textAt(form, at), end));
    at = end;
  }
  return units;
}

export interface FakeAnswer {
  request: LogRequest;
  /** Sends more of it. */
  give(bytes: Buffer): void;
  end(why?: string | null): void;
  isClosed(): boolean;
}

/**
 * An engine that has one log, as units in the order of its file. Every answer begins with what it has of that, as the
 * real one does: filtered by time, `tail` before that. A follow then goes on by hand.
 */
export function createFakeEngine(form: UnitForm = "multiplexed") {
  const log: Buffer[] = [];
  const follows: FakeAnswer[] = [];
  const state = { running: true, gone: false, away: false };
  const moment = (unit: Buffer) => readStamp(unit, textAt(form, 0), stampLength(unit, textAt(form, 0), unit.length));
  const bound = (text: string | null) => (text === null ? null : { seconds: Number(text.split(".")[0]), nanos: Number((text.split(".")[1] ?? "0").padEnd(9, "0")) });
  const select = ({ tail, since, until }: LogRequest) =>
    (tail === null ? log : log.slice(Math.max(0, log.length - tail))).filter((unit) => {
      const [at, from, to] = [moment(unit), bound(since), bound(until)];
      return at === null || ((from === null || compareMoments(at, from) >= 0) && (to === null || compareMoments(at, to) <= 0));
    });
  const refuse = () => {
    if (state.away) throw new AgentFailure("engine_unavailable", "away");
    if (state.gone) throw new AgentFailure("not_found", "gone");
  };
  const runtime = {
    status: () => ({ state: "up", why: null, engine: "docker", version: "20.10.24", apiVersion: "1.41" }),
    inspect: async () => {
      refuse();
      return { HostConfig: { LogConfig: { Type: "json-file" } }, Config: { Tty: form === "stamped" }, State: { Running: state.running } };
    },
    openLog: async (_id: string, request: LogRequest, receiver: ByteReceiver) => {
      refuse();
      let isClosed = false;
      const answer: FakeAnswer = {
        request,
        give: (bytes) => isClosed || give(receiver, bytes),
        end: (why = null) => isClosed || ((isClosed = true), receiver.ended(why)),
        isClosed: () => isClosed,
      };
      // After the head, as a socket would.
      setImmediate(() => {
        answer.give(Buffer.concat(select(request)));
        if (request.follow) follows.push(answer);
        else answer.end();
      });
      return { resume: () => undefined, close: () => void (isClosed = true) };
    },
  } as unknown as Runtime;
  return {
    runtime, log, follows, state,
    /** Adds lines to the log and tells them to the newest follow. */
    write(...units: Buffer[]): void {
      log.push(...units);
      follows.at(-1)?.give(Buffer.concat(units));
    },
  };
}
