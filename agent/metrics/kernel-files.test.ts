import { readdirSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openContainerFiles } from "./container-files";
import { AT, CPU_LIMIT, CPU_SECONDS, figuresBetween, MEMORY, MEMORY_LIMIT, newCounters, PERIODS, PIDS, READ, RECEIVED, SENT, THROTTLED_PERIODS, WRITTEN } from "./counters";
import { findDisks } from "./disks";
import { findHierarchies, placeOf, readMounts } from "./hierarchies";
import { openHostFiles } from "./host-files";
import { firstNumber, kernelFile, lineKey, numberAfter } from "./kernel-file";
import { idOf, makeTree, NET_DEV, type Tree, writeHost, writeV2 } from "./testing";

let tree: Tree;
beforeEach(() => {
  tree = makeTree();
});
afterEach(() => tree.close());
const at = (path: string) => `${tree.root}/${path}`;
const ID = idOf(1);
const descriptors = () => readdirSync("/proc/self/fd").length;

describe("a kernel file", () => {
  it("is opened once, shows what it holds now at each read, and lets its descriptor go", () => {
    tree.write("n", "12\n");
    const before = descriptors();
    const file = kernelFile(at("n"));
    expect([file.read(), firstNumber()]).toEqual([true, 12]);
    const opened = descriptors();
    tree.write("n", "345\n");
    expect([file.read(), firstNumber()]).toEqual([true, 345]);
    expect(opened).toBe(before + 1);
    expect(descriptors()).toBe(opened);
    file.close();
    expect(descriptors()).toBe(before);
    expect(file.read()).toBe(false);
  });

  it("is read whole where the kernel gives it in pages, and no longer than the buffer", () => {
    const lines = (count: number) => Array.from({ length: count }, (_, i) => `key${i} ${i}\n`).join("");
    tree.write("long", lines(2_000));
    tree.write("huge", lines(20_000));
    expect(kernelFile(at("long")).read()).toBe(true);
    expect(numberAfter(lineKey("key1999"))).toBe(1_999);
    expect(kernelFile(at("huge")).read()).toBe(true);
    expect(numberAfter(lineKey("key1999"))).toBe(1_999);
    expect(numberAfter(lineKey("key19999"))).toBeNaN();
  });

  it("leaves nothing of the file before it where it is shorter, empty, gone, or no file", () => {
    tree.write("full", "inactive_file 123\n");
    tree.write("empty", "");
    const key = lineKey("inactive_file");
    for (const path of ["empty", "gone", "."]) {
      kernelFile(at("full")).read();
      expect(numberAfter(key)).toBe(123);
      expect(kernelFile(at(path)).read()).toBe(path === "empty");
      expect(numberAfter(key), path).toBeNaN();
      expect(firstNumber(), path).toBeNaN();
    }
  });

  it.each([["max\n", Number.NaN], ["-1\n", Number.NaN], ["18446744073709551615\n", 2 ** 64], ["  7 8", 7], ["\n5", Number.NaN], ["12x", 12]])("holding %j begins with the number %d", (text, number) => {
    tree.write("n", text);
    kernelFile(at("n")).read();
    expect(firstNumber()).toBe(number);
  });

  it("is looked up by a whole key at the beginning of a line", () => {
    tree.write("stat", "active_file 1\ntotal_inactive_file 2\ninactive_file 3\n");
    kernelFile(at("stat")).read();
    expect([numberAfter(lineKey("inactive_file")), numberAfter(lineKey("active_file")), numberAfter(lineKey("file"))]).toEqual([3, 1, Number.NaN]);
  });
});

const V1_MOUNTS = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n35 31 0:32 / /sys/fs/cgroup/memory rw shared:3 - cgroup cgroup rw,memory\n41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
const V2_MOUNTS = "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
const UNDER = "/sys/fs/cgroup";

