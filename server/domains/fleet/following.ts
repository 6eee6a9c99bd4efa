/** What the hosts say: each link's telemetry, applied to the truth about its host. */
import { TIMES } from "@/protocol/limits";
import type { Sample } from "@/protocol/metrics";
import type { Cursor, Frame, RuntimeStatus } from "@/protocol/shapes";
import type { HostRecord } from "@/server/domains/hosts/service";
import type { HostLink, LinkChange } from "@/server/gateway/gateway";
import type { Clock } from "@/server/lib/clock";
import type { Logger } from "@/server/lib/logger";
import type { LinkReader } from "@/server/live/link-reader";
import type { Keepable } from "./keeping";
import { isAfter, isRecord, toEntry, type RecordFrame } from "./records";
import type { Saving } from "./saving";
import { readTelemetry } from "./telemetry";
import { createHostTruth, type Difference, type HostTruth } from "./truth";

/** A heartbeat is told to the pages once; an agent that beats faster is not. */
const BEAT_SAID_MS = TIMES.heartbeatMs * 0.8;

/** One host as the fleet follows it. */
export interface HostState {
  id: string;
  truth: HostTruth;
  link: HostLink | null;
  stop: AbortController | null;
  telemetry: LinkReader | null;
  /** Why it is not reporting, for a person; null while it is. */
  why: string | null;
  /** Set when its tunnel is being closed for what it sent. */
  refused: string | null;
  address: string | null;
  confirmedAt: number;
  /** When a heartbeat was last told to the pages; monotonic. */
  saidAt: number;
  /** The last record received, and the last one stored. */
  cursor: Cursor | null;
  savedCursor: Cursor | null;
  /** It was followed before, so that what was counted before a stream began is filled in later, not new. */
  met: boolean;
  /** The last record that was counted before this stream began; null: all are new. */
  lateTo: Cursor | null;
  fresh: boolean;
}

export function createHostState(host: HostRecord): HostState {
  return {
    id: host.id, truth: createHostTruth(host.id), link: null, stop: null, telemetry: null, why: "Not heard since Binnacle started.", refused: null, address: null,
    confirmedAt: host.confirmedAt, saidAt: -Infinity, cursor: host.cursor, savedCursor: host.cursor, met: host.cursor !== null, lateTo: null, fresh: false,
  };
}

export interface FollowingDeps {
  clock: Clock;
  log: Logger;
  /** 0 to 1; spreads what would come at once. */
  random: () => number;
  saving: Pick<Saving, "record">;
  /** A link is up: its agent may be told what is stored. */
  keep: (host: Keepable) => void;
  /** undefined for a host that is not known. */
  state: (hostId: string) => HostState | undefined;
  setRuntime: (hostId: string, runtime: RuntimeStatus) => void;
  tellHost: (state: HostState) => void;
  tellContainers: (state: HostState, difference: Difference) => void;
  /** All containers of a host were last confirmed at another time than the pages think. */
  tellAges: (state: HostState) => void;
  engineUp: (hostId: string) => boolean;
  /** A measurement came, in the order of its host; `late`: it was filled in. */
  onSample: (hostId: string, sample: Sample, late: boolean) => void;
}

export function createFollowing({ clock, log, random, saving, keep, state: stateOf, setRuntime, tellHost, tellContainers, tellAges, engineUp, onSample }: FollowingDeps) {
  const counters = { frames: 0, invalidFrames: 0, gaps: 0, repeatedRecords: 0, lateRecords: 0 };

  function onLink(change: LinkChange): void {
    const state = stateOf(change.hostId);
    if (!state) return;
    state.stop?.abort();
    state.stop = null;
    state.telemetry = null;
    state.truth.begin();
    if (change.state === "down") {
      state.link = null;
      state.why = state.refused ?? change.why;
      state.confirmedAt = Math.max(state.confirmedAt, change.lastByteAt);
    } else {
      state.link = change.link;
      state.why = state.refused = null;
      state.address = change.link.address;
      follow(state, change.link);
      keep(state);
    }
    tellHost(state);
  }

  function follow(state: HostState, link: HostLink): void {
    const stop = new AbortController();
    state.stop = stop;
    state.telemetry = readTelemetry({
      link, clock, random, signal: stop.signal,
      after: () => state.cursor,
      onOpen() {
        state.truth.begin();
        state.why = null;
        state.lateTo = null;
      },
      onFrame: (frame, chars) => onFrame(state, frame, chars),
      onEnd(why) {
        state.truth.begin();
        state.why = `Connected, but not reporting: ${why}`;
        tellHost(state);
      },
      onInvalid(why) {
        counters.invalidFrames += 1;
        state.refused = `Its agent sent something that Binnacle does not take: ${why}`;
        log.warn({ host: state.id, why }, "invalid telemetry, tunnel closed");
      },
    });
  }

  function onFrame(state: HostState, frame: Frame, chars: number): boolean {
    counters.frames += 1;
    const now = clock.now();
    state.confirmedAt = Math.max(state.confirmedAt, now);
    if (isRecord(frame)) {
      onRecord(state, frame, chars);
      return false;
    }
    switch (frame.frame) {
      case "open":
        state.lateTo = state.met ? frame.to : null;
        state.met = true;
        return false;
      case "runtime":
        setRuntime(state.id, frame.status);
        return false;
      default: {
        const wasSynced = state.truth.synced();
        const wasListedAt = state.truth.listedAt();
        tellContainers(state, state.truth.apply(frame, now, engineUp(state.id)));
        // While a host is not fresh, the pages show each container's age.
        if (frame.frame === "beat" && !state.fresh && state.truth.listedAt() !== wasListedAt) tellAges(state);
        if (!wasSynced && state.truth.synced()) {
          tellHost(state);
          return true;
        }
        if (frame.frame === "beat" && clock.monotonic() - state.saidAt >= BEAT_SAID_MS) {
          state.saidAt = clock.monotonic();
          tellHost(state);
        }
        return false;
      }
    }
  }

  function onRecord(state: HostState, frame: RecordFrame, chars: number): void {
    const entry = toEntry(frame, { hostId: state.id, lateTo: state.lateTo, receivedAt: clock.now(), chars });
    // An agent that does not know the place it was asked for goes on from another, which may lie before it.
    const elsewhere = frame.frame === "gap" && frame.from === null;
    if (!elsewhere && !isAfter(entry.place, state.cursor)) {
      counters.repeatedRecords += 1;
      return;
    }
    // Not moved on when there is no room: the stream will be opened again from what is stored.
    if (!saving.record(entry)) return;
    state.cursor = entry.cursor ?? state.cursor;
    state.met = true;
    if (entry.late) counters.lateRecords += 1;
    if (frame.frame === "sample") onSample(state.id, frame.sample, entry.late);
    if (frame.frame !== "gap") return;
    counters.gaps += 1;
    log.warn({ host: state.id, from: frame.from, to: frame.to, why: frame.why }, "a part of what happened on this host is lost");
  }

  return { onLink, counters };
}
