/** Turns the engine's stats document into what a container has used. */
import type { Usage } from "../runtime";
import { type Fields, fieldsAt, isFields, listAt, textAt } from "./fields";

/** Reads `GET /containers/ID/stats`. null: the document is of a container that does not run. */
export function readUsage(document: Fields): Usage | null {
  const cpu = fieldsAt(document, "cpu_stats");
  const throttling = fieldsAt(cpu, "throttling_data");
  const memory = fieldsAt(document, "memory_stats");
  const cpuNanoseconds = numberAt(fieldsAt(cpu, "cpu_usage"), "total_usage");
  const memoryUsed = numberAt(memory, "usage");
  if (!cpuNanoseconds && !memoryUsed) return null; // what has used no CPU and no memory is not there
  // cgroup v1 has the sum over all below it under a name of its own.
  const stats = fieldsAt(memory, "stats");
  const cache = numberAt(stats, "total_inactive_file") ?? numberAt(stats, "inactive_file");
  const networks = Object.values(fieldsAt(document, "networks")).filter(isFields);
  const transfers = listAt(fieldsAt(document, "blkio_stats"), "io_service_bytes_recursive").filter(isFields);
  // An empty list is a container that moved nothing, or a kernel that does not count: nobody can tell.
  const moved = (direction: string) => (transfers.length === 0 ? null : sum(transfers.filter((one) => textAt(one, "op").toLowerCase() === direction), "value"));
  return {
    cpuSeconds: cpuNanoseconds === null ? null : cpuNanoseconds / 1e9,
    periods: numberAt(throttling, "periods"),
    throttledPeriods: numberAt(throttling, "throttled_periods"),
    memory: memoryUsed !== null && cache !== null && cache <= memoryUsed ? memoryUsed - cache : memoryUsed,
    memoryLimit: numberAt(memory, "limit"),
    received: networks.length === 0 ? null : sum(networks, "rx_bytes"),
    sent: networks.length === 0 ? null : sum(networks, "tx_bytes"),
    read: moved("read"),
    written: moved("write"),
    pids: numberAt(fieldsAt(document, "pids_stats"), "current"),
  };
}

/** A number that is not negative; null where there is none. */
function numberAt(fields: Fields, key: string): number | null {
  const value = fields[key];
  return typeof value === "number" && value >= 0 && Number.isFinite(value) ? value : null;
}

function sum(all: readonly Fields[], key: string): number {
  return all.reduce((total, one) => total + (numberAt(one, key) ?? 0), 0);
}