describe("a container's cgroup", () => {
  const v1 = findHierarchies(V1_MOUNTS, UNDER);
  const v2 = findHierarchies(V2_MOUNTS, UNDER);

  it("is found under v1, also beside an empty unified hierarchy and by controllers that share a mount", () => {
    const text = `5:memory:/docker/${ID}\n2:cpu,cpuacct:/docker/${ID}\n1:name=systemd:/docker/${ID}\n0::/docker/${ID}\n`;
    expect(placeOf(text, ID, v1)).toEqual({ version: 1, directories: { memory: `/sys/fs/cgroup/memory/docker/${ID}`, cpu: `/sys/fs/cgroup/cpu,cpuacct/docker/${ID}`, cpuacct: `/sys/fs/cgroup/cpu,cpuacct/docker/${ID}` } });
  });

  it.each([`/system.slice/docker-${ID}.scope`, `/docker/${ID}`, `/kubepods/besteffort/pod1/${ID}`, `/machine.slice/libpod-${ID}.scope`])("is found under v2 at %s", (path) => {
    expect(placeOf(`0::${path}\n`, ID, v2)).toEqual({ version: 2, directory: `/sys/fs/cgroup${path}` });
  });

  it("is the container's whole one where an init inside has moved below it", () => {
    expect(placeOf(`0::/docker/${ID}/init.scope\n`, ID, v2)).toEqual({ version: 2, directory: `/sys/fs/cgroup/docker/${ID}` });
  });

  it("is not taken from another process that has the pid now, or from a process of another machine", () => {
    expect(placeOf(`0::/system.slice/cron.service\n`, ID, v2)).toEqual({ version: null, why: "elsewhere" });
    expect(placeOf(`0::/docker/${idOf(2)}\n`, ID, v2)).toEqual({ version: null, why: "elsewhere" });
    expect(placeOf("", ID, v2)).toEqual({ version: null, why: "elsewhere" });
    expect(placeOf("\u0000garbage\n0:/x\n", ID, v2)).toEqual({ version: null, why: "elsewhere" });
  });

  it("that is seen from inside another container, or mounted nowhere, says which", () => {
    expect(placeOf(`0::/../docker-${ID}.scope\n`, ID, v2)).toEqual({ version: null, why: "hidden" });
    expect(placeOf(`0::/docker/${ID}\n`, ID, findHierarchies("", UNDER))).toEqual({ version: null, why: "unmounted" });
    expect(placeOf(`5:memory:/docker/${ID}\n`, ID, v2)).toEqual({ version: null, why: "unmounted" });
  });

  it("is looked for under the host's mounts alone, and where a part of the tree is mounted, in that part", () => {
    const both = `${V2_MOUNTS}90 1 0:28 / /host/sys/fs/cgroup ro - cgroup2 cgroup2 rw\n`;
    expect(placeOf(`0::/docker/${ID}\n`, ID, findHierarchies(both, "/host/sys/fs/cgroup"))).toEqual({ version: 2, directory: `/host/sys/fs/cgroup/docker/${ID}` });
    const part = findHierarchies("1 1 0:2 /docker /sys/fs/cgroup ro - cgroup2 c rw\n", UNDER);
    expect(placeOf(`0::/docker/${ID}\n`, ID, part)).toEqual({ version: 2, directory: `/sys/fs/cgroup/${ID}` });
    expect(placeOf(`0::/other/${ID}\n`, ID, part)).toEqual({ version: null, why: "unmounted" });
  });

  it("is found at a mount whose path holds a space", () => {
    expect(readMounts("1 2 8:1 / /mnt/a\\040b rw - ext4 /dev/sda1 rw\n")[0]?.at).toBe("/mnt/a b");
  });
});

/** As the kernel's Documentation/admin-guide/cgroup-v1 has them. */
function writeV1(): void {
  tree.write("cpuacct/cpuacct.usage", "1500000000\n");
  tree.write("cpu/cpu.stat", "nr_periods 100\nnr_throttled 25\nthrottled_time 9000\n");
  tree.write("cpu/cpu.cfs_quota_us", "150000\n");
  tree.write("cpu/cpu.cfs_period_us", "100000\n");
  tree.write("memory/memory.usage_in_bytes", "50000000\n");
  tree.write("memory/memory.limit_in_bytes", "67108864\n");
  tree.write("memory/memory.stat", "cache 1\ninactive_file 5\nhierarchical_memory_limit 67108864\ntotal_cache 7\ntotal_inactive_file 8000000\ntotal_active_file 9\n");
  tree.write("blkio/blkio.throttle.io_service_bytes_recursive", "254:0 Read 1000\n254:0 Write 2000\n254:0 Sync 3\n254:0 Async 4\n254:0 Discard 5\n254:0 Total 3000\n8:0 Read 10\n8:0 Write 20\n8:0 Total 30\nTotal 3030\n");
  tree.write("pids/pids.current", "3\n");
  tree.write("net/dev", NET_DEV({ lo: [100, 100], eth0: [1_000, 2_000], eth1: [1, 2] }));
}
const openV1 = () => openContainerFiles({ version: 1, directories: { cpu: at("cpu"), cpuacct: at("cpuacct"), memory: at("memory"), blkio: at("blkio"), pids: at("pids") } }, at("net/dev"), 16e9);
const named = (row: Float64Array) => ({ cpu: row[CPU_SECONDS], periods: row[PERIODS], throttled: row[THROTTLED_PERIODS], received: row[RECEIVED], sent: row[SENT], read: row[READ], written: row[WRITTEN], memory: row[MEMORY], pids: row[PIDS], cpuLimit: row[CPU_LIMIT], memoryLimit: row[MEMORY_LIMIT] });

