/** Join tokens: what lets an agent in, and what the page that waits for it is told. */
import type { RuntimeStatus } from "@/protocol/shapes";
import { createLatestChannel } from "@/server/live/channel";
import type { Clock } from "@/server/lib/clock";
import { AppError } from "@/server/lib/errors";
import { hashSecret, newId, newSecret } from "@/server/lib/ids";
import { joinLine } from "./join-line";
import type { HostsRepo, JoinRecord } from "./repo";
import type { JoinCreated, JoinProgress, JoinView } from "./schema";

/** Join lines open at once. Protects the list from a script that makes them in a loop. */
const OPEN_JOINS = 200;
/** Refused attempts that are remembered for their page. */
const REFUSALS = 200;
/** Pages that can change unread before one of them reads everything anew. */
const PROGRESS_KEYS = 256;
/** How often a waiting page is told how long it has been silent. */
const WAITING_MS = 5_000;
/** How long a token that lets nobody in is kept, so that a late agent is told why. */
const KEEP_EXPIRED_MS = 30 * 24 * 3_600_000;

export interface JoinRequest {
  tags: string[];
  uses: number;
  minutes: number;
  /** Give this known host a new key. */
  hostId?: string | undefined;
  /** A user's id, or "command" or "local". */
  createdBy: string;
}
export interface IssuedJoin {
  id: string;
  /** Stored only as a hash: this is the one time it is seen. */
  token: string;
  expiresAt: number;
}

/** Why a token lets nobody in. */
export interface Refusal {
  code: "token_unknown" | "token_expired" | "token_used";
  message: string;
}

export interface JoinsDeps {
  repo: HostsRepo;
  clock: Clock;
  /** The address that other hosts use. */
  publicUrl: () => string | Promise<string>;
  /** The hub's own pin: base64url of its certificate's SHA-256. */
  pin: string;
  /** What is known of a host that came in. */
  host: (id: string) => { name: string; runtime: RuntimeStatus } | undefined;
}

export type Joins = ReturnType<typeof createJoins>;

const LOCAL = "local";
const isLocal = ({ createdBy }: Pick<JoinRecord, "createdBy">) => createdBy === LOCAL;

const NEW_LINE = "Make a new line on the Hosts page of Binnacle and paste that.";

export function createJoins({ repo, clock, publicUrl, pin, host }: JoinsDeps) {
  const refusals = new Map<string, { address: string; why: string; at: number }>();
  const changed = createLatestChannel<string, true>({ keys: PROGRESS_KEYS });

  /** Makes a token. AppError conflict when too many are open. */
  async function issue(request: JoinRequest): Promise<IssuedJoin> {
    const now = clock.now();
    await repo.sweepJoins(now - KEEP_EXPIRED_MS);
    const open = await repo.openJoins(now);
    // This machine's agent asks at each of its starts: only its newest token is good, so that they never pile up.
    if (request.createdBy === LOCAL) await Promise.all(open.filter(isLocal).map(({ id }) => repo.cancelJoin(id, now)));
    if (open.filter((join) => !isLocal(join)).length >= OPEN_JOINS) throw new AppError("conflict", `${OPEN_JOINS} join lines are open already. Cancel some on the Hosts page first.`);
    const token = newSecret();
    const expiresAt = now + request.minutes * 60_000;
    const id = newId("join");
    await repo.insertJoin({ id, secretHash: hashSecret(token), tags: [...new Set(request.tags)], usesLeft: request.uses, createdAt: now, expiresAt, hostId: request.hostId ?? null, createdBy: request.createdBy });
    return { id, token, expiresAt };
  }

  /** Makes a token and the line that carries it. */
  async function create(request: JoinRequest): Promise<JoinCreated> {
    const address = await publicUrl();
    joinLine({ publicUrl: address, pin, token: "x" }); // an address that cannot be written costs no token
    const { id, token, expiresAt } = await issue(request);
    return { id, line: joinLine({ publicUrl: address, pin, token }), expiresAt };
  }

  /** The open lines, newest first. The local agent's token is no line: nobody pastes it. */
  const list = async (): Promise<JoinView[]> => (await repo.openJoins(clock.now())).filter((join) => !isLocal(join)).map(({ id, tags, usesLeft, expiresAt, createdAt, hostId }) => ({ id, tags, usesLeft, expiresAt, createdAt, hostId }));

  /** AppError not_found when there is none to cancel. */
  async function cancel(id: string): Promise<void> {
    if (!(await repo.cancelJoin(id, clock.now()))) throw new AppError("not_found", "This join line is not open any more.");
    changed.publish(id, true);
  }

  /** Why this token lets nobody in; its page is told, unless a host came in by it before. */
  async function explain(token: string | null, address: string): Promise<Refusal> {
    const join = token === null ? null : await repo.joinByHash(hashSecret(token));
    const refusal = refusalOf(join, clock.now());
    if (join !== null && join.usedByHostId === null) {
      const oldest = refusals.keys().next();
      if (refusals.size >= REFUSALS && !oldest.done) refusals.delete(oldest.value);
      refusals.set(join.id, { address, why: refusal.message, at: clock.now() });
      changed.publish(join.id, true);
    }
    return refusal;
  }

  function progress(join: JoinRecord): JoinProgress {
    const now = clock.now();
    const arrived = join.usedByHostId === null ? undefined : host(join.usedByHostId);
    if (join.usedByHostId !== null && arrived) return { state: "arrived", hostId: join.usedByHostId, name: arrived.name, runtimeWhy: runtimeWhy(arrived.runtime) };
    const refused = refusals.get(join.id);
    if (refused) return { state: "refused", ...refused };
    if (join.cancelledAt !== null || join.expiresAt <= now) return { state: "expired" };
    return { state: "waiting", silentMs: Math.max(0, now - join.createdAt) };
  }

  /** How it goes with one line, from now on. AppError not_found for an unknown one. */
  async function* live(id: string, signal?: AbortSignal): AsyncGenerator<JoinProgress> {
    const changes = changed.subscribe(signal);
    const tick = clock.every(WAITING_MS, () => changed.publish(id, true));
    try {
      const join = await repo.join(id);
      if (join === null) throw new AppError("not_found", "There is no such join line. Make a new one on the Hosts page.");
      let said = progress(join);
      yield said;
      for await (const { entries, overflowed } of changes) {
        if (!overflowed && !entries.some(([key]) => key === id)) continue;
        const next = progress((await repo.join(id)) ?? join);
        if (JSON.stringify(next) === JSON.stringify(said)) continue;
        said = next;
        yield said;
      }
    } finally {
      tick();
      await changes.return();
    }
  }

  return { issue, create, list, cancel, explain, live, touch: (joinId: string) => changed.publish(joinId, true) };
}

function refusalOf(join: JoinRecord | null, now: number): Refusal {
  if (join === null) return { code: "token_unknown", message: `This hub does not know this agent or its token. ${NEW_LINE}` };
  if (join.cancelledAt !== null) return { code: "token_unknown", message: `This join line was cancelled. ${NEW_LINE}` };
  if (join.usesLeft <= 0) return { code: "token_used", message: `This join line was used already. ${NEW_LINE}` };
  if (join.expiresAt <= now) return { code: "token_expired", message: `This join line is too old. ${NEW_LINE}` };
  return { code: "token_unknown", message: `The host that this line was made for is not in Binnacle any more. ${NEW_LINE}` };
}

function runtimeWhy(runtime: RuntimeStatus): string | null {
  return runtime.state === "up" ? null : (runtime.why ?? "Its container engine does not answer.");
}
