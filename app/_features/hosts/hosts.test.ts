import { describe, expect, it } from "vitest";
import { someContainer, someHost } from "@/app/_features/containers/test-fleet";
import { sortHosts } from "./host-order";
import { countByHost, hostState, NO_COUNTS, reachOf } from "./host-state";
import { isLoopback, readCount, readTags } from "./tags-text";

const host = someHost("one");

describe("a host", () => {
  it("is silent before it is anything else, and well only when its engine answers", () => {
    expect(hostState({ ...host, link: "down", runtime: { ...host.runtime, state: "denied" } }, NO_COUNTS)).toBe("silent");
    expect(hostState({ ...host, runtime: { ...host.runtime, state: "denied" } }, NO_COUNTS)).toBe("denied");
    expect(hostState(host, { failing: 2 })).toBe("failing");
    expect(hostState(host, NO_COUNTS)).toBe("well");
  });
  it("counts its own containers", () => {
    const counts = countByHost([someContainer(host, "a"), someContainer(host, "b", { state: "exited", exitCode: 1 }), someContainer(someHost("two"), "c")]);
    expect(counts.get(host.id)).toEqual({ total: 2, running: 1, failing: 1 });
  });
});

describe("how a host is read", () => {
  const reading = (metrics: boolean, logs: boolean) => ({ ...host, runtime: { ...host.runtime, reach: { metrics: { direct: metrics, why: null }, logs: { direct: logs, why: null } } } });
  it("is full only when both figures and logs are read directly, and unknown until the agent says", () => {
    expect([reading(true, true), reading(true, false), reading(false, true), host].map(reachOf)).toEqual(["full", "api", "api", null]);
  });
});

describe("hosts by what they use", () => {
  const hosts = [someHost("a"), someHost("b"), someHost("c"), someHost("away", { link: "down" })];
  const used: Record<string, { cpu: number | null; memory: number | null; cpuLimit: number | null; memoryLimit: number | null }> = {
    "host-a": { cpu: 2, memory: 1, cpuLimit: 8, memoryLimit: 4 },
    "host-b": { cpu: 1, memory: 3, cpuLimit: 2, memoryLimit: 4 },
    "host-away": { cpu: 8, memory: 4, cpuLimit: 8, memoryLimit: 4 },
  };
  const names = (order: Parameters<typeof sortHosts>[1]) => sortHosts(hosts, order, (id) => used[id]).map((one) => one.name);
  it("are ordered by their share of what they have, with those not heard or not measured last either way", () => {
    expect(names({ by: "cpu", descending: true })).toEqual(["b", "a", "away", "c"]);
    expect(names({ by: "cpu", descending: false })).toEqual(["a", "b", "away", "c"]);
    expect(names({ by: "memory", descending: true })).toEqual(["b", "a", "away", "c"]);
    expect(names(null)).toEqual(["a", "away", "b", "c"]);
  });
});

describe("what is typed", () => {
  it("becomes tags, each once, or says which is none", () => {
    expect(readTags(" env:prod, web  web")).toEqual({ tags: ["env:prod", "web"] });
    expect(readTags("")).toEqual({ tags: [] });
    expect(readTags("ok -x")).toEqual({ wrong: "-x" });
    expect(readTags(Array.from({ length: 17 }, (_, n) => `t${n}`).join(" "))).toEqual({ tooMany: true });
  });
  it("becomes a count within bounds or none", () => {
    expect([readCount("1", 1, 100), readCount("101", 1, 100), readCount("1.5", 1, 100), readCount("", 1, 100)]).toEqual([1, null, null, null]);
  });
  it("knows an address that only this machine can use", () => {
    expect(["http://localhost:3000", "http://127.0.0.9:1", "http://[::1]:3000"].map(isLoopback)).toEqual([true, true, true]);
    expect(["http://192.168.0.2:3000", "https://dash.example", "x"].map(isLoopback)).toEqual([false, false, false]);
  });
});