describe("a container's files", () => {
  it("of cgroup v1 are counted as docker stats counts them", () => {
    writeV1();
    const row = newCounters();
    expect(openV1().read(row, true)).toBe(true);
    expect(named(row)).toEqual({ cpu: 1.5, periods: 100, throttled: 25, received: 1_001, sent: 2_002, read: 1_010, written: 2_020, memory: 42_000_000, pids: 3, cpuLimit: 1.5, memoryLimit: 67_108_864 });
  });

  it("of cgroup v2, written by hand after the kernel's documentation, are counted in the same way", () => {
    writeV2(tree, 1, 42, { cpuSeconds: 2.5, memory: 30_000_000, received: 500, written: 900 });
    const row = newCounters();
    const files = openContainerFiles({ version: 2, directory: at(`sys/fs/cgroup/system.slice/docker-${ID}.scope`) }, at("proc/42/net/dev"), 16e9);
    expect(files.read(row, true)).toBe(true);
    expect(named(row)).toEqual({ cpu: 2.5, periods: 40, throttled: 10, received: 500, sent: 1_000, read: 4_196, written: 910, memory: 28_000_000, pids: 7, cpuLimit: 0.5, memoryLimit: Number.NaN });
    tree.write(`sys/fs/cgroup/system.slice/docker-${ID}.scope/cpu.max`, "max 100000\n");
    tree.write(`sys/fs/cgroup/system.slice/docker-${ID}.scope/memory.max`, "1048576\n");
    files.read(row, true);
    expect([row[CPU_LIMIT], row[MEMORY_LIMIT]]).toEqual([Number.NaN, 1_048_576]);
    files.close();
  });

  it("without a limit have none: no quota, and what is not below the host's memory", () => {
    writeV1();
    tree.write("cpu/cpu.cfs_quota_us", "-1\n");
    tree.write("memory/memory.limit_in_bytes", "9223372036854771712\n");
    const row = newCounters();
    openV1().read(row, true);
    expect([row[CPU_LIMIT], row[MEMORY_LIMIT]]).toEqual([Number.NaN, Number.NaN]);
  });

  it("that are missing or hold nonsense make their own figures unknown, and no others", () => {
    writeV1();
    tree.remove("blkio");
    tree.write("pids/pids.current", "lots\n");
    tree.write("cpu/cpu.stat", "");
    const row = newCounters();
    expect(openV1().read(row, true)).toBe(true);
    expect(named(row)).toMatchObject({ cpu: 1.5, memory: 42_000_000, read: Number.NaN, written: Number.NaN, pids: Number.NaN, periods: Number.NaN, received: 1_001 });
  });

  it("that name no device say zero under v2, and nothing under v1, whose kernels do not all count", () => {
    writeV1();
    const v1 = newCounters();
    tree.write("blkio/blkio.throttle.io_service_bytes_recursive", "Total 0\n");
    openV1().read(v1, true);
    expect([v1[READ], v1[WRITTEN]]).toEqual([Number.NaN, Number.NaN]);
    tree.write("blkio/blkio.bfq.io_service_bytes_recursive", "8:0 Read 7\n8:0 Write 9\n8:0 Total 16\nTotal 16\n");
    openV1().read(v1, true);
    expect([v1[READ], v1[WRITTEN]]).toEqual([7, 9]);
    writeV2(tree, 1, 42);
    const directory = `sys/fs/cgroup/system.slice/docker-${ID}.scope`;
    tree.write(`${directory}/io.stat`, "");
    const v2 = newCounters();
    openContainerFiles({ version: 2, directory: at(directory) }, null, 16e9).read(v2, true);
    expect([v2[READ], v2[WRITTEN]]).toEqual([0, 0]);
  });

  it("that are all gone say that it ended", () => {
    expect(openV1().read(newCounters(), true)).toBe(false);
  });
});

