/** What is true about the containers of one host, built from its frames. Pure: no clock, no link, no database. */
import type { Container, Frame } from "@/protocol/shapes";
import { formatTarget } from "@/protocol/target";
import { FrameRefused } from "@/server/live/link-reader";

/** Containers of one host. Protects the hub from an agent that invents them. */
export const MAX_CONTAINERS = 40_000;
/** Characters that the containers of one host may take, as JSON; a list in the making counts again. */
export const MAX_CHARS = 64 << 20;

/** One container as last seen. */
export interface Known {
  readonly container: Container;
  /** formatTarget() with the host as scope. */
  readonly key: string;
  /** The container as JSON: what is compared and what is stored. */
  readonly text: string;
  /** When its own state last arrived, on the hub's clock. */
  readonly confirmedAt: number;
}

/** Ids of containers whose state changed, and of those that are gone. */
export interface Difference {
  changed: string[];
  gone: string[];
}
const NOTHING: Difference = { changed: [], gone: [] };

export type TruthFrame = Extract<Frame, { frame: "list" | "container" | "gone" | "beat" }>;
export type HostTruth = ReturnType<typeof createHostTruth>;

export function createHostTruth(hostId: string) {
  let containers = new Map<string, Known>();
  let chars = 0;
  let listedAt: number | null = null;
  /** Whether a whole list has come since the stream began. */
  let synced = false;
  /** A list in the making, and what came about single containers meanwhile: it is newer than the list. */
  let making: { parts: number; list: Map<string, Known>; chars: number; since: Map<string, Known | null> } | null = null;

  const know = (container: Container, at: number): Known => ({
    container, confirmedAt: at, text: JSON.stringify(container), key: formatTarget({ scope: hostId, ...container.target }),
  });

  function set(known: Known): Difference {
    const { id } = known.container;
    const before = containers.get(id);
    chars += known.text.length - (before?.text.length ?? 0);
    containers.set(id, known);
    bounded(containers.size, chars);
    // What is the same is confirmed, not changed: nobody need be told.
    return before?.text === known.text ? NOTHING : { changed: [id], gone: [] };
  }

  function remove(id: string): Difference {
    const before = containers.get(id);
    if (!before) return NOTHING;
    chars -= before.text.length;
    containers.delete(id);
    return { changed: [], gone: [id] };
  }

  function takePart(frame: Extract<Frame, { frame: "list" }>, now: number, confirms: boolean): Difference {
    if (frame.part === 0) making = { parts: 0, list: new Map(), chars: 0, since: new Map() };
    if (making === null || frame.part !== making.parts) throw new FrameRefused(`part ${frame.part} of a list came out of turn`);
    making.parts += 1;
    for (const container of frame.containers) {
      const known = know(container, confirms ? now : (containers.get(container.id)?.confirmedAt ?? 0));
      making.list.set(container.id, known);
      making.chars += known.text.length;
    }
    bounded(making.list.size, making.chars);
    if (!frame.last) return NOTHING;
    const { list, since } = making;
    making = null;
    if (confirms) listedAt = now;
    synced = true;
    for (const [id, known] of since) {
      if (known === null) list.delete(id);
      else list.set(id, known);
    }
    return replace(list);
  }

  function replace(list: Map<string, Known>): Difference {
    const before = containers;
    containers = list;
    chars = 0;
    const difference: Difference = { changed: [], gone: [] };
    for (const [id, known] of list) {
      chars += known.text.length;
      if (before.get(id)?.text !== known.text) difference.changed.push(id);
    }
    for (const id of before.keys()) if (!list.has(id)) difference.gone.push(id);
    return difference;
  }

  return {
    /**
     * Applies one frame that arrived at `now` on the hub's clock. `confirms` false: the agent's engine is
     * away, so a list is what the agent remembers, as old as the next beat says. Throws FrameRefused.
     */
    apply(frame: TruthFrame, now: number, confirms = true): Difference {
      switch (frame.frame) {
        case "list":
          return takePart(frame, now, confirms);
        case "container": {
          const known = know(frame.container, now);
          making?.since.set(frame.container.id, known);
          bounded(making?.since.size ?? 0, 0);
          return set(known);
        }
        case "gone":
          making?.since.set(frame.id, null);
          bounded(making?.since.size ?? 0, 0);
          return remove(frame.id);
        case "beat":
          // Both times are the agent's: their distance is right however its clock is set.
          if (synced && frame.listedAt !== null) listedAt = Math.max(listedAt ?? 0, now - Math.max(0, frame.at - frame.listedAt));
          return NOTHING;
      }
    },
    /** A new stream: a list that was in the making will not be finished, and what is known waits to be confirmed. */
    begin(): void {
      making = null;
      synced = false;
    },
    /** What was known before a restart of the hub. */
    restore(known: { container: Container; confirmedAt: number }[], wasListedAt: number | null): void {
      for (const { container, confirmedAt } of known) set(know(container, confirmedAt));
      listedAt = wasListedAt;
    },
    synced: () => synced,
    /** When the whole list was last known to be true; null before the first. */
    listedAt: () => listedAt,
    get: (id: string): Known | undefined => containers.get(id),
    ids: () => containers.keys(),
    all: () => containers.values(),
    size: () => containers.size,
    /** When one container's state was last known to be true: by its own frame, or with the whole list. */
    confirmedAt: (known: Known): number => Math.max(known.confirmedAt, listedAt ?? 0),
  };
}

function bounded(count: number, chars: number): void {
  if (count > MAX_CONTAINERS) throw new FrameRefused(`more than ${MAX_CONTAINERS} containers`);
  if (chars > MAX_CHARS) throw new FrameRefused(`more than ${MAX_CHARS} characters about its containers`);
}
