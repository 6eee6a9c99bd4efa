/**
 * The shapes that cross the link. Times are milliseconds since 1970 on the sender's clock, fractions
 * allowed. null means "the engine does not say"; it never stands for zero.
 */
import { z } from "zod/mini";
import { LIMITS } from "./limits";
import { Sample } from "./metrics";
import { LocalTarget } from "./target";

const text = z.string().check(z.maxLength(LIMITS.textChars));
// Up to the end of the year 9999: later ones have no four-digit year, and do not sort as text.
const time = z.number().check(z.nonnegative(), z.lte(253_402_300_799_999));
const count = z.int().check(z.nonnegative());
// Counted by the agent and stored by the hub, whose database takes 32 bits.
const place = z.int().check(z.nonnegative(), z.lte(2_147_483_647));

/** An engine's container id. Nothing else is ever put into an engine's URL as an id. */
export const RuntimeId = z.string().check(z.regex(/^[a-f0-9]{12,64}$/));
/** The id of one step of an operation: its idempotency key, made by the hub. */
export const StepId = z.string().check(z.regex(/^[A-Za-z0-9_-]{8,64}$/));

/** Engine states, with Docker's words. */
export const ContainerState = z.enum(["created", "running", "paused", "restarting", "removing", "exited", "dead"]);
export type ContainerState = z.infer<typeof ContainerState>;
/** "none" is a container without a health check. */
export const Health = z.enum(["none", "starting", "healthy", "unhealthy"]);
export type Health = z.infer<typeof Health>;

export const Port = z.object({
  private: count,
  /** null: exposed, not published. */
  public: z.nullable(count),
  protocol: z.enum(["tcp", "udp", "sctp"]),
  /** The address it is published on; null where the engine does not say (Podman). */
  address: z.nullable(text),
});
export type Port = z.infer<typeof Port>;

/** One container, as last seen. */
export const Container = z.object({
  id: RuntimeId,
  target: LocalTarget,
  /** Without the leading slash. */
  name: text,
  image: text,
  imageId: text,
  state: ContainerState,
  health: Health,
  /** Of the last run; null while it never ran or the engine does not say. */
  exitCode: z.nullable(z.int()),
  oomKilled: z.boolean(),
  /** The engine's own words on why it could not start. */
  error: z.nullable(text),
  createdAt: time,
  startedAt: z.nullable(time),
  finishedAt: z.nullable(time),
  restartCount: count,
  restartPolicy: z.enum(["no", "always", "unless-stopped", "on-failure"]),
  autoRemove: z.boolean(),
  ports: z.array(Port).check(z.maxLength(LIMITS.ports)),
  labels: z.record(z.string().check(z.maxLength(LIMITS.labelValueChars)), z.string().check(z.maxLength(LIMITS.labelValueChars))),
  /** Labels left out or cut because of LIMITS. */
  labelsCut: count,
});
export type Container = z.infer<typeof Container>;

/** What the agent can say of its runtime. */
export const RuntimeStatus = z.object({
  state: z.enum(["up", "down", "denied", "absent"]),
  /** For a person: what is wrong and what to do; null when up. */
  why: z.nullable(text),
  /** "docker" or "podman"; null until it answered once. */
  engine: z.nullable(z.enum(["docker", "podman"])),
  version: z.nullable(text),
  apiVersion: z.nullable(text),
  /** What the agent reads directly, and what only through the engine's API; `why` is for a person and null when direct. Absent: not looked yet. */
  reach: z.optional(z.object({
    metrics: z.object({ direct: z.boolean(), why: z.nullable(text) }),
    logs: z.object({ direct: z.boolean(), why: z.nullable(text) }),
  })),
});
export type RuntimeStatus = z.infer<typeof RuntimeStatus>;

/** What happened to a container. */
export const EventKind = z.enum([
  "create", "start", "die", "oom", "kill", "stop", "restart", "pause", "unpause", "health", "rename", "update", "destroy",
]);
export type EventKind = z.infer<typeof EventKind>;

export const RuntimeEvent = z.object({
  /** This agent's run, growing over its restarts, and the place within it: together unique for a host. */
  epoch: place,
  seq: place,
  at: time,
  kind: EventKind,
  id: RuntimeId,
  target: LocalTarget,
  name: text,
  image: text,
  /** die only. */
  exitCode: z.nullable(z.int()),
  /** kill only. */
  signal: z.nullable(z.int()),
  /** health only. */
  health: z.nullable(Health),
  /** die only: a kill came before it, through us or at the host, so somebody asked for it. */
  asked: z.boolean(),
  /** The step that caused it, where this agent ran one on that container at that moment. */
  step: z.nullable(StepId),
});
export type RuntimeEvent = z.infer<typeof RuntimeEvent>;

/** A place in a host's events. */
export const Cursor = z.object({ epoch: place, seq: place });
export type Cursor = z.infer<typeof Cursor>;

/** How much a host's owner lets any hub do: "view" reads, "operate" also changes, "all" also destroys. */
export const Allowance = z.enum(["view", "operate", "all"]);
export type Allowance = z.infer<typeof Allowance>;

