/**
 * The fleet: what is true on every host, as far as it is known, and since when. A host that is away keeps
 * its last state and its age; nothing turns into stopped, empty or none because it was not heard.
 */
import type { Sample } from "@/protocol/metrics";
import { Container, type Loss, type Outcome } from "@/protocol/shapes";
import type { HostRecord, HostsService } from "@/server/domains/hosts/service";
import type { Gateway, HostLink } from "@/server/gateway/gateway";
import type { Clock } from "@/server/lib/clock";
import { AppError } from "@/server/lib/errors";
import type { Logger } from "@/server/lib/logger";
import { createFollowing, createHostState, type HostState } from "./following";
import { createHistory } from "./history";
import { createKeeping } from "./keeping";
import { createLive } from "./live";
import type { FleetRepo, StoredContainer } from "./repo";
import { createSaving } from "./saving";
import { isFresh, type ContainerView, type HostView } from "./schema";
import type { Difference } from "./truth";

/** Containers restored in one statement. */
const RESTORE_PAGE = 1_000;

export interface FleetDeps {
  repo: FleetRepo;
  hosts: HostsService;
  gateway: Pick<Gateway, "onChange" | "heardAt">;
  clock: Clock;
  log: Logger;
  /** How a step of an operation ended, as its agent kept it. May be told more than once; rejects while that cannot be recorded. */
  outcome: (hostId: string, step: string, outcome: Outcome) => Promise<void>;
  /** 0 to 1; spreads what would come at once. */
  random?: () => number;
}

export type FleetService = ReturnType<typeof createFleetService>;

