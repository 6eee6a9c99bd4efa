/**
 * Operations: everything that changes something. Recorded before anything is sent, seen by everyone who
 * may see the target, and the record of who did what.
 */
import type { Outcome } from "@/protocol/shapes";
import type { Actor } from "@/server/domains/access/permissions";
import type { ContainerView } from "@/server/domains/fleet/schema";
import type { FleetService } from "@/server/domains/fleet/service";
import type { Gateway } from "@/server/gateway/gateway";
import { createLatestChannel } from "@/server/live/channel";
import type { Clock } from "@/server/lib/clock";
import { AppError } from "@/server/lib/errors";
import { newId } from "@/server/lib/ids";
import type { Logger } from "@/server/lib/logger";
import { planContainers, planStack, type Options, type Plan } from "./plan";
import { endOf, viewOf } from "./progress";
import type { OperationRecord, OperationsRepo, StepRecord } from "./repo";
import { createRunner, GATE_MS, HOST_AT_ONCE } from "./runner";
import { BULK_LIMIT, type OperationsMessage, type OperationView, type RunInput } from "./schema";

/** How long a step waits for its host to come back. */
export const AWAY_MS = 10 * 60_000;
/** The engine's own grace period where none is given, and what stopping takes beside it. */
const DEFAULT_GRACE_SECONDS = 10;
const STEP_MARGIN_MS = 5_000;
/** Operations under way at once. Protects the hub from a script. */
const MAX_UNDER_WAY = 500;
/** Operations that a page sees first, and that are kept in memory after their end. */
const NEWEST = 50;
/** Changed operations that one page may hold unread; past that it reads the newest anew. */
const UNREAD = 256;
/** Least time between two patches to one page. */
const COALESCE_MS = 50;

export interface OperationsDeps {
  repo: OperationsRepo;
  fleet: Pick<FleetService, "host" | "container" | "stack" | "onContainers">;
  gateway: Pick<Gateway, "link" | "onChange">;
  clock: Clock;
  log: Logger;
}

export type OperationsService = ReturnType<typeof createOperationsService>;

