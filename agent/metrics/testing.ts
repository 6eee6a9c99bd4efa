/**
 * Hand-written kernel files in a folder of their own. The machines that run these tests may have cgroup v1
 * alone, so v2 is tested on files written as the kernel's documentation has them
 * (Documentation/admin-guide/cgroup-v2.rst), not on a live hierarchy.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Container } from "@/protocol/shapes";
import type { Change } from "../reflector";
import type { Sighting } from "../runtime/runtime";

export interface Tree {
  root: string;
  /** Writes a file, with the folders above it. */
  write(path: string, text: string): void;
  remove(path: string): void;
  close(): void;
}

export function makeTree(): Tree {
  const root = mkdtempSync(join(tmpdir(), "kernel-"));
  return {
    root,
    write(path, text) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    },
    remove: (path) => rmSync(join(root, path), { recursive: true, force: true }),
    close: () => rmSync(root, { recursive: true, force: true }),
  };
}

export const idOf = (n: number) => n.toString(16).padStart(2, "0").repeat(32);

/** A reflector's part that metrics read, moved by hand. */
export function makeReflector() {
  const containers = new Map<string, Container>();
  const sightings = new Map<string, Sighting>();
  const listeners = new Set<(change: Change) => void>();
  let listedAt: number | null = null;
  return {
    containers: () => containers,
    sighting: (id: string) => sightings.get(id),
    listedAt: () => listedAt,
    subscribe: (listener: (change: Change) => void) => (listeners.add(listener), () => void listeners.delete(listener)),
    put(n: number, pid: number | null, more: { state?: Container["state"]; hostNetwork?: boolean; cpuLimit?: number | null } = {}) {
      const { state = "running", hostNetwork = false, cpuLimit = null } = more;
      const container: Container = { id: idOf(n), target: { namespace: null, workload: `c${n}`, replica: null }, name: `c${n}`, image: "i", imageId: "i", state, health: "none", exitCode: null, oomKilled: false, error: null, createdAt: 1, startedAt: 1, finishedAt: null, restartCount: 0, restartPolicy: "no", autoRemove: false, ports: [], labels: {}, labelsCut: 0 };
      containers.set(container.id, container);
      sightings.set(container.id, { container, stopSignal: null, pid, hostNetwork, cpuLimit });
      for (const listener of listeners) listener({ what: "container", id: container.id });
    },
    list() {
      listedAt = 1;
      for (const listener of listeners) listener({ what: "list" });
    },
  };
}

export const NET_DEV = (interfaces: Record<string, [received: number, sent: number]>) =>
  `Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n${Object.entries(interfaces).map(([name, [received, sent]]) => `${name.padStart(6)}: ${String(received).padStart(7)}      29    0    0    0     0          0         0 ${String(sent).padStart(8)}      31    0    0    0     0       0          0\n`).join("")}`;

export interface Numbers {
  cpuSeconds?: number;
  memory?: number;
  received?: number;
  written?: number;
}

/** Writes what a container of process `pid` has under cgroup v2, in the words of the kernel's documentation. */
export function writeV2(tree: Tree, n: number, pid: number, { cpuSeconds = 1, memory = 10_000_000, received = 100, written = 0 }: Numbers = {}): void {
  const directory = `sys/fs/cgroup/system.slice/docker-${idOf(n)}.scope`;
  tree.write(`proc/${pid}/cgroup`, `0::/system.slice/docker-${idOf(n)}.scope\n`);
  tree.write(`proc/${pid}/net/dev`, NET_DEV({ lo: [5, 5], eth0: [received, 2 * received] }));
  tree.write(`${directory}/cpu.stat`, `usage_usec ${cpuSeconds * 1e6}\nuser_usec 1\nsystem_usec 1\nnr_periods 40\nnr_throttled 10\nthrottled_usec 5\nnr_bursts 0\nburst_usec 0\n`);
  tree.write(`${directory}/cpu.max`, "50000 100000\n");
  tree.write(`${directory}/memory.current`, `${memory}\n`);
  tree.write(`${directory}/memory.max`, "max\n");
  tree.write(`${directory}/memory.stat`, "anon 1000\nfile 3000\nkernel_stack 16384\ninactive_anon 0\nactive_anon 1000\ninactive_file 2000000\nactive_file 1000\nunevictable 0\n");
  tree.write(`${directory}/io.stat`, `254:0 rbytes=4096 wbytes=${written} rios=1 wios=2 dbytes=99 dios=3\n8:16 rbytes=100 wbytes=10 rios=1 wios=2 dbytes=0 dios=0\n`);
  tree.write(`${directory}/pids.current`, "7\n");
}

/** The host's own files. */
export function writeHost(tree: Tree, { busy = 100, idle = 900, received = 1_000 } = {}): void {
  tree.write("proc/stat", `cpu  ${busy} 0 0 ${idle} 0 0 0 0 50 0\ncpu0 ${busy} 0 0 ${idle} 0 0 0 0 50 0\ncpu1 0 0 0 0 0 0 0 0 0 0\nintr 1 2 3\nctxt 9\n`);
  tree.write("proc/loadavg", "0.50 1.25 2.00 1/200 4242\n");
  tree.write("proc/meminfo", "MemTotal:       16000000 kB\nMemFree:         1000000 kB\nMemAvailable:    6000000 kB\nBuffers:           10000 kB\nSwapCached:            0 kB\nSwapTotal:       2000000 kB\nSwapFree:        1500000 kB\n");
  tree.write("proc/diskstats", " 254       0 vda 10 0 1000 5 20 0 2000 9 0 1 1\n 254       1 vda1 9 0 999 5 20 0 1999 9 0 1 1\n   8       0 sda 1 0 8 0 1 0 16 0 0 0 0\n   8       1 sda1 1 0 8 0 1 0 16 0 0 0 0\n 253       0 dm-0 1 0 500 0 1 0 500 0 0 0 0\n   7       0 loop0 1 0 77 0 0 0 0 0 0 0 0\n 259       0 nvme0n1 1 0 2 0 1 0 4 0 0 0 0\n 259       1 nvme0n1p1 1 0 2 0 1 0 4 0 0 0 0\n");
  tree.write("proc/self/net/dev", NET_DEV({ lo: [9, 9], eth0: [received, 10], docker0: [7, 7], veth12ab: [7, 7], "br-0a1b": [7, 7], enp3s0: [1, 1] }));
}