/** The agent's introduction: the answer to the hub's first call. */
export const Hello = z.object({
  protocol: z.object({ oldest: count, newest: count }),
  agentVersion: text,
  capabilities: z.array(z.string().check(z.maxLength(64))).check(z.maxLength(128)),
  allow: Allowance,
  /** What the agent would like to be called: `--name`, else the host's own name. */
  name: z.string().check(z.minLength(1), z.maxLength(128)),
  /** Only while the agent has not yet been accepted by this hub. */
  token: z.nullable(z.string().check(z.maxLength(128))),
  epoch: place,
  runtime: RuntimeStatus,
  host: z.object({ hostname: text, os: text, arch: text, kernel: text, cpus: count, memoryBytes: count, bootedAt: time }),
});
export type Hello = z.infer<typeof Hello>;

/** Who asked for a change: the agent's own log can answer it without the hub. */
export const OperationHeader = z.object({
  step: StepId,
  operation: StepId,
  actor: z.object({ id: text, name: text }),
  /** Not begun after this moment, by the hub's clock; `sentAt` lets the agent allow for skew. */
  deadlineAt: time,
  sentAt: time,
});
export type OperationHeader = z.infer<typeof OperationHeader>;

export const ERROR_CODES = [
  "bad_input", "not_allowed", "not_found", "conflict", "engine_unavailable", "engine_error", "deadline", "unsupported", "busy", "internal",
] as const;
/** Why the agent did not do it. `message` is for a person and says what to do where something can be done. */
export const AgentError = z.object({ code: z.enum(ERROR_CODES), message: text });
export type AgentError = z.infer<typeof AgentError>;

/** How a step ended. The span is the agent's, around the engine call alone. */
export const Outcome = z.object({
  /** "unknown": the agent stopped between the engine call and its record, and looking did not settle it. */
  state: z.enum(["succeeded", "failed", "unknown"]),
  error: z.nullable(AgentError),
  /** Set when the answer comes from the record of an earlier delivery, or was settled by looking. */
  settledBy: z.enum(["call", "record", "inspection"]),
  startedAt: time,
  finishedAt: time,
});
export type Outcome = z.infer<typeof Outcome>;

/** What removing a container would lose, and what would bring it back. */
export const Loss = z.object({
  /** Bytes written into the container's own layer; null where the engine does not say. */
  writableBytes: z.nullable(count),
  anonymousVolumes: z.array(text).check(z.maxLength(256)),
  namedVolumes: z.array(text).check(z.maxLength(256)),
  bindMounts: z.array(text).check(z.maxLength(256)),
  running: z.boolean(),
  /** Removed by the engine itself when it stops (`--rm`). */
  autoRemove: z.boolean(),
  restartPolicy: Container.shape.restartPolicy,
  /** The compose project and service that would create it again on the next `up`; null outside compose. */
  compose: z.nullable(z.object({ project: text, service: text })),
});
export type Loss = z.infer<typeof Loss>;

/** What a container said and was, kept at its death, when it ran out of memory, or became unhealthy. */
export const BlackBox = z.object({
  /** The event that it belongs to. */
  event: Cursor,
  at: time,
  id: RuntimeId,
  target: LocalTarget,
  /** Its last lines, as json-file entries (see log-text.ts), and how many older or longer ones were cut to keep the bound. */
  lines: z.string().check(z.maxLength(LIMITS.boxLogBytes * 2)),
  linesCut: count,
  /** Why there are no lines, or not all; null when all is well. */
  linesWhy: z.nullable(text),
  /** The engine's document with secrets masked; null when the container was gone before it could be asked. */
  inspect: z.nullable(z.record(z.string(), z.unknown())),
  inspectWhy: z.nullable(text),
  /** Its figures over the last TIMES.windowMs, oldest first. */
  window: z.array(z.object({ at: time, cpu: z.nullable(z.number()), memory: z.nullable(z.number()), memoryLimit: z.nullable(z.number()) })).check(z.maxLength(LIMITS.boxPoints)),
});
export type BlackBox = z.infer<typeof BlackBox>;

const at = { epoch: place, seq: place };
/**
 * One line of the telemetry stream. What is counted (event, sample, box, outcome) has a place in one row of
 * numbers per agent run; the hub keeps it and says how far with `telemetry.keep`.
 */
export const Frame = z.discriminatedUnion("frame", [
  /** The first frame: everything counted up to `to` happened before this stream was opened. */
  z.object({ frame: z.literal("open"), at: time, to: Cursor }),
  /** Part of a whole list. A list begins with part 0 and replaces everything when `last` arrives. */
  z.object({ frame: z.literal("list"), at: time, part: count, last: z.boolean(), containers: z.array(Container).check(z.maxLength(LIMITS.snapshotPart)) }),
  z.object({ frame: z.literal("container"), at: time, container: Container }),
  z.object({ frame: z.literal("gone"), at: time, id: RuntimeId }),
  z.object({ frame: z.literal("event"), event: RuntimeEvent }),
  z.object({ frame: z.literal("sample"), ...at, sample: Sample }),
  z.object({ frame: z.literal("box"), ...at, box: BlackBox }),
  z.object({ frame: z.literal("outcome"), ...at, step: StepId, outcome: Outcome }),
  /**
   * What was counted from `from` to before `to` is lost for good. `since` and `until` bound the time in which
   * something may have happened that nobody kept; null: not known.
   */
  z.object({ frame: z.literal("gap"), at: time, from: z.nullable(Cursor), to: Cursor, since: z.nullable(time), until: z.nullable(time), why: text }),
  z.object({ frame: z.literal("runtime"), at: time, status: RuntimeStatus }),
  /** At least each heartbeat: `listedAt` is when the list was last known to be true; null before the first. */
  z.object({ frame: z.literal("beat"), at: time, listedAt: z.nullable(time) }),
]);
export type Frame = z.infer<typeof Frame>;
