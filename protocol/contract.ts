/**
 * The contract between hub and agent: one row a verb. The agent's router, the hub's client, the
 * permission table and PROTOCOL.md are derived from these rows; neither side writes a shape twice.
 *
 * A row is carried either by ONE call to the engine (`engine`: method, path template, allowed query) or
 * by a named handler of the agent. There is no pass-through: what has no row cannot be asked.
 */
import { z } from "zod/mini";
import { LIMITS } from "./limits";
import { LogCursor, LogPage, LogQuery, LogStart } from "./logs";
import { Container, Cursor, Hello, Loss, Outcome, RuntimeId, StepId } from "./shapes";

/** read: changes nothing. change: can be undone by another verb. destroy: cannot. */
export type Effect = "read" | "change" | "destroy";

/** One call to the engine. `{name}` in the path and each name in `query` are taken from the input. */
export interface EngineCall {
  method: "GET" | "POST" | "DELETE";
  path: `/${string}`;
  query?: readonly string[];
}

export interface Verb {
  effect: Effect;
  /** The right a person needs; "link" marks the verbs by which the hub keeps the link itself. */
  permission: ContractPermission | "link";
  /** "call": JSON in, JSON out. "stream": JSON in, NDJSON out. "bytes": JSON in, bytes out. */
  kind: "call" | "stream" | "bytes";
  input: z.core.$ZodType;
  output: z.core.$ZodType;
  engine?: EngineCall;
  /** Longest wait for the answer's end (call) or its first byte (stream, bytes). */
  deadlineMs: number;
  /** One line for PROTOCOL.md. */
  does: string;
}

/** The rights that the contract names. The hub's permission table must have a row for each. */
export const CONTRACT_PERMISSIONS = ["fleet.view", "container.inspect", "container.logs", "container.operate", "container.kill", "container.remove"] as const;
export type ContractPermission = (typeof CONTRACT_PERMISSIONS)[number];

const none = z.strictObject({});
const oneContainer = z.strictObject({ id: RuntimeId });
/** Seconds that the engine waits between asking and killing; absent: the container's own setting. */
const grace = z.optional(z.int().check(z.nonnegative(), z.lte(600)));
const stoppable = z.strictObject({ id: RuntimeId, t: grace });

// The engine waits out the grace period before it answers, so the deadline leaves room for the longest.
const GRACEFUL_MS = 630_000;
const SHORT_MS = 20_000;
const QUICK_MS = 10_000;

