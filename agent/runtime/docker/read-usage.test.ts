import { describe, expect, it } from "vitest";
import { readUsage } from "./read-usage";

const V1 = {
  read: "2026-11-22T10:00:00Z",
  pids_stats: { current: 4 },
  blkio_stats: { io_service_bytes_recursive: [{ major: 8, minor: 0, op: "Read", value: 100 }, { major: 8, minor: 0, op: "Write", value: 50 }, { major: 8, minor: 16, op: "read", value: 1 }, { op: "Total", value: 151 }] },
  cpu_stats: { cpu_usage: { total_usage: 2_500_000_000 }, throttling_data: { periods: 10, throttled_periods: 3 } },
  memory_stats: { usage: 10_000, limit: 64_000, stats: { inactive_file: 1, total_inactive_file: 4_000 } },
  networks: { eth0: { rx_bytes: 7, tx_bytes: 8 }, eth1: { rx_bytes: 1, tx_bytes: 2 } },
};

describe("the engine's stats", () => {
  it("are read as docker stats shows them, under cgroup v1 and v2", () => {
    expect(readUsage(V1)).toEqual({ cpuSeconds: 2.5, periods: 10, throttledPeriods: 3, memory: 6_000, memoryLimit: 64_000, received: 8, sent: 10, read: 101, written: 50, pids: 4 });
    expect(readUsage({ ...V1, memory_stats: { usage: 10_000, stats: { inactive_file: 3_000 } } })).toMatchObject({ memory: 7_000, memoryLimit: null });
  });

  it("without cache figures, networks or transfers leave those unknown, never zero", () => {
    expect(readUsage({ cpu_stats: { cpu_usage: { total_usage: 1e9 } }, memory_stats: { usage: 5 }, blkio_stats: { io_service_bytes_recursive: null } })).toEqual({
      cpuSeconds: 1, periods: null, throttledPeriods: null, memory: 5, memoryLimit: null, received: null, sent: null, read: null, written: null, pids: null,
    });
  });

  it("of a container that does not run are none", () => {
    expect(readUsage({ read: "0001-01-01T00:00:00Z", cpu_stats: { cpu_usage: { total_usage: 0 } }, memory_stats: {} })).toBeNull();
    expect(readUsage({})).toBeNull();
  });

  it.each<[string, unknown]>([["texts", "9"], ["negative", -1], ["not finite", 1e400], ["objects", {}], ["null", null]])("whose numbers are %s are unknown", (_, value) => {
    const usage = readUsage({ ...V1, pids_stats: { current: value }, cpu_stats: { cpu_usage: { total_usage: value } }, networks: { eth0: { rx_bytes: value, tx_bytes: 1 }, bad: value } });
    expect(usage).toMatchObject({ pids: null, cpuSeconds: null, received: 0, sent: 1, memory: 6_000 });
  });
});