export function createOperationsService({ repo, fleet, gateway, clock, log }: OperationsDeps) {
  /** The newest, whether under way or not, newest first. */
  let newest: OperationRecord[] = [];
  const starting = new Map<string, Promise<OperationRecord>>();
  const channel = createLatestChannel<string, OperationRecord>({ keys: UNREAD });
  const runner = createRunner({ repo, fleet, gateway, clock, log, changed: (operation) => channel.publish(operation.id, operation) });

  function chosen(input: RunInput): { containers: ContainerView[]; hostIds: string[] } {
    if ((input.containers === undefined) === (input.stack === undefined)) throw new AppError("bad_input", "Name either containers or one stack.");
    const found = input.stack
      ? fleet.stack(input.stack.hostId, input.stack.name)
      : (input.containers ?? []).map(({ hostId, id }) => {
          const container = fleet.container(hostId, id);
          if (!container) throw new AppError("not_found", "One of these containers is not on its host any more. Look again and choose anew.");
          return container;
        });
    if (found.length === 0) throw new AppError("not_found", "There is no such stack on this host. Its containers may have been removed meanwhile.");
    if (found.length > BULK_LIMIT) throw new AppError("too_large", `One operation takes ${BULK_LIMIT} containers at most, and this stack has ${found.length}. Choose a part of them.`);
    const hostIds = [...new Set(found.map((container) => container.hostId))];
    for (const hostId of hostIds) {
      const host = fleet.host(hostId);
      if (host?.link === "revoked") throw new AppError("conflict", `The key of "${host.name}" was revoked, so it takes no operations. Let it join again first.`);
    }
    return { containers: found, hostIds };
  }

  function build(actor: Actor, input: RunInput): OperationRecord {
    const { containers } = chosen(input);
    const options: Options = { graceSeconds: input.graceSeconds, signal: input.signal, removeVolumes: input.removeVolumes, force: input.force };
    const plan = input.stack ? planStack(input.action, containers, options) : planContainers(input.action, containers, options);
    if (plan.steps.length === 0) throw new AppError("conflict", "This stack has only one-off containers, which are not started again.");
    const now = clock.now();
    return {
      id: newId("op"), key: input.key, action: input.action, stack: input.stack?.name ?? null, actor: { id: actor.id, name: actor.name }, state: "running",
      createdAt: now, deadlineAt: now + AWAY_MS + workMs(plan, options), finishedAt: null, cancelledBy: null, note: plan.note, options, gates: plan.gates,
      steps: plan.steps.map((step) => ({ ...step, id: newId("step"), state: "waiting", error: null, startedAt: null, finishedAt: null, spanMs: null })),
    };
  }

  async function begin(actor: Actor, input: RunInput): Promise<OperationRecord> {
    let operation: OperationRecord;
    try {
      if (runner.count() >= MAX_UNDER_WAY) throw new AppError("rate_limited", `${MAX_UNDER_WAY} operations are under way already. Wait for some to end.`);
      operation = build(actor, input);
    } catch (error) {
      // What can no longer begin may have begun: a removal asked for twice finds no container the second time.
      const earlier = await known({ key: input.key });
      if (earlier) return earlier;
      throw error;
    }
    // The key is unique in the database, so looking first would only make everybody wait.
    if (!(await repo.insert(operation))) {
      const earlier = await known({ key: input.key });
      if (earlier) return earlier;
      throw new AppError("conflict", "This operation could not be recorded. Try again.");
    }
    log.info({ operation: operation.id, action: operation.action, steps: operation.steps.length, stack: operation.stack, user: actor.id }, "operation recorded");
    remember(operation);
    channel.publish(operation.id, operation);
    runner.take(operation);
    return operation;
  }

  /** From memory, where its present state is, else from the database. */
  async function known(by: { key: string } | { id: string }): Promise<OperationRecord | null> {
    const stored = "id" in by ? (inMemory(by.id) ?? (await repo.byId(by.id))) : await repo.byKey(by.key);
    return stored ? (inMemory(stored.id) ?? stored) : null;
  }
  const inMemory = (id: string) => runner.get(id) ?? newest.find((operation) => operation.id === id);
  function remember(operation: OperationRecord): void {
    newest = [operation, ...newest].slice(0, NEWEST);
  }
  async function need(id: string): Promise<OperationRecord> {
    const operation = await known({ id });
    if (!operation) throw new AppError("not_found", "There is no such operation.");
    return operation;
  }

  return {
    /** Takes over what an earlier run of this hub left under way. Call after fleet.start(). */
    async start(): Promise<void> {
      const unfinished = await repo.unfinished();
      const underWay = new Map(unfinished.map((operation) => [operation.id, operation]));
      newest = (await repo.newest(NEWEST)).map((operation) => underWay.get(operation.id) ?? operation);
      for (const operation of unfinished) runner.take(operation);
      runner.start();
      if (unfinished.length > 0) log.info({ operations: unfinished.length }, "operations of an earlier run go on");
    },
    async stop(): Promise<void> {
      channel.close();
      await runner.stop();
    },
    /**
     * Records what was asked for and begins. The same key is the same operation, however often and however
     * fast it is asked. AppErrors bad_input, not_found, conflict, too_large, rate_limited.
     */
    async run(actor: Actor, input: RunInput): Promise<OperationView> {
      const work = starting.get(input.key) ?? begin(actor, input).finally(() => starting.delete(input.key));
      starting.set(input.key, work);
      const operation = await work;
      if (operation.actor.id !== actor.id) throw new AppError("conflict", "This operation was asked for by somebody else. Ask again with a key of your own.");
      return viewOf(operation);
    },
    /** Cancels the steps that have not begun. An operation that has ended stays as it is. AppError not_found. */
    async cancel(actor: Actor, id: string): Promise<OperationView> {
      const operation = await need(id);
      await runner.cancel(id, actor.name);
      return viewOf(operation);
    },
    /**
     * How a step ended, as its host kept it and tells now or again: a step whose answer was lost gets its end.
     * Resolves when that is recorded, rejects while it cannot be; says nothing of steps of other hosts.
     */
    async noteOutcome(hostId: string, stepId: string, outcome: Outcome): Promise<void> {
      if (await runner.settle(hostId, stepId, outcome)) return;
      const stored = await repo.byStep(stepId);
      const operation = stored && (inMemory(stored.id) ?? stored);
      const step = operation?.steps.find(({ id }) => id === stepId);
      // What has a known end keeps it. One that is open still will be taken over, and then asks for itself.
      if (!operation || step?.hostId !== hostId || step.state !== "unknown" || outcome.state === "unknown") return;
      await repo.save(...correct(operation, step, outcome));
      channel.publish(operation.id, operation);
      log.info({ operation: operation.id, step: stepId, state: outcome.state }, "a step whose end was not known has one");
    },
    /** AppError not_found. */
    get: async (id: string): Promise<OperationView> => viewOf(await need(id)),
    /** The newest first, then each operation as it changes. Ends with `signal`. */
    async *live(signal?: AbortSignal): AsyncGenerator<OperationsMessage> {
      const changes = channel.subscribe(signal);
      try {
        yield { type: "snapshot", operations: newest.map(viewOf) };
        for await (const { entries, overflowed } of changes) {
          if (overflowed) yield { type: "snapshot", operations: newest.map(viewOf) };
          else yield { type: "patch", operations: entries.map(([, operation]) => viewOf(operation)) };
          await new Promise<void>((resolve) => void clock.after(COALESCE_MS, resolve));
        }
      } finally {
        await changes.return();
      }
    },
    stats: () => ({ underWay: runner.count(), readers: channel.readers() }),
  };
}

/** The end of a step that nobody knew, and what it makes of its operation. */
function correct(operation: OperationRecord, step: StepRecord, outcome: Outcome): [OperationRecord, StepRecord[]] {
  Object.assign(step, { state: outcome.state, error: outcome.error, spanMs: Math.max(0, outcome.finishedAt - outcome.startedAt) } satisfies Partial<StepRecord>);
  if (operation.finishedAt !== null) operation.state = endOf(operation.steps, operation.cancelledBy !== null);
  return [operation, [step]];
}

/** What the steps that go before the last ones may take at most, in milliseconds: nobody may call those late. */
function workMs({ steps, gates }: Plan, { graceSeconds }: Options): number {
  const each = (graceSeconds ?? DEFAULT_GRACE_SECONDS) * 1_000 + STEP_MARGIN_MS;
  const waves = new Set(steps.map((step) => step.wave));
  let rounds = -1;
  for (const wave of waves) {
    const perHost = new Map<string, number>();
    for (const step of steps) if (step.wave === wave) perHost.set(step.hostId, (perHost.get(step.hostId) ?? 0) + 1);
    rounds += Math.ceil(Math.max(...perHost.values()) / HOST_AT_ONCE);
  }
  return rounds * each + new Set(gates.map((gate) => gate.wave)).size * GATE_MS;
}