export const CONTRACT = {
  "session.open": {
    effect: "read", permission: "link", kind: "call", deadlineMs: QUICK_MS,
    input: z.strictObject({ hubVersion: z.string(), protocol: z.object({ oldest: z.int(), newest: z.int() }) }),
    output: Hello,
    does: "The hub's first call: the agent introduces itself and, until it was accepted once, hands over its join token.",
  },
  "session.accept": {
    effect: "read", permission: "link", kind: "call", deadlineMs: QUICK_MS,
    input: z.strictObject({ protocol: z.int(), hostId: z.string(), hostName: z.string() }),
    output: none,
    does: "The hub knows this agent: it keeps the host's id and forgets its join token.",
  },
  "session.refuse": {
    effect: "read", permission: "link", kind: "call", deadlineMs: QUICK_MS,
    input: z.strictObject({
      code: z.enum(["token_unknown", "token_expired", "token_used", "revoked", "version", "duplicate", "busy"]),
      message: z.string().check(z.maxLength(1_024)),
    }),
    output: none,
    does: "The hub will not have this agent: it prints why and what to do, and dials again at the longest wait.",
  },
  "telemetry.stream": {
    effect: "read", permission: "link", kind: "stream", deadlineMs: QUICK_MS,
    input: z.strictObject({ after: z.nullable(Cursor) }),
    output: z.unknown(), // each line is a Frame; the reader parses line by line
    does: "Everything that is true and everything that happens, one Frame a line: runtime, list, then changes as they come, with a beat at least each heartbeat.",
  },
  "telemetry.keep": {
    effect: "read", permission: "link", kind: "call", deadlineMs: QUICK_MS,
    input: z.strictObject({ upTo: Cursor }),
    output: none,
    does: "The hub has stored everything counted up to there: the agent need not keep it.",
  },
  "metrics.live": {
    effect: "read", permission: "fleet.view", kind: "stream", deadlineMs: QUICK_MS,
    input: none,
    output: z.unknown(), // each line is a Sample
    does: "Somebody looks: one Sample a line, each second, for as long as the stream is open.",
  },
  "logs.follow": {
    effect: "read", permission: "container.logs", kind: "bytes", deadlineMs: SHORT_MS,
    input: z.strictObject({ id: RuntimeId, start: LogStart, follow: z.boolean() }),
    output: z.unknown(), // messages of protocol/logs.ts
    does: "A container's log from a place on, as the messages of protocol/logs.ts; with `follow` also what is written from now on.",
  },
  "logs.page": {
    effect: "read", permission: "container.logs", kind: "call", deadlineMs: SHORT_MS,
    input: z.strictObject({
      id: RuntimeId,
      /** null: the end. until: the last line before that moment, milliseconds since 1970. */
      before: z.nullable(z.union([LogCursor, z.strictObject({ until: z.number().check(z.nonnegative(), z.lte(253_402_300_799_999)) })])),
      lines: z.int().check(z.gte(1), z.lte(LIMITS.logPageLines)),
    }),
    output: LogPage,
    does: "The lines of a container's log before a place.",
  },
  "logs.search": {
    effect: "read", permission: "container.logs", kind: "stream", deadlineMs: SHORT_MS,
    input: z.strictObject({
      ids: z.array(RuntimeId).check(z.minLength(1), z.maxLength(LIMITS.logSearchContainers)),
      query: LogQuery,
      hits: z.int().check(z.gte(1), z.lte(LIMITS.logSearchHits)),
    }),
    output: z.unknown(), // each line is a LogSearchFrame
    does: "Looks through logs on the host and sends only the lines that match, one LogSearchFrame a line.",
  },
  "container.inspect": {
    effect: "read", permission: "container.inspect", kind: "call", deadlineMs: SHORT_MS,
    input: oneContainer,
    output: z.object({ document: z.record(z.string(), z.unknown()), masked: z.int() }),
    does: "The engine's inspect document. Environment values are masked on the host and never leave it; `masked` counts them.",
  },
  "container.loss": {
    effect: "read", permission: "fleet.view", kind: "call", deadlineMs: SHORT_MS,
    input: oneContainer,
    output: Loss,
    does: "What removing a container would lose, and what would bring it back.",
  },
  "container.look": {
    effect: "read", permission: "fleet.view", kind: "call", deadlineMs: SHORT_MS,
    input: oneContainer,
    output: z.nullable(Container),
    does: "One container as the engine has it now; null when it is gone.",
  },
  "container.start": {
    effect: "change", permission: "container.operate", kind: "call", deadlineMs: 120_000,
    input: oneContainer, output: Outcome,
    engine: { method: "POST", path: "/containers/{id}/start" },
    does: "Start a stopped container.",
  },
  "container.stop": {
    effect: "change", permission: "container.operate", kind: "call", deadlineMs: GRACEFUL_MS,
    input: stoppable, output: Outcome,
    engine: { method: "POST", path: "/containers/{id}/stop", query: ["t"] },
    does: "Ask a container to stop, then kill it when the grace period is over.",
  },
  "container.restart": {
    effect: "change", permission: "container.operate", kind: "call", deadlineMs: GRACEFUL_MS,
    input: stoppable, output: Outcome,
    engine: { method: "POST", path: "/containers/{id}/restart", query: ["t"] },
    does: "Stop and start in one engine call.",
  },
  "container.pause": {
    effect: "change", permission: "container.operate", kind: "call", deadlineMs: SHORT_MS,
    input: oneContainer, output: Outcome,
    engine: { method: "POST", path: "/containers/{id}/pause" },
    does: "Freeze all processes of a container.",
  },
  "container.unpause": {
    effect: "change", permission: "container.operate", kind: "call", deadlineMs: SHORT_MS,
    input: oneContainer, output: Outcome,
    engine: { method: "POST", path: "/containers/{id}/unpause" },
    does: "Let a paused container go on.",
  },
  "container.kill": {
    effect: "change", permission: "container.kill", kind: "call", deadlineMs: SHORT_MS,
    input: z.strictObject({ id: RuntimeId, signal: z.optional(z.enum(["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT"])) }),
    output: Outcome,
    engine: { method: "POST", path: "/containers/{id}/kill", query: ["signal"] },
    does: "Send a signal, SIGKILL when none is named.",
  },
  "container.remove": {
    effect: "destroy", permission: "container.remove", kind: "call", deadlineMs: 120_000,
    input: z.strictObject({ id: RuntimeId, v: z.optional(z.boolean()), force: z.optional(z.boolean()) }),
    output: Outcome,
    engine: { method: "DELETE", path: "/containers/{id}", query: ["v", "force"] },
    does: "Remove a container; `v` also its anonymous volumes, `force` also while it runs.",
  },
  "operation.outcome": {
    effect: "read", permission: "link", kind: "call", deadlineMs: SHORT_MS,
    input: z.strictObject({ steps: z.array(StepId).check(z.minLength(1), z.maxLength(200)) }),
    output: z.object({
      /** In the order asked. null: this agent never began that step. "running": it is at it now. */
      outcomes: z.array(z.nullable(z.union([z.literal("running"), Outcome]))),
    }),
    does: "How earlier steps ended, asked after a lost link.",
  },
} as const satisfies Record<string, Verb>;

export type VerbName = keyof typeof CONTRACT;
export type InputOf<V extends VerbName> = z.infer<(typeof CONTRACT)[V]["input"]>;
export type OutputOf<V extends VerbName> = z.infer<(typeof CONTRACT)[V]["output"]>;
type Where<Key extends "kind" | "effect", Value> = { [V in VerbName]: (typeof CONTRACT)[V][Key] extends Value ? V : never }[VerbName];
export type LineVerb = Where<"kind", "stream">;
export type BytesVerb = Where<"kind", "bytes">;
export type StreamVerb = LineVerb | BytesVerb;
export type CallVerb = Exclude<VerbName, StreamVerb>;
/** The verbs that change something: they go through the agent's journal and carry an OperationHeader. */
export type ChangeVerb = Where<"effect", "change" | "destroy">;
export type ReadVerb = Exclude<CallVerb, ChangeVerb>;

export const VERB_NAMES = Object.keys(CONTRACT) as VerbName[];

/** Whether a verb changes something. */
export function isChange(verb: VerbName): verb is ChangeVerb {
  return CONTRACT[verb].effect !== "read";
}

/** The body of a request: `POST /<verb>`. A change without its header is refused. */
export interface RequestBody {
  input: unknown;
  operation?: unknown;
}
