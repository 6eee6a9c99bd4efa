/** CPU and memory of processes, as the kernel counts them. */
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";

/** CPU seconds of a process with all its threads so far, 0 when it is gone. To a nanosecond where the kernel says so, else to a tick. */
export function cpuSeconds(pid: number): number {
  return precise(pid) ?? inTicks(pid);
}

function precise(pid: number): number | null {
  try {
    let nanoseconds = 0;
    for (const thread of readdirSync(`/proc/${pid}/task`)) nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    return nanoseconds / 1e9;
  } catch {
    return null;
  }
}
function inTicks(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13);
    return (Number(user) + Number(system)) / 100;
  } catch {
    return 0;
  }
}

/** Resident memory in megabytes of 10^6 bytes; NaN when it is gone. */
export function residentMegabytes(pid: number): number {
  try {
    return (Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1_024) / 1e6;
  } catch {
    return Number.NaN;
  }
}

/** The processes whose command line holds all these words. */
export function processesWith(...words: string[]): { pid: number; program: string }[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, "utf8");
      return words.every((word) => line.includes(word)) ? [{ pid: Number(name), program: basename(line.split("\0")[0] ?? "") }] : [];
    } catch {
      return [];
    }
  });
}
