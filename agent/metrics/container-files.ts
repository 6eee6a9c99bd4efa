/** One container's counters from the kernel's own files, under cgroup v1 and v2. */
import { CPU_LIMIT, CPU_SECONDS, type Counters, MEMORY, MEMORY_LIMIT, PERIODS, PIDS, READ, RECEIVED, SENT, THROTTLED_PERIODS, WRITTEN } from "./counters";
import { countTraffic } from "./interfaces";
import { byteAt, eachWord, firstNumber, kernelFile, type KernelFile, lineKey, numberAfter, numberAt, type OnWord } from "./kernel-file";
import type { Place, V1Controller } from "./hierarchies";

export interface ContainerFiles {
  /** Fills a row; `limits`: also what changes only when somebody changes the container. false: the container's process is gone. */
  read(into: Counters, limits: boolean): boolean;
  close(): void;
}

const USAGE_USEC = lineKey("usage_usec");
const NR_PERIODS = lineKey("nr_periods");
const NR_THROTTLED = lineKey("nr_throttled");
const INACTIVE_FILE = lineKey("inactive_file");
const TOTAL_INACTIVE_FILE = lineKey("total_inactive_file");

/** Opens the files of a place. `networkFile`: its process's `net/dev`; null where the network is the host's own. `hostMemory`: limits from there on are none. */
export function openContainerFiles(place: Exclude<Place, { version: null }>, networkFile: string | null, hostMemory: number): ContainerFiles {
  const network = networkFile === null ? null : kernelFile(networkFile);
  const cgroup = place.version === 1 ? openV1(place.directories, hostMemory) : openV2(place.directory, hostMemory);
  return {
    read(into, limits) {
      if (!cgroup.read(into, limits)) return false;
      readNetwork(network, into);
      return true;
    },
    close() {
      cgroup.close();
      network?.close();
    },
  };
}

function openV1(directories: Partial<Record<V1Controller, string>>, hostMemory: number): ContainerFiles {
  const files: KernelFile[] = [];
  const open = (controller: V1Controller, name: string) => {
    const directory = directories[controller];
    if (directory === undefined) return null;
    const file = kernelFile(`${directory}/${name}`);
    files.push(file);
    return file;
  };
  const usage = open("cpuacct", "cpuacct.usage");
  const cpu = open("cpu", "cpu.stat");
  const quota = open("cpu", "cpu.cfs_quota_us");
  const period = open("cpu", "cpu.cfs_period_us");
  const memory = open("memory", "memory.usage_in_bytes");
  const memoryStat = open("memory", "memory.stat");
  const memoryLimit = open("memory", "memory.limit_in_bytes");
  // Newer kernels count here only where a limit is set, or under one scheduler and in a file of its own.
  const disk = open("blkio", "blkio.throttle.io_service_bytes_recursive");
  const diskBfq = open("blkio", "blkio.bfq.io_service_bytes_recursive");
  const pids = open("pids", "pids.current");
  let countsDisk = false;
  return {
    read(into, limits) {
      into[CPU_SECONDS] = number(usage) / 1e9;
      if (limits) {
        into[CPU_LIMIT] = cores(quota?.read() && byteAt(1) !== MINUS ? firstNumber() : Number.NaN, number(period));
        into[MEMORY_LIMIT] = limit(number(memoryLimit), hostMemory);
      }
      if (limits || into[CPU_LIMIT]! > 0) readPeriods(cpu, into); // without a limit nothing is held back
      const used = number(memory);
      into[MEMORY] = workingSet(used, memoryStat, TOTAL_INACTIVE_FILE);
      into[PIDS] = number(pids);
      if (limits || countsDisk) {
        countsDisk = readDisk(disk, onV1Word, into) || readDisk(diskBfq, onV1Word, into);
        if (!countsDisk) into[READ] = into[WRITTEN] = Number.NaN;
      }
      return !(Number.isNaN(into[CPU_SECONDS]) && Number.isNaN(used));
    },
    close: () => files.forEach((file) => file.close()),
  };
}

