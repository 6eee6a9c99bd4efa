/** What a person is about to do, before it is an operation. */
import type { FleetRow } from "@/app/_features/containers/fleet-row";
import type { Action, RunInput } from "@/server/domains/operations/schema";

export interface Intent {
  /** Idempotency key: made once a click, kept over a retry, so that a lost answer never does it twice. */
  key: string;
  action: Action;
  /** The rows that it concerns, as they were when it was asked for. */
  rows: readonly FleetRow[];
  /** Set when it is one stack of one host as a whole, in the order of its services. */
  stack: { hostId: string; hostName: string; name: string } | null;
}

/** What may be said about how to do it. */
export type Choices = Pick<RunInput, "graceSeconds" | "signal" | "removeVolumes" | "force">;

const KEY_BYTES = 16;

/** A new key. `crypto.randomUUID` exists only on https and localhost; dashboards at home are often neither. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether to ask before doing: whenever it cannot be undone by one click, or concerns more than one. */
export function needsQuestion(intent: Pick<Intent, "action" | "rows" | "stack">): boolean {
  if (intent.stack || intent.action === "kill" || intent.action === "remove") return true;
  return intent.rows.length > 1 && intent.action !== "start" && intent.action !== "unpause";
}

/** Actions that wait for a container to stop by itself. */
export function hasGrace(intent: Pick<Intent, "action" | "stack">): boolean {
  return intent.action === "stop" || intent.action === "restart" || (intent.action === "remove" && intent.stack !== null);
}

/** The call that carries out an intent on these rows. */
export function toRunInput(intent: Intent, rows: readonly FleetRow[], choices: Choices): RunInput {
  const subject = intent.stack
    ? { stack: { hostId: intent.stack.hostId, name: intent.stack.name } }
    : { containers: rows.map(({ container }) => ({ hostId: container.hostId, id: container.id })) };
  return { key: intent.key, action: intent.action, ...subject, ...choices };
}

/** Seconds as typed; null: the container's own; undefined: not a number from 0 to 600. */
export function readGrace(text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const seconds = Number(text);
  return /^\d{1,3}$/.test(text.trim()) && seconds <= 600 ? seconds : undefined;
}
