/**
 * The room on a host's disks. Only file systems that lie on the machine itself are asked: one over a network
 * whose server is gone would never answer. Each question is asked apart and at most once at a time.
 */
import { readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { LIMITS } from "@/protocol/limits";
import type { DiskFigures } from "@/protocol/metrics";
import type { Clock } from "../clock";
import { level } from "./counters";
import { type MountLine, readMounts } from "./hierarchies";

const LOCAL = new Set(["ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "bcachefs", "jfs", "reiserfs", "vfat", "exfat", "ntfs3", "ufs", "hfsplus"]);
/** How long one look at the mounts serves. */
const MOUNTS_MS = 60_000;
/** Longest wait for a disk that does not answer; its figures are then not known. */
const ANSWER_MS = 1_000;

interface Disk {
  /** As the host calls it. */
  mount: string;
  /** Where this process reaches the same file system. */
  path: string;
  asked: Promise<DiskFigures> | null;
}

export interface Disks {
  /** One row a file system. Never rejects, and takes a second at the longest. */
  look(): Promise<DiskFigures[]>;
}

/**
 * `hostMounts`: the host's `mountinfo`; `ownMounts`: this process's own, by which a file system of the host
 * is reached that is mounted here too, perhaps under another name.
 */
export function createDisks({ hostMounts, ownMounts, clock }: { hostMounts: string; ownMounts: string; clock: Clock }): Disks {
  let disks: Disk[] = [];
  let listedAt = Number.NEGATIVE_INFINITY;
  const list = () => {
    if (clock.monotonic() - listedAt < MOUNTS_MS) return;
    listedAt = clock.monotonic();
    const known = new Map(disks.map((disk) => [disk.path, disk]));
    disks = findDisks(mountsIn(hostMounts), mountsIn(ownMounts)).map((found) => known.get(found.path) ?? { ...found, asked: null });
  };
  const ask = (disk: Disk): Promise<DiskFigures> => {
    disk.asked ??= statfs(disk.path)
      .then(({ blocks, bfree, bsize }) => ({ mount: disk.mount, used: level((blocks - bfree) * bsize), total: level(blocks * bsize) }), () => ({ mount: disk.mount, used: null, total: null }))
      .finally(() => (disk.asked = null));
    return Promise.race([disk.asked, late(disk.mount, clock)]);
  };
  return {
    look() {
      list();
      return Promise.all(disks.map(ask));
    },
  };
}

function late(mount: string, clock: Clock): Promise<DiskFigures> {
  return new Promise((resolve) => void clock.after(ANSWER_MS, () => resolve({ mount, used: null, total: null })));
}

function mountsIn(file: string): MountLine[] {
  try {
    return readMounts(readFileSync(file, "utf8"));
  } catch {
    return [];
  }
}

/** One a device, under the shortest path that shows its whole; at most LIMITS.sampleDisks. */
export function findDisks(host: readonly MountLine[], own: readonly MountLine[]): { mount: string; path: string }[] {
  const reachable = new Map<string, string>();
  for (const { device, at } of own) if (!reachable.has(device)) reachable.set(device, at);
  const shown = new Map<string, string>();
  for (const { device, type, root, at } of host) {
    // A bind mount shows part of a disk that is listed by itself; subvolumes are listed by their first.
    if (!LOCAL.has(type) || (root !== "/" && type !== "btrfs") || at.length > LIMITS.textChars) continue;
    const before = shown.get(device);
    if (before === undefined || at.length < before.length) shown.set(device, at);
  }
  const disks: { mount: string; path: string }[] = [];
  for (const [device, mount] of shown) {
    const path = reachable.get(device);
    if (path !== undefined && disks.length < LIMITS.sampleDisks) disks.push({ mount, path });
  }
  return disks.sort((a, b) => (a.mount < b.mount ? -1 : 1));
}
