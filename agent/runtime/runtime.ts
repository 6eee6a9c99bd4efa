/**
 * A container runtime as the rest of the agent sees it. What an engine calls things, and where engines
 * differ, ends here: behind this interface there are only the protocol's shapes.
 */
import type { ChangeVerb, InputOf } from "@/protocol/contract";
import type { AgentError, Container, EventKind, Health, Loss, RuntimeStatus } from "@/protocol/shapes";
import type { LocalTarget } from "@/protocol/target";

/** One container as the engine shows it, with what only the agent needs. */
export interface Sighting {
  container: Container;
  /** The signal that asks this container to stop; null where it is not known (the engine's default is SIGTERM). */
  stopSignal: number | null;
  /** Its first process, as the engine's machine counts; null while it does not run, and where the engine does not say. */
  pid: number | null;
  /** It has no network of its own: its traffic is the host's. */
  hostNetwork: boolean;
  /** Cores that it may use; null: no limit. */
  cpuLimit: number | null;
}

/** What a running container has used since it started, and uses now. null: the engine does not say. */
export interface Usage {
  cpuSeconds: number | null;
  /** Periods of its CPU limit in which it ran, and those in which it was held back. */
  periods: number | null;
  throttledPeriods: number | null;
  /** Bytes: what is used without the file cache that can go at once; and the limit, the host's memory where it has none. */
  memory: number | null;
  memoryLimit: number | null;
  /** Bytes since it started. */
  received: number | null;
  sent: number | null;
  read: number | null;
  written: number | null;
  pids: number | null;
}

/** Something that happened, in the protocol's words. Texts are already cut to LIMITS. */
export interface EngineEvent {
  /** Milliseconds since 1970 on the engine's clock. */
  at: number;
  kind: EventKind;
  id: string;
  name: string;
  image: string;
  target: LocalTarget;
  /** Whether the event carried labels; without, `target` only knows the name. */
  labelled: boolean;
  exitCode: number | null;
  signal: number | null;
  health: Health | null;
}

export interface EventSubscription {
  /** Resolves with the reason when the stream has ended, whoever ended it. */
  ended: Promise<string>;
  close(): void;
}

/**
 * How one change ended. "refused": the engine said no, or was never reached, so nothing was done by this
 * call. "unknown": the call was sent and its answer never came.
 */
export type Performed = { state: "done" } | { state: "refused" | "unknown"; error: AgentError };

/** What of a container's log is asked for. */
export interface LogRequest {
  /** Whether the answer goes on with what is written from now on. */
  follow: boolean;
  /** At most so many lines from the end, told before `since` and `until` are looked at; null: all. */
  tail: number | null;
  /** From and up to that moment, both included, as seconds since 1970 with nine digits of a fraction; null: no bound. */
  since: string | null;
  until: string | null;
}

/** Where bytes go as they come. */
export interface ByteReceiver {
  /** Memory for the next bytes, at least one; asked after each `took`. */
  room(): Buffer;
  /** So many bytes now stand at the start of the last room. false: no more until resume(). */
  took(bytes: number): boolean;
  /** Nothing more comes, told once and not after close(). null: it was closed in order. */
  ended(why: string | null): void;
}
export interface ByteSource {
  resume(): void;
  close(): void;
}

/** Every method that rejects does so with an AgentFailure. Every call has a deadline. */
export interface Runtime {
  /** As of the last connect. */
  status(): RuntimeStatus;
  /** Looks for an engine and agrees on a version. Never rejects: what is wrong is the status. */
  connect(): Promise<RuntimeStatus>;
  /** Cheap; rejects when the engine did not answer in time, which is how a stalled one shows. */
  ping(): Promise<void>;
  /** Every container, with details. */
  list(): Promise<Sighting[]>;
  /** One container, or null when there is none. */
  look(id: string): Promise<Sighting | null>;
  /** The engine's own document, as it is, secrets included: mask it before it leaves the host. */
  inspect(id: string): Promise<Record<string, unknown>>;
  loss(id: string): Promise<Loss>;
  /** What a container uses, by one look of the engine at it: dear, so for where the kernel's files cannot be read. null: it does not run. */
  usage(id: string): Promise<Usage | null>;
  /**
   * Follows what happens to containers. `since`: also what happened from then on (milliseconds since 1970,
   * as far as the engine remembers); null: only from now. `onDoubt` is called when something was said
   * that could not be read, so that the listener looks for itself.
   */
  follow(options: { since: number | null; onEvent(event: EngineEvent): void; onDoubt(why: string): void }): Promise<EventSubscription>;
  /** The engine's data directory as the engine names it; null where it does not say. */
  dataRoot(): Promise<string | null>;
  /**
   * A container's log as the engine sends it, each line with its time stamp: frames of 8 bytes of header, or plain
   * text where the container has a TTY. Resolves when the answer begins.
   */
  openLog(id: string, request: LogRequest, receiver: ByteReceiver): Promise<ByteSource>;
  /** Does what a change verb says, with one engine call. Never rejects. */
  perform<V extends ChangeVerb>(verb: V, input: InputOf<V>): Promise<Performed>;
}
