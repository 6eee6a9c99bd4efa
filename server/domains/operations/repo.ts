/** Operations in the database: what was asked for, before it was sent, and how it went. */
import type { ChangeVerb } from "@/protocol/contract";
import { transaction, type Db, type Queryable } from "@/server/db/client";
import type { OperationModel, OperationStepModel } from "@/server/db/generated/models";
import type { Gate, Options } from "./plan";
import type { Action, OperationState, OperationView, StepState, StepView } from "./schema";

export interface StepRecord extends StepView {
  verb: ChangeVerb;
  input: unknown;
}
export interface OperationRecord extends Omit<OperationView, "steps"> {
  options: Options;
  gates: Gate[];
  /** In the order of their waves. */
  steps: StepRecord[];
}

export interface OperationsRepo {
  /** Writes the operation with its steps, or nothing. False: there is one with this key already. */
  insert(operation: OperationRecord): Promise<boolean>;
  byKey(key: string): Promise<OperationRecord | null>;
  byId(id: string): Promise<OperationRecord | null>;
  /** The operation that a step belongs to. */
  byStep(stepId: string): Promise<OperationRecord | null>;
  /** Newest first. */
  newest(limit: number): Promise<OperationRecord[]>;
  /** Those that have not ended, oldest first. */
  unfinished(): Promise<OperationRecord[]>;
  /** Writes how the operation and these of its steps stand now, both or neither. */
  save(operation: OperationRecord, steps: readonly StepRecord[]): Promise<void>;
}

type Row = OperationModel & { steps: OperationStepModel[] };
interface Stored {
  options: Options;
  gates: Gate[];
  note: string | null;
}

const steps = { orderBy: { ordinal: "asc" } } as const;
/** As Prisma writes a DateTime, so that either can read and compare it. */
const stamp = (at: number | null) => (at === null ? null : new Date(at).toISOString().replace("Z", "+00:00"));

export function createOperationsRepo(db: Db): OperationsRepo {
  return {
    // Plain SQL here and in save: a person waits for both, and the models cost three times as much.
    insert: (operation) => transaction(db, async (tx) => {
      const stored = JSON.stringify({ options: operation.options, gates: operation.gates, note: operation.note } satisfies Stored);
      const added = await tx.$executeRaw`
        INSERT INTO Operation (id, key, verb, stack, actorId, actorName, options, state, createdAt, deadlineAt)
        VALUES (${operation.id}, ${operation.key}, ${operation.action}, ${operation.stack}, ${operation.actor.id}, ${operation.actor.name}, ${stored}, ${operation.state}, ${stamp(operation.createdAt)}, ${stamp(operation.deadlineAt)})
        ON CONFLICT (key) DO NOTHING`;
      if (added === 0) return false;
      const rows = JSON.stringify(operation.steps.map((step, ordinal) => [step.id, ordinal, step.wave, step.hostId, step.containerId, step.target, step.name, step.verb, JSON.stringify(step.input), step.state]));
      await tx.$executeRaw`
        INSERT INTO OperationStep (id, operationId, ordinal, wave, hostId, runtimeId, target, name, verb, input, state)
        SELECT value ->> 0, ${operation.id}, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9 FROM json_each(${rows})`;
      return true;
    }),
    byKey: async (key) => toRecord(await db.operation.findUnique({ where: { key }, include: { steps } })),
    byId: async (id) => toRecord(await db.operation.findUnique({ where: { id }, include: { steps } })),
    byStep: async (id) => toRecord((await db.operationStep.findUnique({ where: { id }, include: { operation: { include: { steps } } } }))?.operation ?? null),
    newest: async (limit) => (await db.operation.findMany({ orderBy: [{ createdAt: "desc" }, { id: "desc" }], take: limit, include: { steps } })).flatMap((row) => toRecord(row) ?? []),
    unfinished: async () => (await db.operation.findMany({ where: { finishedAt: null }, orderBy: { createdAt: "asc" }, include: { steps } })).flatMap((row) => toRecord(row) ?? []),
    async save(operation, changed) {
      const rows = JSON.stringify(changed.map((step) => [step.id, step.state, step.error === null ? null : JSON.stringify(step.error), stamp(step.startedAt), stamp(step.finishedAt), step.spanMs]));
      const saveSteps = (to: Queryable) => to.$executeRaw`
        UPDATE OperationStep SET state = value ->> 1, error = value ->> 2, startedAt = value ->> 3, finishedAt = value ->> 4, spanMs = value ->> 5
        FROM json_each(${rows}) WHERE OperationStep.id = value ->> 0`;
      // Until it ends or is cancelled, an operation's own row stays as it was inserted.
      if (operation.finishedAt === null && operation.cancelledBy === null) return void (await saveSteps(db));
      await transaction(db, async (tx) => {
        if (changed.length > 0) await saveSteps(tx);
        await tx.$executeRaw`UPDATE Operation SET state = ${operation.state}, finishedAt = ${stamp(operation.finishedAt)}, cancelledBy = ${operation.cancelledBy} WHERE id = ${operation.id}`;
      });
    },
  };
}

function toRecord(row: Row | null): OperationRecord | null {
  if (row === null) return null;
  const { options, gates, note } = JSON.parse(row.options) as Stored;
  return {
    id: row.id, key: row.key, action: row.verb as Action, stack: row.stack, actor: { id: row.actorId, name: row.actorName }, state: row.state as OperationState,
    createdAt: row.createdAt.getTime(), deadlineAt: row.deadlineAt.getTime(), finishedAt: row.finishedAt?.getTime() ?? null, cancelledBy: row.cancelledBy,
    options, gates, note,
    steps: row.steps.map((step) => ({
      id: step.id, wave: step.wave, hostId: step.hostId, containerId: step.runtimeId, target: step.target, name: step.name,
      action: step.verb.replace("container.", "") as Action, verb: step.verb as ChangeVerb, input: JSON.parse(step.input) as unknown,
      state: step.state as StepState, error: step.error === null ? null : (JSON.parse(step.error) as StepRecord["error"]),
      startedAt: step.startedAt?.getTime() ?? null, finishedAt: step.finishedAt?.getTime() ?? null, spanMs: step.spanMs,
    })),
  };
}
