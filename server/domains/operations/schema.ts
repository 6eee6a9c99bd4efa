import { z } from "zod/mini";
import { RuntimeId } from "@/protocol/shapes";

export const ACTIONS = ["start", "stop", "restart", "kill", "pause", "unpause", "remove"] as const;
export const Action = z.enum(ACTIONS);
export type Action = z.infer<typeof Action>;

/** Longest list of containers in one operation. */
export const BULK_LIMIT = 200;

export const RunInput = z.strictObject({
  /** Made by the page when the person clicks: the same key is the same operation. */
  key: z.string().check(z.regex(/^[A-Za-z0-9_-]{16,64}$/)),
  action: Action,
  /** Either the containers, */
  containers: z.optional(z.array(z.strictObject({ hostId: z.string().check(z.maxLength(64)), id: RuntimeId })).check(z.minLength(1), z.maxLength(BULK_LIMIT))),
  /** or all of one stack on one host, in the order of its services. */
  stack: z.optional(z.strictObject({ hostId: z.string().check(z.maxLength(64)), name: z.string().check(z.minLength(1), z.maxLength(255)) })),
  /** Seconds between asking and killing; absent: each container's own. */
  graceSeconds: z.optional(z.int().check(z.gte(0), z.lte(600))),
  signal: z.optional(z.enum(["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT"])),
  /** remove: also anonymous volumes; also while it runs. */
  removeVolumes: z.optional(z.boolean()),
  force: z.optional(z.boolean()),
});
export type RunInput = z.infer<typeof RunInput>;

export const OperationIdInput = z.strictObject({ id: z.string().check(z.maxLength(64)) });

/**
 * waiting: its wave has not begun, or its host is away · running: sent · checking: sent, the answer got lost,
 * being found out · skipped: a step before it failed · expired: its host did not come back in time.
 */
export type StepState = "waiting" | "running" | "checking" | "succeeded" | "failed" | "unknown" | "skipped" | "cancelled" | "expired";
export type OperationState = "running" | "succeeded" | "failed" | "partly" | "unknown" | "cancelled" | "expired";

export interface StepView {
  id: string;
  wave: number;
  hostId: string;
  containerId: string;
  /** ContainerView.key */
  target: string;
  name: string;
  /** The action of this one step: a stack's restart is stops, then starts. */
  action: Action;
  state: StepState;
  error: { code: string; message: string } | null;
  startedAt: number | null;
  finishedAt: number | null;
  /** The agent's span around the engine call; null until known. */
  spanMs: number | null;
}

export interface OperationView {
  id: string;
  key: string;
  action: Action;
  stack: string | null;
  actor: { id: string; name: string };
  state: OperationState;
  createdAt: number;
  deadlineAt: number;
  finishedAt: number | null;
  cancelledBy: string | null;
  /** What a person should know of the order of its steps; null when it is plain. */
  note: string | null;
  steps: StepView[];
}

/** What `operations.live` yields: the newest 50 first, then each operation as it changes. */
export type OperationsMessage = { type: "snapshot"; operations: OperationView[] } | { type: "patch"; operations: OperationView[] };
