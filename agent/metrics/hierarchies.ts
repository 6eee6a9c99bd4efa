/**
 * Where a container's cgroup files are: the cgroup file systems that are mounted here, and the path that
 * `/proc/PID/cgroup` names. The container's id must be in that path, or the process is another one: a pid
 * that was used again, or one of a machine that this agent does not run on.
 */

/** One mounted cgroup file system: where it is mounted, and which of its directories is mounted there. */
interface Mount {
  at: string;
  root: string;
}
export interface Hierarchies {
  v1: ReadonlyMap<string, Mount>;
  v2: Mount | null;
}

/** The controllers that are read under cgroup v1. */
export const V1_CONTROLLERS = ["cpu", "cpuacct", "memory", "blkio", "pids"] as const;
export type V1Controller = (typeof V1_CONTROLLERS)[number];

export type Place =
  | { version: 1; directories: Partial<Record<V1Controller, string>> }
  | { version: 2; directory: string }
  /** elsewhere: not this machine's process. hidden: another view of the cgroups than the host's. unmounted: no cgroup file system here has it. */
  | { version: null; why: "elsewhere" | "hidden" | "unmounted" };

/** Reads `/proc/self/mountinfo`; only file systems mounted at or below `under` count. */
export function findHierarchies(mountinfo: string, under: string): Hierarchies {
  const v1 = new Map<string, Mount>();
  let v2: Mount | null = null;
  for (const { at, root, type, options } of readMounts(mountinfo)) {
    if (at !== under && !at.startsWith(`${under.replace(/\/$/, "")}/`)) continue;
    if (type === "cgroup2") v2 ??= { at, root };
    else if (type === "cgroup") for (const option of options) if (!v1.has(option)) v1.set(option, { at, root });
  }
  return { v1, v2 };
}

/** Where the files of container `id` are, by the text of its process's `cgroup` file. */
export function placeOf(cgroupText: string, id: string, { v1, v2 }: Hierarchies): Place {
  const directories: Partial<Record<V1Controller, string>> = {};
  let why: "elsewhere" | "hidden" | "unmounted" = "elsewhere";
  let unified: string | null = null;
  for (const line of cgroupText.split("\n")) {
    const [, names, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    const own = path === undefined ? null : ownPath(path, id);
    if (names === undefined || own === null) continue;
    if (own.startsWith("/../")) why = "hidden";
    else if (names === "") unified = own;
    else {
      for (const controller of V1_CONTROLLERS) {
        const mount = names.split(",").includes(controller) ? v1.get(controller) : undefined;
        const directory = mount && below(mount, own);
        if (directory) directories[controller] = directory;
      }
      if (why === "elsewhere") why = "unmounted";
    }
  }
  if (directories.memory || directories.cpuacct) return { version: 1, directories };
  const directory = unified !== null && v2 !== null ? below(v2, unified) : null;
  if (directory !== null) return { version: 2, directory };
  return { version: null, why: unified !== null && why === "elsewhere" ? "unmounted" : why };
}

/** The path up to the container's own directory: an init inside may have moved to one below it. null: the id is not in it. */
function ownPath(path: string, id: string): string | null {
  const parts = path.split("/");
  const at = parts.findIndex((part) => part.includes(id));
  return at < 0 ? null : parts.slice(0, at + 1).join("/");
}

/** The directory of a cgroup path under a mount; null when the mount shows another part of the tree. */
function below({ at, root }: Mount, path: string): string | null {
  if (root === "/") return at + path;
  return path === root || path.startsWith(`${root}/`) ? at + path.slice(root.length) : null;
}

export interface MountLine {
  device: string;
  root: string;
  at: string;
  type: string;
  options: string[];
}

/** The lines of a `mountinfo` file: `id parent major:minor root at options [fields] - type source super-options`. */
export function readMounts(mountinfo: string): MountLine[] {
  const mounts: MountLine[] = [];
  for (const line of mountinfo.split("\n")) {
    const [left, right] = line.split(" - ");
    const [, , device, root, at] = left?.split(" ") ?? [];
    const [type, , options] = right?.split(" ") ?? [];
    if (device && root && at && type) mounts.push({ device, root: unescape(root), at: unescape(at), type, options: (options ?? "").split(",") });
  }
  return mounts;
}

/** The kernel writes space, tab, newline and backslash as three octal digits. */
function unescape(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
