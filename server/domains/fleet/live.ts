/** The live fleet: a whole snapshot, then merged patches, for any number of readers. */
import { createLatestChannel } from "@/server/live/channel";
import type { Clock } from "@/server/lib/clock";
import type { ContainerView, FleetMessage, HostView } from "./schema";

/** Containers in one message. Keeps a message small enough that a slow tab paints while the next one comes. */
const PART = 500;
/** Least time between two patches to one reader: a burst becomes one message, and a single change waits for none. */
const COALESCE_MS = 25;
/** Changed things that one reader may hold unread; past that it reads everything anew. */
const UNREAD_KEYS = 20_000;

/** A host (`id` null) or one of its containers. Readers look up what is true when they read. */
type Changed = { hostId: string; id: string | null };

export interface LiveDeps {
  clock: Clock;
  hosts: () => HostView[];
  host: (hostId: string) => HostView | undefined;
  containerIds: (hostId: string) => Iterable<string>;
  container: (hostId: string, id: string) => ContainerView | undefined;
}

export type Live = ReturnType<typeof createLive>;

export function createLive({ clock, hosts, host, containerIds, container }: LiveDeps) {
  const channel = createLatestChannel<string, Changed>({ keys: UNREAD_KEYS });

  function* snapshot(): Generator<FleetMessage> {
    const all = hosts();
    const ids = all.flatMap(({ id: hostId }) => [...containerIds(hostId)].map((id) => ({ hostId, id })));
    for (let from = 0; from === 0 || from < ids.length; from += PART) {
      // Looked up only now: the reader may have taken its time over the part before.
      const containers = ids.slice(from, from + PART).flatMap(({ hostId, id }) => container(hostId, id) ?? []);
      yield { type: "snapshot", at: clock.now(), hosts: from === 0 ? all : [], containers, first: from === 0, last: from + PART >= ids.length };
    }
  }

  function* patches(changed: Changed[]): Generator<FleetMessage> {
    for (let from = 0; from < changed.length; from += PART) {
      const patch = { type: "patch" as const, at: clock.now(), hosts: [] as HostView[], containers: [] as ContainerView[], goneHosts: [] as string[], gone: [] as { hostId: string; id: string }[] };
      for (const { hostId, id } of changed.slice(from, from + PART)) {
        const owner = host(hostId);
        if (id === null && owner) patch.hosts.push(owner);
        else if (id === null) patch.goneHosts.push(hostId);
        else if (owner) {
          const view = container(hostId, id);
          if (view) patch.containers.push(view);
          else patch.gone.push({ hostId, id });
        }
      }
      yield patch;
    }
  }

  /** Subscribes first, then reads what is there, so that nothing falls in between. Ends with `signal`. */
  async function* follow(signal?: AbortSignal): AsyncGenerator<FleetMessage> {
    const changes = channel.subscribe(signal);
    try {
      yield* snapshot();
      for await (const { entries, overflowed } of changes) {
        if (overflowed) yield* snapshot();
        else yield* patches(entries.map(([, changed]) => changed));
        await new Promise<void>((resolve) => void clock.after(COALESCE_MS, resolve));
      }
    } finally {
      await changes.return();
    }
  }

  return {
    follow,
    hostChanged: (hostId: string) => channel.publish(hostId, { hostId, id: null }),
    containersChanged(hostId: string, ids: Iterable<string>): void {
      if (channel.readers() === 0) return;
      for (const id of ids) channel.publish(`${hostId}/${id}`, { hostId, id });
    },
    readers: channel.readers,
    close: channel.close,
  };
}