function openV2(directory: string, hostMemory: number): ContainerFiles {
  const files: KernelFile[] = [];
  const open = (name: string) => {
    const file = kernelFile(`${directory}/${name}`);
    files.push(file);
    return file;
  };
  const [cpu, cpuMax, memory, memoryStat, memoryMax, disk, pids] = [open("cpu.stat"), open("cpu.max"), open("memory.current"), open("memory.stat"), open("memory.max"), open("io.stat"), open("pids.current")];
  return {
    read(into, limits) {
      const there = readPeriods(cpu, into);
      into[CPU_SECONDS] = there ? numberAfter(USAGE_USEC) / 1e6 : Number.NaN;
      into[MEMORY] = workingSet(number(memory), memoryStat, INACTIVE_FILE);
      into[PIDS] = number(pids);
      readDisk(disk, onV2Word, into);
      if (limits) {
        into[CPU_LIMIT] = cpuMax.read() ? coresOfMax() : Number.NaN;
        into[MEMORY_LIMIT] = limit(number(memoryMax), hostMemory);
      }
      return there;
    },
    close: () => files.forEach((file) => file.close()),
  };
}

const MINUS = 45;
function number(file: KernelFile | null): number {
  return file?.read() ? firstNumber() : Number.NaN;
}

/** A quota of -1 is none. */
function cores(quota: number, period: number): number {
  return quota > 0 && period > 0 ? quota / period : Number.NaN;
}

/** `cpu.max`: "max 100000" or "50000 100000". */
let maxQuota = Number.NaN;
let maxPeriod = Number.NaN;
const onMaxWord: OnWord = (place, from) => {
  if (place === 0) maxQuota = numberAt(from);
  else maxPeriod = numberAt(from);
  return place < 1;
};
function coresOfMax(): number {
  maxQuota = maxPeriod = Number.NaN;
  eachWord(onMaxWord, onLine);
  return cores(maxQuota, maxPeriod);
}

/** Both versions have the same two words in `cpu.stat`; the file stays in the buffer. */
function readPeriods(file: KernelFile | null, into: Counters): boolean {
  const there = file?.read() ?? false;
  into[PERIODS] = there ? numberAfter(NR_PERIODS) : Number.NaN;
  into[THROTTLED_PERIODS] = there ? numberAfter(NR_THROTTLED) : Number.NaN;
  return there;
}

/** As `docker stats` counts: what is used without the file cache that can go at once. */
function workingSet(used: number, stat: KernelFile | null, inactive: Buffer): number {
  const cache = stat?.read() ? numberAfter(inactive) : Number.NaN;
  return cache <= used ? used - cache : used;
}

function limit(bytes: number, hostMemory: number): number {
  return bytes < hostMemory ? bytes : Number.NaN;
}

// ---- block I/O: summed over devices. The walk keeps its sums here, so that it makes no closure.
let wasRead = 0;
let wasWritten = 0;
let direction = 0;
let devices = 0;
const LETTER_R = 82;
const LETTER_W = 87;
const LETTER_B = 98;
/** From a capital letter to its small one. */
const LOWER = 32;
const onLine = () => true;

/** `254:0 Read 1234`: major, minor, word, bytes. */
const onV1Word: OnWord = (place, from) => {
  if (place === 2) {
    direction = byteAt(from);
    devices++;
    return direction === LETTER_R || direction === LETTER_W;
  }
  if (place === 3 && direction === LETTER_R) wasRead += numberAt(from);
  else if (place === 3) wasWritten += numberAt(from);
  return place < 3;
};
/** `254:0 rbytes=1 wbytes=2 rios=…`: major, minor, then words and numbers. */
const onV2Word: OnWord = (place, from, to) => {
  if (place < 2) return true;
  if (place % 2 === 0) direction = to - from === 6 && byteAt(from + 1) === LETTER_B ? byteAt(from) : 0;
  else if (direction === LETTER_R + LOWER) wasRead += numberAt(from);
  else if (direction === LETTER_W + LOWER) wasWritten += numberAt(from);
  return true;
};

/** Whether a device is named: under v1 a file without one may be of a kernel that does not count, under v2 nothing was moved. */
function readDisk(file: KernelFile | null, onWord: OnWord, into: Counters): boolean {
  const there = file?.read() ?? false;
  wasRead = wasWritten = there ? 0 : Number.NaN;
  devices = 0;
  if (there) eachWord(onWord, onLine);
  into[READ] = wasRead;
  into[WRITTEN] = wasWritten;
  return devices > 0;
}

function readNetwork(file: KernelFile | null, into: Counters): void {
  const traffic = file?.read() ? countTraffic(false) : null;
  into[RECEIVED] = traffic?.received ?? Number.NaN;
  into[SENT] = traffic?.sent ?? Number.NaN;
}
