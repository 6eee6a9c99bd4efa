/**
 * The one permission table. `permit()` builds procedures from it, the screens ask it what to show, the
 * documentation prints it. A right that stands nowhere else cannot be asked for.
 */
import type { ContractPermission } from "@/protocol/contract";

/** From the least to the most; each has all rights of those before it. */
export const ROLES = ["viewer", "operator", "maintainer", "administrator"] as const;
export type Role = (typeof ROLES)[number];

/** Who does something: the signed-in person, as every service is told. */
export interface Actor {
  id: string;
  name: string;
  role: Role;
}

interface Rule {
  /** The first role that has it. */
  from: Role;
  /** host: asked for one host's objects. hub: for the hub as a whole. self: for the person's own things. */
  scope: "host" | "hub" | "self";
  /** Whether each use is written to the record of changes. */
  record: boolean;
  /** What it allows, for the documentation. */
  allows: string;
}

export const PERMISSIONS = {
  "fleet.view": { from: "viewer", scope: "host", record: false, allows: "See hosts, containers, their state and their history." },
  "operation.view": { from: "viewer", scope: "host", record: false, allows: "See operations and their progress." },
  "session.own": { from: "viewer", scope: "self", record: false, allows: "See and end one's own sessions." },
  "container.logs": { from: "viewer", scope: "host", record: false, allows: "Read and search what containers say." },
  "container.inspect": { from: "operator", scope: "host", record: false, allows: "See a container's full configuration, environment values masked." },
  "container.operate": { from: "operator", scope: "host", record: true, allows: "Start, stop, restart, pause and unpause containers and stacks." },
  "operation.cancel": { from: "operator", scope: "host", record: true, allows: "Cancel the steps of an operation that have not begun." },
  "container.kill": { from: "maintainer", scope: "host", record: true, allows: "Send a signal to a container." },
  "container.remove": { from: "maintainer", scope: "host", record: true, allows: "Remove containers." },
  "host.enrol": { from: "administrator", scope: "hub", record: true, allows: "Make join lines, see and cancel them." },
  "host.manage": { from: "administrator", scope: "host", record: true, allows: "Rename, tag, revoke, re-enrol and forget hosts." },
  "settings.manage": { from: "administrator", scope: "hub", record: true, allows: "Change the hub's settings." },
} as const satisfies Record<string, Rule> & Record<ContractPermission, Rule>;

export type Permission = keyof typeof PERMISSIONS;
export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as Permission[];

/** Whether a role has a right. */
export function can(role: Role, permission: Permission): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(PERMISSIONS[permission].from);
}

/** All rights of a role. */
export function permissionsOf(role: Role): Permission[] {
  return PERMISSION_NAMES.filter((permission) => can(role, permission));
}
