/** What the whole machine uses, from `/proc`. */
import type { HostFigures } from "@/protocol/metrics";
import { AT, level, rate, RECEIVED, SENT, READ, short, whole, WRITTEN } from "./counters";
import { countTraffic } from "./interfaces";
import { beginsWith, byteAt, eachWord, firstNumber, kernelFile, lineKey, numberAfter, numberAt, type OnWord, wholeText } from "./kernel-file";

/** Places of a host's row that a container's has for other things. */
const BUSY_TICKS = 1;
const ALL_TICKS = 2;
const CPUS = 3;
const PLACES = 8;
export type HostCounters = Float64Array;

/** The first numbers of `/proc/stat`: user nice system idle iowait irq softirq steal; what follows is counted in them already. */
const TICK_FIELDS = 8;
const IDLE = 4;
const IOWAIT = 5;
/** Of `/proc/diskstats`: sectors read and written, of 512 bytes whatever the disk's own are. */
const SECTOR_BYTES = 512;

export interface HostFiles {
  /** Fills a row of counters. */
  count(at: number): HostCounters;
  /** All figures but the disks' room. `before`: an earlier row, null at first. null: this machine has no such files. */
  figures(before: HostCounters | null, now: HostCounters): Omit<HostFigures, "disks"> | null;
  /** Bytes of memory; Infinity where it is not known. */
  memoryTotal(): number;
  close(): void;
}

/** `proc`: where the host's /proc is. `network`: the `net/dev` file of the host's own network. */
export function openHostFiles(proc: string, network: string): HostFiles {
  const [stat, load, memory, disks, traffic] = [kernelFile(`${proc}/stat`), kernelFile(`${proc}/loadavg`), kernelFile(`${proc}/meminfo`), kernelFile(`${proc}/diskstats`), kernelFile(network)];
  return {
    count(at) {
      const row = new Float64Array(PLACES).fill(Number.NaN);
      row[AT] = at;
      if (stat.read()) countTicks(row);
      if (disks.read()) countDisks(row);
      if (traffic.read()) {
        const { received, sent } = countTraffic(true);
        row[RECEIVED] = received;
        row[SENT] = sent;
      }
      return row;
    },
    figures(before, now) {
      if (Number.isNaN(now[ALL_TICKS]) || !memory.read()) return null;
      const [memoryTotal, available, swapTotal, swapFree] = [numberAfter(MEM_TOTAL), numberAfter(MEM_AVAILABLE), numberAfter(SWAP_TOTAL), numberAfter(SWAP_FREE)];
      return {
        cpu: short(coresInUse(before, now)),
        cpus: level(now[CPUS]!),
        load: readLoad(load),
        memory: level((memoryTotal - available) * 1_024),
        memoryTotal: level(memoryTotal * 1_024),
        swap: level((swapTotal - swapFree) * 1_024),
        swapTotal: level(swapTotal * 1_024),
        received: whole(rate(before, now, RECEIVED)),
        sent: whole(rate(before, now, SENT)),
        read: whole(rate(before, now, READ)),
        written: whole(rate(before, now, WRITTEN)),
      };
    },
    memoryTotal() {
      const bytes = memory.read() ? numberAfter(MEM_TOTAL) * 1_024 : Number.NaN;
      return bytes > 0 ? bytes : Number.POSITIVE_INFINITY;
    },
    close: () => [stat, load, memory, disks, traffic].forEach((file) => file.close()),
  };
}

const [MEM_TOTAL, MEM_AVAILABLE, SWAP_TOTAL, SWAP_FREE] = ["MemTotal:", "MemAvailable:", "SwapTotal:", "SwapFree:"].map(lineKey) as [Buffer, Buffer, Buffer, Buffer];
const onLine = () => true;

// The walks keep their sums here, so that they make no closure.
let line = 0;
let ticks = 0;
let idle = 0;
let cpus = 0;
let ofCpu = false;
const CPU = Buffer.from("cpu", "latin1");
const onTick: OnWord = (place, from, to) => {
  if (place === 0) {
    ofCpu = beginsWith(from, to, CPU);
    if (ofCpu && line > 0) cpus++;
    return ofCpu && line === 0;
  }
  const value = numberAt(from);
  ticks += value;
  if (place === IDLE || place === IOWAIT) idle += value;
  return place < TICK_FIELDS;
};
/** The lines of the processors come first; after them come thousands of interrupts. */
const nextLine = () => {
  line++;
  return ofCpu;
};
function countTicks(row: HostCounters): void {
  line = ticks = idle = cpus = 0;
  eachWord(onTick, nextLine);
  row[BUSY_TICKS] = ticks - idle;
  row[ALL_TICKS] = ticks;
  row[CPUS] = cpus;
}
/** By the share of the ticks that were counted, since a processor that sleeps deeply may count none. */
function coresInUse(before: HostCounters | null, now: HostCounters): number | null {
  if (before === null) return null;
  const [busy, all] = [now[BUSY_TICKS]! - before[BUSY_TICKS]!, now[ALL_TICKS]! - before[ALL_TICKS]!];
  return busy >= 0 && all > 0 ? level((busy / all) * now[CPUS]!) : null;
}

function readLoad(file: ReturnType<typeof kernelFile>): HostFigures["load"] {
  const [one, five, fifteen] = file.read() && firstNumber() >= 0 ? wholeText().split(" ", 3).map(Number) : [];
  return Number.isFinite(one) && Number.isFinite(five) && Number.isFinite(fifteen) ? [one!, five!, fifteen!] : null;
}

/** What is no disk of its own: memory, files, and what lies over other disks of this list. */
const NOT_A_DISK = ["loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd", "drbd", "bcache"].map((name) => Buffer.from(name, "latin1"));
let diskFrom = 0;
let diskTo = 0;
let sectorsRead = 0;
let sectorsWritten = 0;
/** `254 0 vda reads merged sectors ms writes merged sectors …`. A partition follows its disk, and its name begins with the disk's. */
const onDisk: OnWord = (place, from, to) => {
  if (place === 2) {
    const partition = diskTo > diskFrom && to - from > diskTo - diskFrom && sameBytes(diskFrom, diskTo, from);
    if (partition || NOT_A_DISK.some((name) => beginsWith(from, to, name))) return false;
    [diskFrom, diskTo] = [from, to];
  } else if (place === 5) sectorsRead += numberAt(from);
  else if (place === 9) sectorsWritten += numberAt(from);
  return place < 9;
};
function countDisks(row: HostCounters): void {
  diskFrom = diskTo = sectorsRead = sectorsWritten = 0;
  eachWord(onDisk, onLine);
  row[READ] = sectorsRead * SECTOR_BYTES;
  row[WRITTEN] = sectorsWritten * SECTOR_BYTES;
}
function sameBytes(from: number, to: number, other: number): boolean {
  for (let i = from; i < to; i++) if (byteAt(i) !== byteAt(other + i - from)) return false;
  return true;
}
