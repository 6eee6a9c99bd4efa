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
  /**
   * Follows what happens to containers. `since`: also what happened from then on (milliseconds since 1970,
   * as far as the engine remembers); null: only from now. `onDoubt` is called when something was said
   * that could not be read, so that the listener looks for itself.
   */
  follow(options: { since: number | null; onEvent(event: EngineEvent): void; onDoubt(why: string): void }): Promise<EventSubscription>;
  /** Does what a change verb says, with one engine call. Never rejects. */
  perform<V extends ChangeVerb>(verb: V, input: InputOf<V>): Promise<Performed>;
}
