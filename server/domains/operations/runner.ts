/**
 * Drives operations to their end. Each step is recorded as sent before it is sent; when its answer is
 * lost, the agent is asked what came of it, and only a step that it never began is sent again, under the
 * same id. So a step is done once at most, whatever is lost on the way, this hub's own run included.
 */
import { TIMES } from "@/protocol/limits";
import type { OperationHeader, Outcome } from "@/protocol/shapes";
import type { FleetService } from "@/server/domains/fleet/service";
import { isFresh } from "@/server/domains/fleet/schema";
import type { Gateway } from "@/server/gateway/gateway";
import type { Clock } from "@/server/lib/clock";
import { AppError, describeError } from "@/server/lib/errors";
import type { Logger } from "@/server/lib/logger";
import type { Gate } from "./plan";
import { currentWave, endOf, hasEnded } from "./progress";
import { createRun, saveRun, type Run } from "./recording";
import type { OperationRecord, OperationsRepo, StepRecord } from "./repo";

/** Steps that one host is at, over all operations. Protects its engine. */
export const HOST_AT_ONCE = 4;
/** How long a wave waits for health or completion before the rest is skipped. */
export const GATE_MS = 120_000;
/** How long a lost answer is asked for: as long as an agent remembers. */
const CHECK_FOR_MS = TIMES.operationMemoryMs;
/** First and longest wait before an agent is asked again. */
const ASK_FIRST_MS = 1_000;
const ASK_LONGEST_MS = 10_000;
/** Steps in one question; the contract's own bound. */
const ASK_AT_ONCE = 200;
/** How often deadlines, gates and questions are looked at, beside what happens. */
const TICK_MS = 1_000;

export interface RunnerDeps {
  repo: OperationsRepo;
  fleet: Pick<FleetService, "host" | "container" | "onContainers">;
  gateway: Pick<Gateway, "link" | "onChange">;
  clock: Clock;
  log: Logger;
  /** Told after each change of an operation that is recorded. */
  changed: (operation: OperationRecord) => void;
}

/** What the runner knows of a step that is being found out. */
interface Question {
  asks: number;
  /** How often the agent said, on this link, that it never began it. */
  denials: number;
  /** Not asked again before; monotonic. */
  askAt: number;
}

export type Runner = ReturnType<typeof createRunner>;

