/**
 * Hosts: who may come in, what they are called, who is turned away. A host is its key, never its name
 * or its engine's id, which cloned machines share.
 */
import type { Hello, RuntimeStatus } from "@/protocol/shapes";
import type { Admission, Gateway, Peer } from "@/server/gateway/gateway";
import type { Clock } from "@/server/lib/clock";
import { AppError } from "@/server/lib/errors";
import { hashSecret, newId } from "@/server/lib/ids";
import type { Logger } from "@/server/lib/logger";
import { createJoins } from "./joins";
import { cleanName, freeName } from "./naming";
import type { HostRecord, HostsRepo, Introduction, JoinRecord, Newcomer } from "./repo";

export type { HostRecord, Introduction } from "./repo";
export type { IssuedJoin, JoinRequest } from "./joins";

export type HostChange =
  /** `rekeyed`: the host came back under a new key, so nothing of its old agent's counting holds. */
  | { type: "changed"; host: HostRecord; rekeyed: boolean }
  | { type: "forgotten"; hostId: string };

/** Hosts in one hub. Protects its memory from a leaked line with many uses. */
const MAX_HOSTS = 2_000;

export interface HostsDeps {
  repo: HostsRepo;
  gateway: Pick<Gateway, "link" | "disconnect">;
  clock: Clock;
  log: Logger;
  /** The address that other hosts use. */
  publicUrl: () => string | Promise<string>;
  /** The hub's own pin: base64url of its certificate's SHA-256. */
  pin: string;
}

export type HostsService = ReturnType<typeof createHostsService>;