describe("the figures between two looks", () => {
  const row = (values: Record<number, number>) => {
    const made = newCounters();
    for (const [place, value] of Object.entries(values)) made[Number(place)] = value;
    return made;
  };

  it("are rates over the span, and levels as they are", () => {
    const before = row({ [AT]: 1_000, [CPU_SECONDS]: 10, [PERIODS]: 100, [THROTTLED_PERIODS]: 10, [RECEIVED]: 5_000, [WRITTEN]: 0 });
    const now = row({ [AT]: 3_000, [CPU_SECONDS]: 13, [PERIODS]: 120, [THROTTLED_PERIODS]: 15, [RECEIVED]: 9_000, [WRITTEN]: 100, [MEMORY]: 4_096, [PIDS]: 2, [CPU_LIMIT]: 2 });
    expect(figuresBetween(ID, before, now)).toEqual({ id: ID, cpu: 1.5, cpuLimit: 2, throttled: 0.25, memory: 4_096, memoryLimit: null, received: 2_000, sent: null, read: null, written: 50, pids: 2 });
  });

  it("are unknown at the first look, after a counter went back, and over no time or one that ran backwards", () => {
    const first = row({ [AT]: 1_000, [CPU_SECONDS]: 10, [RECEIVED]: 7, [MEMORY]: 1 });
    expect(figuresBetween(ID, null, first)).toMatchObject({ cpu: null, received: null, memory: 1 });
    expect(figuresBetween(ID, first, row({ [AT]: 2_000, [CPU_SECONDS]: 9.9, [RECEIVED]: 8 }))).toMatchObject({ cpu: null, received: 1 });
    expect(figuresBetween(ID, first, row({ [AT]: 1_000, [CPU_SECONDS]: 11 }))).toMatchObject({ cpu: null });
    expect(figuresBetween(ID, first, row({ [AT]: 500, [CPU_SECONDS]: 11 }))).toMatchObject({ cpu: null });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 2 ** 60])("never carry %d, which the link would refuse", (value) => {
    const now = row({ [AT]: 2_000, [CPU_SECONDS]: value, [MEMORY]: value, [PIDS]: value, [MEMORY_LIMIT]: value });
    const figures = figuresBetween(ID, row({ [AT]: 1_000, [CPU_SECONDS]: 0 }), now);
    expect([figures.memory, figures.pids, figures.memoryLimit]).toEqual([null, null, null]);
    if (value !== 2 ** 60) expect(figures.cpu).toBeNull();
  });
});

describe("the host's files", () => {
  it("give load, memory and swap as they are, and CPU, network and disks as rates of what is physical", () => {
    writeHost(tree);
    const host = openHostFiles(at("proc"), at("proc/self/net/dev"));
    const before = host.count(1_000);
    expect(host.figures(null, before)).toMatchObject({ cpu: null, cpus: 2, load: [0.5, 1.25, 2], memory: 10_240_000_000, memoryTotal: 16_384_000_000, swap: 512_000_000, swapTotal: 2_048_000_000, received: null });
    writeHost(tree, { busy: 150, idle: 950, received: 3_000 });
    const now = host.count(3_000);
    expect(host.figures(before, now)).toMatchObject({ cpu: 1, received: 1_000, sent: 0, read: 0, written: 0 });
    expect(now[RECEIVED]).toBe(3_001); // eth0 and enp3s0: no loop, bridge, or pair
    expect([now[READ], now[WRITTEN]]).toEqual([(1_000 + 8 + 2) * 512, (2_000 + 16 + 4) * 512]); // disks, not their partitions, mappings or loops
    host.close();
  });

  it("that are not there make the host unknown, never zero", () => {
    const host = openHostFiles(at("proc"), at("proc/self/net/dev"));
    expect(host.figures(null, host.count(1))).toBeNull();
    expect(host.memoryTotal()).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("the host's disks", () => {
  const mounts = (...lines: string[]) => readMounts(lines.map((line, i) => `${i} 1 ${line}`).join("\n"));
  it("are its own file systems, each once and under its shortest path; a network's is never asked", () => {
    const host = mounts("254:0 / / rw - ext4 /dev/vda rw", "254:0 / /mnt/again rw - ext4 /dev/vda rw", "254:0 /etc/hosts /etc/hosts rw - ext4 /dev/vda rw", "0:50 / /nfs rw - nfs4 server:/x rw", "0:51 / /smb rw - cifs //s/x rw", "0:52 / /fuse rw - fuse.sshfs s rw", "0:53 / / rw - overlay o rw", "8:1 / /data rw - xfs /dev/sda1 rw", "0:60 / /run rw - tmpfs t rw", "0:61 /@ /pool rw - btrfs /dev/sdb rw");
    expect(findDisks(host, host)).toEqual([{ mount: "/", path: "/" }, { mount: "/data", path: "/data" }, { mount: "/pool", path: "/pool" }]);
  });

  it("are reached from inside a container by whatever of them is mounted there, and left out where nothing is", () => {
    const host = mounts("254:0 / / rw - ext4 /dev/vda rw", "8:1 / /data rw - xfs /dev/sda1 rw");
    const own = mounts("0:53 / / rw - overlay o rw", "254:0 /var/lib/docker/containers /host/containers ro - ext4 /dev/vda rw");
    expect(findDisks(host, own)).toEqual([{ mount: "/", path: "/host/containers" }]);
  });

  it("are bounded in number", () => {
    const host = mounts(...Array.from({ length: 100 }, (_, i) => `8:${i} / /d${i} rw - ext4 /dev/x rw`));
    expect(findDisks(host, host)).toHaveLength(32);
  });
});
