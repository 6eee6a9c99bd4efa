/** Operations as the screens need them: what is under way on each container, and the steps in their waves. */
import type { Action, OperationView, StepState, StepView } from "@/server/domains/operations/schema";

/** Steps that can still change. */
const OPEN: ReadonlySet<StepState> = new Set(["waiting", "running", "checking"]);
export const isOpen = (step: Pick<StepView, "state">): boolean => OPEN.has(step.state);

export interface Pending {
  operationId: string;
  action: Action;
  state: "waiting" | "running" | "checking";
  /** When it was sent, or, before that, asked for. */
  since: number;
  deadlineAt: number;
}

/** What is under way, by `hostId/container id`. The operation that was begun last wins. */
export function pendingByContainer(operations: readonly OperationView[]): Map<string, Pending> {
  const pending = new Map<string, Pending>();
  for (const operation of [...operations].sort((a, b) => a.createdAt - b.createdAt)) {
    if (operation.state !== "running") continue;
    for (const step of operation.steps) {
      const key = `${step.hostId}/${step.containerId}`;
      if (!isOpen(step)) continue;
      const known = pending.get(key);
      // Of one operation's several steps on a container (stop, then start) the first open one is under way.
      if (known && known.operationId === operation.id) continue;
      pending.set(key, {
        operationId: operation.id,
        action: step.action,
        state: step.state as Pending["state"],
        since: step.startedAt ?? operation.createdAt,
        deadlineAt: operation.deadlineAt,
      });
    }
  }
  return pending;
}

export interface Failure {
  operationId: string;
  action: Action;
  /** What went wrong, for a person; null where the step does not say. */
  why: string | null;
}

/**
 * What was last done to a container, where it failed and nobody has read it, by `hostId/container id`. A newer
 * operation on the same container takes its place, however that one goes.
 */
export function failedByContainer(operations: readonly OperationView[], read: ReadonlySet<string>): Map<string, Failure> {
  const failed = new Map<string, Failure>();
  for (const operation of [...operations].sort((a, b) => a.createdAt - b.createdAt)) {
    for (const step of operation.steps) {
      const key = `${step.hostId}/${step.containerId}`;
      if (step.state === "skipped" || step.state === "cancelled") continue;
      failed.delete(key);
      const isBad = step.state === "failed" || step.state === "unknown" || step.state === "expired";
      if (isBad && !read.has(operation.id)) failed.set(key, { operationId: operation.id, action: step.action, why: step.error?.message ?? null });
    }
  }
  return failed;
}

export interface Wave {
  wave: number;
  steps: StepView[];
}

/** The steps in their waves, first to last. A wave begins when the one before it ended well. */
export function waves(steps: readonly StepView[]): Wave[] {
  const byWave = new Map<number, StepView[]>();
  for (const step of steps) {
    const list = byWave.get(step.wave);
    if (list) list.push(step);
    else byWave.set(step.wave, [step]);
  }
  return [...byWave].sort(([a], [b]) => a - b).map(([wave, list]) => ({ wave, steps: list }));
}

export interface Tally {
  done: number;
  failed: number;
  open: number;
  total: number;
}

/** done: ended well. failed: failed, expired or not known. */
export function tally(operation: Pick<OperationView, "steps">): Tally {
  const result: Tally = { done: 0, failed: 0, open: 0, total: operation.steps.length };
  for (const { state } of operation.steps) {
    if (state === "succeeded") result.done++;
    else if (state === "failed" || state === "unknown" || state === "expired") result.failed++;
    else if (OPEN.has(state)) result.open++;
  }
  return result;
}

/** Something is left that has not begun, so cancelling means something. */
export function canCancel(operation: Pick<OperationView, "state" | "steps">): boolean {
  return operation.state === "running" && operation.steps.some((step) => step.state === "waiting");
}

/** It ended, and not well: it stays marked until a person has read it. */
export function endedBadly(operation: Pick<OperationView, "state">): boolean {
  return operation.state === "failed" || operation.state === "partly" || operation.state === "unknown" || operation.state === "expired";
}

/** How long a step took or has taken, in milliseconds; null before it began. */
export function stepDuration(step: Pick<StepView, "startedAt" | "finishedAt">, now: number): number | null {
  if (step.startedAt === null) return null;
  return Math.max(0, (step.finishedAt ?? now) - step.startedAt);
}
