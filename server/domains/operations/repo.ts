/** Operations in the database: what was asked for, before it was sent, and how it went. */
import type { ChangeVerb } from "@/protocol/contract";
import { transaction, type Db } from "@/server/db/client";
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
const time = (at: number | null) => (at === null ? null : new Date(at));
const stamp = (at: number | null) => (at === null ? null : new Date(at).toISOString().replace("Z", "+00:00"));

export function createOperationsRepo(db: Db): OperationsRepo {
  return {
    insert: (operation) => transaction(db, async (tx) => {
      if (await tx.operation.findUnique({ where: { key: operation.key }, select: { id: true } })) return false;
      await tx.operation.create({ data: {
        id: operation.id, key: operation.key, verb: operation.action, stack: operation.stack, actorId: operation.actor.id, actorName: operation.actor.name,
        options: JSON.stringify({ options: operation.options, gates: operation.gates, note: operation.note } satisfies Stored),
        state: operation.state, createdAt: new Date(operation.createdAt), deadlineAt: new Date(operation.deadlineAt), finishedAt: time(operation.finishedAt), cancelledBy: operation.cancelledBy,
      } });
      await tx.operationStep.createMany({ data: operation.steps.map((step, ordinal) => ({
        id: step.id, operationId: operation.id, ordinal, wave: step.wave, hostId: step.hostId, runtimeId: step.containerId, target: step.target, name: step.name,
        verb: step.verb, input: JSON.stringify(step.input), state: step.state, error: null, startedAt: null, finishedAt: null, spanMs: null,
      })) });
      return true;
    }),
    byKey: async (key) => toRecord(await db.operation.findUnique({ where: { key }, include: { steps } })),
    byId: async (id) => toRecord(await db.operation.findUnique({ where: { id }, include: { steps } })),
    newest: async (limit) => (await db.operation.findMany({ orderBy: [{ createdAt: "desc" }, { id: "desc" }], take: limit, include: { steps } })).flatMap((row) => toRecord(row) ?? []),
    unfinished: async () => (await db.operation.findMany({ where: { finishedAt: null }, orderBy: { createdAt: "asc" }, include: { steps } })).flatMap((row) => toRecord(row) ?? []),
    save: (operation, changed) => transaction(db, async (tx) => {
      await tx.operation.update({ where: { id: operation.id }, data: { state: operation.state, finishedAt: time(operation.finishedAt), cancelledBy: operation.cancelledBy } });
      if (changed.length === 0) return;
      const rows = JSON.stringify(changed.map((step) => [step.id, step.state, step.error === null ? null : JSON.stringify(step.error), stamp(step.startedAt), stamp(step.finishedAt), step.spanMs]));
      await tx.$executeRaw`
        UPDATE OperationStep SET state = value ->> 1, error = value ->> 2, startedAt = value ->> 3, finishedAt = value ->> 4, spanMs = value ->> 5
        FROM json_each(${rows}) WHERE OperationStep.id = value ->> 0`;
    }),
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