export function createHostsService({ repo, gateway, clock, log, publicUrl, pin }: HostsDeps) {
  const hosts = new Map<string, HostRecord>();
  const byFingerprint = new Map<string, HostRecord>();
  const listeners = new Set<(change: HostChange) => void>();
  /** The line by which a host came in, so that its page hears more of it. */
  const joinOf = new Map<string, string>();
  const joins = createJoins({ repo, clock, publicUrl, pin, host: (id) => hosts.get(id) });
  let turn: Promise<unknown> = Promise.resolve();

  /** One after the other: names and keys are unique, and two that ask at once must both see that. */
  function alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work, work);
    turn = mine.catch(() => undefined);
    return mine;
  }
  function keep(host: HostRecord, rekeyed = false): void {
    const before = hosts.get(host.id);
    if (before) byFingerprint.delete(before.fingerprint);
    hosts.set(host.id, host);
    byFingerprint.set(host.fingerprint, host);
    for (const listener of listeners) listener({ type: "changed", host, rekeyed });
    const join = joinOf.get(host.id);
    if (join !== undefined) joins.touch(join);
  }
  function need(id: string): HostRecord {
    const host = hosts.get(id);
    if (!host) throw new AppError("not_found", "There is no such host. It may have been forgotten meanwhile.");
    return host;
  }
  const names = (except?: string) => new Set([...hosts.values()].filter((host) => host.id !== except).map((host) => host.name));

  /** The gateway's question: who is this, and may it come in? */
  async function admit(peer: Peer): Promise<Admission> {
    const known = byFingerprint.get(peer.fingerprint);
    if (known) return welcome(known, peer);
    const { token } = peer.hello;
    if (token === null) return refuse(peer, null);
    return alone(async () => {
      // The same agent may have come in on a second tunnel while this one waited for its turn.
      const meanwhile = byFingerprint.get(peer.fingerprint);
      if (meanwhile) return welcome(meanwhile, peer);
      const entered = await repo.enrol(hashSecret(token), clock.now(), (join) => place(join, peer));
      if (entered === null) return refuse(peer, token);
      const { record, fresh } = entered.newcomer;
      joinOf.set(record.id, entered.join.id);
      keep(record, !fresh);
      joins.touch(entered.join.id);
      // Not disconnect(): that would also turn away the very tunnel that is being admitted.
      if (!fresh) gateway.link(record.id)?.close("This host came in under a new key.");
      log.info({ host: record.id, name: record.name, address: peer.address, join: entered.join.id, fresh }, "host joined");
      return { accepted: true, hostId: record.id, hostName: record.name };
    });
  }

  function welcome(known: HostRecord, peer: Peer): Admission {
    if (known.revokedAt !== null) return { accepted: false, code: "revoked", message: `The key of "${known.name}" was revoked. Start the agent with another --state-dir and a new line from the Hosts page, or forget the host in Binnacle first.` };
    const hello = introduction(peer.hello);
    keep({ ...known, hello, runtime: hello.runtime });
    return { accepted: true, hostId: known.id, hostName: known.name };
  }

  async function refuse(peer: Peer, token: string | null): Promise<Admission> {
    const refusal = await joins.explain(token, peer.address);
    log.warn({ address: peer.address, fingerprint: peer.fingerprint, code: refusal.code }, "agent refused");
    return { accepted: false, ...refusal };
  }

  /** The host that a token makes of a peer; null when the host it was made for is gone. */
  function place(join: JoinRecord, peer: Peer): Newcomer | null {
    const now = clock.now();
    const hello = introduction(peer.hello);
    const key = { fingerprint: peer.fingerprint, hello, runtime: hello.runtime, confirmedAt: now, revokedAt: null, cursor: null };
    if (join.hostId !== null) {
      const host = hosts.get(join.hostId);
      return host ? { fresh: false, certificatePem: peer.certificatePem, record: { ...host, ...key } } : null;
    }
    if (hosts.size >= MAX_HOSTS) throw new AppError("conflict", `This hub has ${MAX_HOSTS} hosts, which is as many as it keeps. Forget some first.`);
    const record: HostRecord = { ...key, id: newId("host"), name: freeName(cleanName(hello.name), names()), tags: join.tags, joinedAt: now, listedAt: null };
    return { fresh: true, certificatePem: peer.certificatePem, record };
  }

  return {
    /** Reads the hosts from the database; once, before anything else. */
    async load(): Promise<void> {
      for (const host of await repo.hosts()) keep(host);
    },
    all: (): HostRecord[] => [...hosts.values()],
    get: (id: string): HostRecord | undefined => hosts.get(id),
    /** Called with every change of a host's record. Returns the unsubscribe. */
    onChange(listener: (change: HostChange) => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    admit,
    /** What a host says of its runtime now. */
    setRuntime(id: string, runtime: RuntimeStatus): void {
      const host = hosts.get(id);
      if (host && JSON.stringify(host.runtime) !== JSON.stringify(runtime)) keep({ ...host, runtime });
    },
    /** AppErrors not_found; conflict where another host has that name. */
    rename: (id: string, name: string): Promise<void> => alone(async () => {
      need(id);
      if (names(id).has(name)) throw new AppError("conflict", `Another host is called "${name}" already. Choose another name.`);
      await repo.setName(id, name);
      keep({ ...need(id), name });
    }),
    /** AppError not_found. */
    setTags: (id: string, tags: string[]): Promise<void> => alone(async () => {
      const unique = [...new Set(tags)];
      need(id);
      await repo.setTags(id, unique);
      keep({ ...need(id), tags: unique });
    }),
    /** Refuses the host's key from now on and ends its live link. AppError not_found. */
    revoke: (id: string): Promise<void> => alone(async () => {
      if (need(id).revokedAt !== null) return;
      const at = clock.now();
      await repo.setRevoked(id, at);
      keep({ ...need(id), revokedAt: at });
      gateway.disconnect(id, "This host was revoked.");
    }),
    /** Removes a revoked or absent host and its last known containers. AppErrors not_found, conflict while it is linked. */
    forget: (id: string): Promise<void> => alone(async () => {
      const host = need(id);
      if (host.revokedAt === null && gateway.link(id)) throw new AppError("conflict", `"${host.name}" is connected. Stop its agent or revoke it first: it would only come back.`);
      await repo.remove(id);
      hosts.delete(id);
      byFingerprint.delete(host.fingerprint);
      joinOf.delete(id);
      for (const listener of listeners) listener({ type: "forgotten", hostId: id });
      gateway.disconnect(id, "This host was forgotten.");
    }),
    /** Makes a join line. AppErrors not_found for an unknown `hostId`, conflict. */
    async createJoin(request: Parameters<typeof joins.create>[0]) {
      if (request.hostId !== undefined) need(request.hostId);
      return joins.create(request);
    },
    /** Makes a token without its line, e.g. for the machine's own agent. */
    issueJoin: joins.issue,
    joins: joins.list,
    cancelJoin: joins.cancel,
    joinLive: joins.live,
  };
}

/** What an agent said, without its token: that is never kept. */
function introduction({ token: _token, ...rest }: Hello): Introduction {
  return rest;
}
