import { describe, expect, it } from "vitest";
import type { ContainerView, HostView } from "@/server/domains/fleet/schema";
import { findNeeds, RECENT_MS } from "./needs";

const NOW = 1_000_000_000_000;
const host = (id: string, change: Partial<HostView> = {}): HostView => ({
  id, name: id, tags: [], joinedAt: 0, link: "up", linkWhy: null, confirmedAt: NOW, agentVersion: "1", allow: "all", address: null,
  runtime: { state: "up", why: null, engine: "docker", version: "20.10", apiVersion: "1.41" },
  host: { hostname: id, os: "linux", arch: "x64", kernel: "6", cpus: 2, memoryBytes: 1, bootedAt: 0 }, ...change,
});
const container = (id: string, change: Partial<ContainerView> = {}): ContainerView => ({
  hostId: "h1", id, key: `h1/-/${id}/-`, confirmedAt: NOW, target: { namespace: null, workload: id, replica: null }, name: id, image: "busybox", imageId: "sha256:1", state: "running",
  health: "none", exitCode: null, oomKilled: false, error: null, createdAt: 0, startedAt: NOW - 3_600_000, finishedAt: null, restartCount: 0, restartPolicy: "no", autoRemove: false,
  ports: [], labels: {}, labelsCut: 0, ...change,
});
const told = (hosts: HostView[], containers: ContainerView[]) =>
  findNeeds(new Map(hosts.map((one) => [one.id, one])), containers, NOW).needs.map((need) => (need.kind === "container" ? `${need.container.id} ${need.fault}` : `${need.host.id} ${need.kind}`));

describe("what needs a person", () => {
  it("is nothing while all runs, and nothing of what was asked for", () => {
    const asked = [0, 130, 137, 143].map((exitCode) => container(`x${exitCode}`, { state: "exited", exitCode, finishedAt: NOW - 5 }));
    expect(told([host("h1"), host("h2", { link: "revoked" })], [container("a"), container("p", { state: "paused" }), ...asked])).toEqual([]);
  });

  it("names each fault by what it is", () => {
    const ended = { state: "exited" as const, finishedAt: NOW - 1_000 };
    expect(
      told([host("h1")], [
        container("a", { ...ended, exitCode: 3 }),
        container("b", { ...ended, exitCode: 137, oomKilled: true }),
        container("c", { state: "created", error: "port is taken", createdAt: NOW - 3_000, startedAt: null }),
        container("d", { health: "unhealthy" }),
        container("e", { state: "restarting", exitCode: 1, finishedAt: NOW - 2_000 }),
      ]).sort(),
    ).toEqual(["a exited", "b outOfMemory", "c cannotStart", "d unhealthy", "e restarting"]);
  });

  it("sees a restart loop also in the moments when it runs, and a long healthy run after old restarts as well", () => {
    expect(told([host("h1")], [container("loop", { restartCount: 7, startedAt: NOW - 4_000 }), container("well", { restartCount: 7, startedAt: NOW - 600_000 })])).toEqual(["loop restarting"]);
  });

  it("says of a silent host and of a silent engine one thing, and nothing of their containers", () => {
    const down = host("h1", { link: "down", confirmedAt: NOW - 60_000 });
    const engine = host("h2", { runtime: { state: "down", why: "gone", engine: "docker", version: null, apiVersion: null } });
    const containers = [container("a", { state: "exited", exitCode: 1, finishedAt: NOW }), container("b", { hostId: "h2", health: "unhealthy" })];
    expect(told([down, engine], containers)).toEqual(["h1 hostSilent", "h2 runtimeAway"]);
  });

  it("counts leftovers of other days without a card", () => {
    const old = container("old", { state: "exited", exitCode: 1, finishedAt: NOW - RECENT_MS - 1 });
    expect(findNeeds(new Map([["h1", host("h1")]]), [old], NOW)).toEqual({ needs: [], older: 1 });
  });
});
