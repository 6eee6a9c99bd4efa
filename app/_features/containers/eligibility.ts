/**
 * Whether an action can be asked for, and if not, the reason that stands beside the disabled button.
 * The hub and the agent check again; this is only what the page says beforehand.
 */
import { CONTRACT, type ContractPermission, type Effect } from "@/protocol/contract";
import type { Allowance, ContainerState } from "@/protocol/shapes";
import { PERMISSIONS, type Permission, type Role } from "@/server/domains/access/permissions";
import { isFresh, type HostView } from "@/server/domains/fleet/schema";
import type { Action } from "@/server/domains/operations/schema";
import type { FleetRow } from "./fleet-row";

export const permissionFor = (action: Action): ContractPermission => CONTRACT[`container.${action}`].permission;
export const effectOf = (action: Action): Effect => CONTRACT[`container.${action}`].effect;

/** From which states an action makes sense. */
const FROM: Record<Action, readonly ContainerState[]> = {
  start: ["created", "exited"],
  stop: ["running", "restarting", "paused"],
  restart: ["running", "restarting", "paused", "exited"],
  kill: ["running", "restarting", "paused"],
  pause: ["running"],
  unpause: ["paused"],
  remove: ["created", "running", "paused", "restarting", "exited", "dead"],
};

export type Denial =
  /** The person has not the right; `from` is the first role that has. */
  | { kind: "permission"; permission: Permission; from: Role }
  /** The host's own policy says no. */
  | { kind: "policy"; allow: Allowance; host: string }
  /** The host's key is refused: nothing reaches it. */
  | { kind: "revoked"; host: string }
  /** It is not in a state where this means anything. */
  | { kind: "state"; state: ContainerState };

const ALLOWED: Record<Allowance, readonly Effect[]> = { view: ["read"], operate: ["read", "change"], all: ["read", "change", "destroy"] };

/** Whether the person has the right at all; null: yes. */
export function denialByRight(action: Action, permissions: readonly Permission[]): Denial | null {
  const permission = permissionFor(action);
  return permissions.includes(permission) ? null : { kind: "permission", permission, from: PERMISSIONS[permission].from };
}

/** Whether a host takes such an order; null: yes. */
export function denialByHost(action: Action, host: Pick<HostView, "link" | "allow" | "name"> | undefined): Denial | null {
  if (!host) return null;
  if (host.link === "revoked") return { kind: "revoked", host: host.name };
  return ALLOWED[host.allow].includes(effectOf(action)) ? null : { kind: "policy", allow: host.allow, host: host.name };
}

/** Why this action cannot be asked of this row; null when it can. */
export function denialOf(action: Action, row: Pick<FleetRow, "container" | "host">, permissions: readonly Permission[]): Denial | null {
  const first = denialByRight(action, permissions) ?? denialByHost(action, row.host);
  if (first) return first;
  // The last known state of a host that is away decides nothing: it may have changed since.
  if (!isFresh(row.host)) return row.container.state === "removing" ? { kind: "state", state: "removing" } : null;
  return FROM[action].includes(row.container.state) ? null : { kind: "state", state: row.container.state };
}

export interface BulkVerdict {
  eligible: FleetRow[];
  /** Rows of the eligible whose host is away: their step waits. */
  waiting: number;
  /** The reason when none is eligible. */
  denial: Denial | null;
  /** How many are left out, by kind of reason. */
  leftOut: Record<Denial["kind"], number>;
}

/** What an action would meet in a selection. */
export function judge(action: Action, rows: readonly FleetRow[], permissions: readonly Permission[]): BulkVerdict {
  const verdict: BulkVerdict = { eligible: [], waiting: 0, denial: null, leftOut: { permission: 0, policy: 0, revoked: 0, state: 0 } };
  for (const row of rows) {
    const denial = denialOf(action, row, permissions);
    if (denial) {
      verdict.leftOut[denial.kind]++;
      verdict.denial ??= denial;
    } else {
      verdict.eligible.push(row);
      if (!isFresh(row.host)) verdict.waiting++;
    }
  }
  if (verdict.eligible.length > 0) verdict.denial = null;
  return verdict;
}
