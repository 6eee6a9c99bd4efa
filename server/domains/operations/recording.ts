/** Writes down how an operation stands: one write at a time, and those who come while one waits share it. */
import type { OperationRecord, OperationsRepo, StepRecord } from "./repo";

/** An operation under way, and what of it is not written down yet. */
export interface Run {
  operation: OperationRecord;
  unsaved: Set<StepRecord>;
  /** Settles when all writes begun so far have ended, well or not. */
  saving: Promise<void>;
  /** The write that waits for the one under way. */
  queued: Promise<void> | null;
  /** The last write failed: it must be tried again. */
  failed: boolean;
}

export function createRun(operation: OperationRecord): Run {
  return { operation, unsaved: new Set(), saving: Promise.resolve(), queued: null, failed: false };
}

/** Resolves when all that is true now is written. Rejects when it cannot be; then it is still marked unsaved. */
export function saveRun(repo: Pick<OperationsRepo, "save">, run: Run): Promise<void> {
  run.queued ??= run.saving.then(async () => {
    run.queued = null;
    const steps = [...run.unsaved];
    run.unsaved.clear();
    try {
      await repo.save(run.operation, steps);
      run.failed = false;
    } catch (error) {
      for (const step of steps) run.unsaved.add(step);
      run.failed = true;
      throw error;
    }
  });
  run.saving = run.queued.catch(() => undefined);
  return run.queued;
}