export function createRunner({ repo, fleet, gateway, clock, log, changed }: RunnerDeps) {
  const runs = new Map<string, Run>();
  const sending = new Set<StepRecord>();
  const questions = new Map<StepRecord, Question>();
  const asking = new Set<string>();
  const unsubscribe: (() => void)[] = [];
  let stopped = false;

  // —— recording

  const save = (run: Run) => saveRun(repo, run);

  /** Records and tells, without waiting. What could not be written is tried again at the next tick. */
  function note(run: Run): void {
    changed(run.operation);
    save(run).catch((error: unknown) => log.error({ operation: run.operation.id, why: describeError(error) }, "an operation could not be recorded"));
  }

  function end(run: Run, step: StepRecord, state: StepRecord["state"], error: StepRecord["error"] = null): void {
    if (hasEnded(step)) return;
    step.state = state;
    step.error = error;
    step.finishedAt = clock.now();
    questions.delete(step);
    run.unsaved.add(step);
  }

  // —— the order of things

  /** Does whatever can be done now. Called after anything that happened. */
  function advance(run: Run): void {
    const { operation } = run;
    if (stopped || operation.finishedAt !== null) return;
    let moved = false;
    for (;;) {
      const wave = currentWave(operation.steps);
      if (wave === null) return finish(run);
      const before = run.unsaved.size;
      if (!mayBegin(run, wave)) break;
      for (const step of operation.steps) if (step.wave === wave && step.state === "waiting") moved = begin(run, step) || moved;
      if (run.unsaved.size === before) break;
    }
    if (moved || run.unsaved.size > 0) note(run);
  }

  /** Whether the steps of a wave may be sent now. Ends them all where that will never be. */
  function mayBegin(run: Run, wave: number): boolean {
    const { operation } = run;
    const waiting = operation.steps.filter((step) => step.wave >= wave && step.state === "waiting");
    if (waiting.length === 0) return false;
    const before = operation.steps.filter((step) => step.wave < wave);
    const stumbled = before.find((step) => step.state !== "succeeded");
    if (stumbled) {
      for (const step of waiting) end(run, step, "skipped", { code: "skipped", message: `"${stumbled.name}" did not end well, so this was not begun.` });
      return true;
    }
    const since = Math.max(operation.createdAt, ...before.map((step) => step.finishedAt ?? 0));
    const open = operation.gates.find((gate) => gate.wave === wave && !holds(gate));
    if (!open || waiting.every((step) => step.wave !== wave)) return true;
    // A host that is away cannot show what is waited for: then the operation's own deadline counts.
    const limit = isFresh(fleet.host(open.hostId)) ? since + GATE_MS : operation.deadlineAt;
    if (clock.now() < limit) return false;
    const wanted = open.until === "healthy" ? "did not become healthy" : "did not run to its end well";
    for (const step of waiting) end(run, step, "skipped", { code: "deadline", message: `"${open.name}" ${wanted} within ${GATE_MS / 1_000} s, and this depends on it.` });
    return true;
  }

  function holds(gate: Gate): boolean {
    const container = fleet.container(gate.hostId, gate.containerId);
    if (!container || !isFresh(fleet.host(gate.hostId))) return false;
    if (gate.notRun !== null && container.startedAt === gate.notRun) return false;
    if (gate.until === "completed") return container.state === "exited" && container.exitCode === 0;
    return container.state === "running" && (container.health === "healthy" || container.health === "none");
  }

  /** Sends a waiting step if its host is there and has room. True when it was sent or ended. */
  function begin(run: Run, step: StepRecord): boolean {
    const { operation } = run;
    const host = fleet.host(step.hostId);
    if (!host || host.link === "revoked") end(run, step, "failed", { code: "conflict", message: "The host was removed from Binnacle or its key was revoked, so this was not begun." });
    else if (clock.now() >= operation.deadlineAt) end(run, step, "expired", { code: "deadline", message: `"${host.name}" did not come back in time, so this was not begun.` });
    else {
      const link = gateway.link(step.hostId);
      if (!link || busy(step.hostId)) return false;
      step.state = "running";
      step.startedAt = clock.now();
      run.unsaved.add(step);
      void send(run, step);
    }
    return true;
  }

  const busy = (hostId: string) => [...sending].filter((step) => step.hostId === hostId).length >= HOST_AT_ONCE;

  function finish(run: Run): void {
    const { operation } = run;
    operation.state = endOf(operation.steps, operation.cancelledBy !== null);
    operation.finishedAt = clock.now();
    note(run);
    void run.saving.then(() => leave(run));
  }
  /** An operation leaves once its end is recorded. */
  function leave(run: Run): void {
    if (run.operation.finishedAt !== null && !run.failed && run.unsaved.size === 0) runs.delete(run.operation.id);
  }

  // —— the wire

  async function send(run: Run, step: StepRecord): Promise<void> {
    const { operation } = run;
    sending.add(step);
    try {
      await save(run); // recorded before it is sent
    } catch (error) {
      sending.delete(step);
      log.error({ operation: operation.id, why: describeError(error) }, "a step was not sent because it could not be recorded");
      if (step.state === "running") step.state = "waiting"; // never left this hub; the next tick tries again
      return;
    }
    changed(operation);
    try {
      const link = gateway.link(step.hostId);
      if (!link) throw new AppError("host_away", "The host left.");
      settle(run, step, await link.change(step.verb, step.input as { id: string }, header(operation, step)));
    } catch (error) {
      if (isFinal(error)) end(run, step, "failed", { code: error.code, message: error.message });
      else if (!hasEnded(step)) doubt(run, step);
    } finally {
      sending.delete(step);
    }
    wake(step.hostId);
  }

  function header(operation: OperationRecord, step: StepRecord): OperationHeader {
    return { step: step.id, operation: operation.id, actor: operation.actor, deadlineAt: operation.deadlineAt, sentAt: clock.now() };
  }

  function settle(run: Run, step: StepRecord, outcome: Outcome): void {
    end(run, step, outcome.state, outcome.error);
    step.spanMs = Math.max(0, outcome.finishedAt - outcome.startedAt);
  }

  // —— lost answers

  /** Sent, and the answer is lost: it will be found out. */
  function doubt(run: Run, step: StepRecord): void {
    step.state = "checking";
    run.unsaved.add(step);
    questions.set(step, { asks: 0, denials: 0, askAt: 0 });
  }

  /** Asks a host what came of the steps whose answers are lost. */
  async function ask(hostId: string): Promise<void> {
    const link = gateway.link(hostId);
    if (!link || asking.has(hostId) || stopped) return;
    const now = clock.monotonic();
    const due = doubted(hostId).filter(({ step }) => !sending.has(step) && (questions.get(step)?.askAt ?? 0) <= now).slice(0, ASK_AT_ONCE);
    if (due.length === 0) return;
    asking.add(hostId);
    try {
      const { outcomes } = await link.call("operation.outcome", { steps: due.map(({ step }) => step.id) });
      due.forEach(({ run, step }, place) => answered(run, step, outcomes[place] ?? null));
    } catch (error) {
      log.debug({ host: hostId, why: describeError(error) }, "a host could not say what came of its steps");
      for (const { step } of due) later(step);
    } finally {
      asking.delete(hostId);
    }
    for (const run of new Set(due.map(({ run }) => run))) advance(run);
    wake(hostId);
  }

  function answered(run: Run, step: StepRecord, outcome: Outcome | "running" | null): void {
    if (step.state !== "checking") return;
    if (outcome === "running") return later(step);
    if (outcome !== null) return settle(run, step, outcome);
    const late = clock.now() >= run.operation.deadlineAt;
    if (late || run.operation.cancelledBy !== null) {
      // The request itself may still be on its way through the agent: it is asked once more before this is called not begun.
      const question = questions.get(step);
      if (question && question.denials === 0) {
        question.denials = 1;
        return later(step);
      }
    }
    if (run.operation.cancelledBy !== null) return end(run, step, "cancelled");
    if (late) return end(run, step, "expired", { code: "deadline", message: "The host came back too late, and had not begun this." });
    if (busy(step.hostId)) return later(step);
    // It never began there, so it is sent again: the same step, under the same id.
    questions.delete(step);
    step.state = "running";
    run.unsaved.add(step);
    void send(run, step);
  }

  function later(step: StepRecord): void {
    const question = questions.get(step) ?? { asks: 0, denials: 0, askAt: 0 };
    questions.set(step, { ...question, asks: question.asks + 1, askAt: clock.monotonic() + Math.min(ASK_FIRST_MS * 2 ** question.asks, ASK_LONGEST_MS) });
  }

  function doubted(hostId?: string): { run: Run; step: StepRecord }[] {
    return [...runs.values()].flatMap((run) => run.operation.steps.filter((step) => step.state === "checking" && (hostId === undefined || step.hostId === hostId)).map((step) => ({ run, step })));
  }

  // —— what happens

  /** Something happened on a host: its link, a container, a step. */
  function wake(hostId: string): void {
    for (const run of [...runs.values()]) if (run.operation.steps.some((step) => step.hostId === hostId)) advance(run);
    void ask(hostId);
  }

  function tick(): void {
    for (const { run, step } of doubted()) {
      if (!fleet.host(step.hostId)) end(run, step, "unknown", { code: "host_away", message: "The host was removed before it could say what came of this." });
      else if (clock.now() - (step.startedAt ?? 0) > CHECK_FOR_MS) end(run, step, "unknown", { code: "host_away", message: "The host did not come back while it could still say what came of this. Look at the container." });
    }
    for (const run of [...runs.values()]) {
      advance(run);
      if (run.failed) note(run);
      if (run.operation.finishedAt !== null) void run.saving.then(() => leave(run));
    }
    for (const hostId of new Set(doubted().map(({ step }) => step.hostId))) void ask(hostId);
  }

  return {
    /** Takes over a recorded operation: a new one, or one that an earlier run of this hub left. */
    take(operation: OperationRecord): void {
      const run = createRun(operation);
      runs.set(operation.id, run);
      for (const step of operation.steps) if (step.state === "running" || step.state === "checking") doubt(run, step);
      advance(run);
    },
    /**
     * How a step of an operation under way ended, as its host kept it: its answer may be lost. Resolves when
     * that is recorded, rejects while it cannot be. False: no such step of that host is under way.
     */
    async settle(hostId: string, stepId: string, outcome: Outcome): Promise<boolean> {
      for (const run of runs.values()) {
        const step = run.operation.steps.find(({ id }) => id === stepId);
        if (!step || step.hostId !== hostId) continue;
        if (!hasEnded(step)) {
          settle(run, step, outcome);
          advance(run);
        }
        await (run.unsaved.size > 0 || run.failed ? save(run) : run.saving);
        return true;
      }
      return false;
    },
    /** Ends the steps that have not begun; those that have go on. Resolves when that is recorded. False: it is not under way. */
    async cancel(id: string, by: string): Promise<boolean> {
      const run = runs.get(id);
      if (!run || run.operation.finishedAt !== null) return false;
      run.operation.cancelledBy ??= by;
      for (const step of run.operation.steps) if (step.state === "waiting") end(run, step, "cancelled");
      advance(run);
      note(run);
      await save(run);
      return true;
    },
    start(): void {
      unsubscribe.push(
        gateway.onChange((change) => {
          // What was put off while the host was away or slow is asked now.
          if (change.state === "up") for (const { step } of doubted(change.hostId)) questions.set(step, { asks: 0, denials: 0, askAt: 0 });
          wake(change.hostId);
        }),
        fleet.onContainers((hostId) => {
          for (const run of [...runs.values()]) if (run.operation.gates.some((gate) => gate.hostId === hostId)) advance(run);
        }),
        clock.every(TICK_MS, tick),
      );
    },
    /** Begins nothing more and waits for what is being written. */
    async stop(): Promise<void> {
      stopped = true;
      for (const done of unsubscribe.splice(0)) done();
      await Promise.all([...runs.values()].map((run) => run.saving));
    },
    get: (id: string): OperationRecord | undefined => runs.get(id)?.operation,
    count: () => runs.size,
  };
}

/** Whether an error says for certain that the change will not come of this sending. */
function isFinal(error: unknown): error is AppError {
  if (!(error instanceof AppError)) return false;
  // The agent's own "internal" says that it does not know itself; its journal does.
  const agents = (error.cause as { code?: unknown } | undefined)?.code;
  if (agents === "internal" || agents === "busy") return false;
  return error.code === "refused_by_host" || error.code === "not_found" || error.code === "bad_input" || error.code === "conflict";
}
