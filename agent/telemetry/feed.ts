/**
 * One reader's view of the host, as frames. It holds no copies: what is counted is read by place, changed
 * containers are remembered by id and read when their turn comes. So a slow reader costs a set of ids at most,
 * gets the latest of each container, and a gap where records were lost to it.
 */
import { LIMITS, TIMES } from "@/protocol/limits";
import type { Container, Cursor, Frame } from "@/protocol/shapes";
import type { Clock } from "../clock";
import type { Reflector } from "../reflector";
import type { Spool } from "../spool/spool";

/** A part of a list stays well within one line. */
const PART_BYTES = LIMITS.lineBytes / 2;

export interface Feed {
  /** The next frame, or null when there is nothing to say now. One call at a time. */
  next(): Promise<Frame | null>;
  /** Resolves when there may be something that the last `next` did not see. */
  waken(): Promise<void>;
  close(): void;
}

/** A feed of everything from now on, and of what was counted after `after`. */
export function createFeed({ reflector, spool, clock, after }: { reflector: Reflector; spool: Spool; clock: Clock; after: Cursor | null }): Feed {
  const counted = spool.reader(after);
  const changed = new Set<string>();
  let opened = false;
  /** A container's turn: a long replay must not keep back what is true now. */
  let turn = false;
  let roused = false;
  let statusChanged = true;
  let beatDue = false;
  let list: { containers: Container[]; part: number } | null = null;
  let wake: (() => void) | null = null;

  const beginList = () => {
    changed.clear();
    list = { containers: [...reflector.containers().values()], part: 0 };
  };
  if (reflector.listedAt() !== null) beginList();
  else beatDue = true;

  const rouse = () => {
    roused = true;
    wake?.();
    wake = null;
  };
  const unsubscribe = spool.subscribe(rouse);
  const unsubscribeState = reflector.subscribe((change) => {
    if (change.what === "container") changed.add(change.id);
    else if (change.what === "status") statusChanged = true;
    else if (change.what === "list") beginList();
    rouse();
  });
  const stopBeat = clock.every(TIMES.heartbeatMs, () => {
    beatDue = true;
    rouse();
  });

  function nextPart({ containers, part }: { containers: Container[]; part: number }): Frame {
    let bytes = 0;
    let count = 0;
    for (const container of containers.slice(0, LIMITS.snapshotPart)) {
      bytes += Buffer.byteLength(JSON.stringify(container));
      if (count > 0 && bytes > PART_BYTES) break;
      count++;
    }
    const rest = containers.slice(count);
    const last = rest.length === 0;
    list = last ? null : { containers: rest, part: part + 1 };
    if (last) beatDue = true;
    return { frame: "list", at: clock.now(), part, last, containers: containers.slice(0, count) };
  }

  function nextState(): Frame | null {
    if (!opened) {
      opened = true;
      return { frame: "open", at: clock.now(), to: spool.last() };
    }
    if (statusChanged) {
      statusChanged = false;
      return { frame: "runtime", at: clock.now(), status: reflector.status() };
    }
    if (list) return nextPart(list);
    if (beatDue) {
      beatDue = false;
      return { frame: "beat", at: clock.now(), listedAt: reflector.listedAt() };
    }
    return null;
  }
  function nextContainer(): Frame | null {
    turn = false;
    for (const id of changed) {
      changed.delete(id);
      const container = reflector.containers().get(id);
      return container ? { frame: "container", at: clock.now(), container } : { frame: "gone", at: clock.now(), id };
    }
    return null;
  }

  return {
    async next() {
      roused = false;
      const state = nextState() ?? (turn ? nextContainer() : null);
      if (state) return state;
      const record = await counted.next(clock.now());
      turn = record !== null;
      return record ?? nextContainer();
    },
    waken: () => (roused ? Promise.resolve() : new Promise((resolve) => (wake = resolve))),
    close() {
      unsubscribe();
      unsubscribeState();
      stopBeat();
      void counted.close();
      rouse();
    },
  };
}