export function createFleetService({ repo, hosts, gateway, clock, log, outcome, random = Math.random }: FleetDeps) {
  const states = new Map<string, HostState>();
  const listeners = new Set<(hostId: string, ids: Iterable<string>) => void>();
  const sampleListeners = new Set<(hostId: string, sample: Sample, late: boolean) => void>();
  const unsubscribe: (() => void)[] = [];

  const live = createLive({ clock, hosts: hostViews, host: hostView, containerIds: (hostId) => states.get(hostId)?.truth.ids() ?? [], container: containerView });
  const keeping = createKeeping({ clock, log });
  const saving = createSaving({
    repo, clock, log, outcome,
    container: stored,
    ids: (hostId) => states.get(hostId)?.truth.ids() ?? null,
    sighting(hostId) {
      const [host, state] = [hosts.get(hostId), states.get(hostId)];
      return host && state ? { hostId, confirmedAt: heardAt(state), listedAt: state.truth.listedAt(), hello: host.hello, runtime: host.runtime } : null;
    },
    saved(hostId, cursor) {
      const state = states.get(hostId);
      if (!state) return;
      state.savedCursor = cursor;
      keeping.keep(state);
    },
    readAgain(hostId) {
      const state = states.get(hostId);
      if (!state) return;
      state.cursor = state.savedCursor;
      state.telemetry?.reopen();
    },
  });

  const history = createHistory({
    repo, clock,
    hostIds: () => [...states.keys()],
    isKnown: (hostId) => states.has(hostId),
    flush: async () => (saving.stats().unsavedRecords > 0 ? saving.flush() : undefined),
  });

  function stateOf(host: HostRecord): HostState {
    const known = states.get(host.id);
    if (known) return known;
    const state = createHostState(host);
    states.set(host.id, state);
    return state;
  }

  // —— what the pages see

  /** While the link is up, any byte counts as heard. */
  const heardAt = (state: HostState) => Math.max(state.confirmedAt, state.link ? (gateway.heardAt(state.id) ?? 0) : 0);

  function hostView(hostId: string): HostView | undefined {
    const [host, state] = [hosts.get(hostId), states.get(hostId)];
    if (!host || !state) return undefined;
    // A link whose containers were not all read yet confirms nothing; without a runtime there is nothing to read.
    const up = state.link !== null && (state.truth.synced() || host.runtime.state !== "up");
    const link = host.revokedAt !== null ? "revoked" : up ? "up" : "down";
    const why = link === "up" ? null : link === "revoked" ? "Its key was revoked." : state.link && !state.why ? "Connected; its containers are being read." : state.why;
    return {
      id: host.id, name: host.name, tags: host.tags, joinedAt: host.joinedAt, link, linkWhy: why, confirmedAt: heardAt(state),
      runtime: host.runtime, agentVersion: host.hello.agentVersion, allow: host.hello.allow, address: state.address, host: host.hello.host,
    };
  }
  function hostViews(): HostView[] {
    return hosts.all().flatMap((host) => hostView(host.id) ?? []);
  }
  function containerView(hostId: string, id: string): ContainerView | undefined {
    const truth = states.get(hostId)?.truth;
    const known = truth?.get(id);
    return truth && known ? { ...known.container, hostId, key: known.key, confirmedAt: truth.confirmedAt(known) } : undefined;
  }
  function containersOf(hostId: string): ContainerView[] {
    const known = [...(states.get(hostId)?.truth.all() ?? [])];
    return known.flatMap(({ container }) => containerView(hostId, container.id) ?? []);
  }
  function stored(hostId: string, id: string): StoredContainer | null {
    const known = states.get(hostId)?.truth.get(id);
    return known ? { hostId, runtimeId: id, document: known.text, confirmedAt: known.confirmedAt } : null;
  }

  function tellHost(state: HostState): void {
    const view = hostView(state.id);
    const fresh = isFresh(view);
    // From here on each container's age counts, so each page must know when it was last confirmed.
    if (state.fresh && !fresh) tellAges(state);
    state.fresh = fresh;
    saving.heard(state.id);
    live.hostChanged(state.id);
  }
  const tellAges = (state: HostState) => live.containersChanged(state.id, state.truth.ids());
  function tellContainers(state: HostState, { changed, gone }: Difference): void {
    for (const ids of [changed, gone]) {
      if (ids.length === 0) continue;
      saving.touch(state.id, ids);
      live.containersChanged(state.id, ids);
      for (const listener of listeners) listener(state.id, ids);
    }
  }

  // —— what the hosts say, and what becomes of them

  const following = createFollowing({
    clock, log, random, saving, keep: keeping.keep, tellHost, tellContainers, tellAges, setRuntime: hosts.setRuntime,
    engineUp: (hostId) => hosts.get(hostId)?.runtime.state === "up",
    state(hostId) {
      const host = hosts.get(hostId);
      return host && stateOf(host);
    },
    onSample: (hostId, sample, late) => sampleListeners.forEach((listener) => listener(hostId, sample, late)),
  });

  function onHost(change: Parameters<Parameters<HostsService["onChange"]>[0]>[0]): void {
    if (change.type === "changed") {
      const state = stateOf(change.host);
      if (change.rekeyed) {
        saving.drop(state.id);
        state.cursor = state.savedCursor = null;
        state.met = false;
      }
      return tellHost(state);
    }
    const state = states.get(change.hostId);
    state?.stop?.abort();
    states.delete(change.hostId);
    saving.drop(change.hostId);
    live.hostChanged(change.hostId);
  }

  // —— what is asked of a host

  function away(hostId: string): AppError {
    const view = hostView(hostId);
    if (!view) return new AppError("not_found", "There is no such host. It may have been forgotten meanwhile.");
    return new AppError("host_away", `"${view.name}" is not connected, so this cannot be asked now. It was last confirmed ${ago(clock.now() - view.confirmedAt)}.`);
  }
  function ask(hostId: string, id: string): HostLink {
    const state = states.get(hostId);
    if (!state?.truth.get(id)) throw new AppError("not_found", "There is no such container on this host. It may have been removed meanwhile.");
    if (!state.link) throw away(hostId);
    return state.link;
  }

  async function restore(): Promise<void> {
    const restored = new Map<string, { container: Container; confirmedAt: number }[]>();
    let unreadable = 0;
    let last: StoredContainer | null = null;
    for (;;) {
      const page: StoredContainer[] = await repo.containers(last, RESTORE_PAGE);
      for (const row of page) {
        const container = readStored(row.document);
        if (container === null) unreadable += 1;
        else {
          const known = restored.get(row.hostId) ?? [];
          known.push({ container, confirmedAt: row.confirmedAt });
          restored.set(row.hostId, known);
        }
      }
      last = page.at(-1) ?? null;
      if (page.length < RESTORE_PAGE) break;
    }
    if (unreadable > 0) log.warn({ unreadable }, "stored containers of another version were left out until their hosts say more");
    for (const host of hosts.all()) stateOf(host).truth.restore(restored.get(host.id) ?? [], host.listedAt);
  }

  return {
    /** Restores what was known, then follows the hosts. Call after hosts.load(). */
    async start(): Promise<void> {
      await restore();
      unsubscribe.push(hosts.onChange(onHost), gateway.onChange(following.onLink));
      saving.start();
    },
    /** Stops following and writes what is not written yet. */
    async stop(): Promise<void> {
      for (const end of unsubscribe.splice(0)) end();
      for (const state of states.values()) state.stop?.abort();
      live.close();
      await saving.stop();
    },
    live: live.follow,
    host: hostView,
    hosts: hostViews,
    container: containerView,
    /** All containers of one host. */
    containers: containersOf,
    /** All containers of one compose project on one host. */
    stack: (hostId: string, project: string): ContainerView[] => containersOf(hostId).filter((container) => container.target.namespace === project),
    /** Called with the ids of containers that changed or went. Returns the unsubscribe. */
    onContainers(listener: (hostId: string, ids: Iterable<string>) => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    /** Called with each measurement, in the order of its host; `late`: it was filled in. Returns the unsubscribe. */
    onSample(listener: (hostId: string, sample: Sample, late: boolean) => void): () => void {
      sampleListeners.add(listener);
      return () => void sampleListeners.delete(listener);
    },
    ...history,
    /** The engine's own document, environment values masked. AppErrors not_found, host_away, and the link's. */
    async inspect(hostId: string, id: string) {
      const answer = await ask(hostId, id).call("container.inspect", { id });
      return { ...answer, at: clock.now() };
    },
    /** What removing a container would lose. AppErrors not_found, host_away, and the link's. */
    loss: (hostId: string, id: string): Promise<Loss> => Promise.resolve().then(() => ask(hostId, id).call("container.loss", { id })),
    /** For errors of other domains: why nothing can be asked of this host now. */
    away,
    flush: saving.flush,
    /** For /metrics and tests. */
    stats: () => ({ ...following.counters, ...saving.stats(), readers: live.readers(), containers: [...states.values()].reduce((sum, state) => sum + state.truth.size(), 0) }),
  };
}

function readStored(document: string): Container | null {
  try {
    const parsed = Container.safeParse(JSON.parse(document));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** "3 s ago", "12 min ago", "5 h ago", "2 days ago". */
export function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 48 * 3_600) return `${Math.round(seconds / 3_600)} h ago`;
  return `${Math.round(seconds / 86_400)} days ago`;
}
