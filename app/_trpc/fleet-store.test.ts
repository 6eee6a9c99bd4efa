import { describe, expect, it } from "vitest";
import type { ContainerView, HostView } from "@/server/domains/fleet/schema";
import { containerKey, createFleetStore, sameJson } from "./fleet-store";

const host = (id: string, confirmedAt = 1): HostView => ({
  id, name: id, tags: [], joinedAt: 0, link: "up", linkWhy: null, confirmedAt, agentVersion: "1", allow: "all", address: null,
  runtime: { state: "up", why: null, engine: "docker", version: "20.10", apiVersion: "1.41" },
  host: { hostname: id, os: "linux", arch: "x64", kernel: "6", cpus: 2, memoryBytes: 1, bootedAt: 0 },
});
const container = (hostId: string, id: string, state: ContainerView["state"] = "running"): ContainerView => ({
  hostId, id, key: `${hostId}/-/${id}/-`, confirmedAt: 1, target: { namespace: null, workload: id, replica: null }, name: id, image: "busybox", imageId: "sha256:1", state,
  health: "none", exitCode: null, oomKilled: false, error: null, createdAt: 0, startedAt: 0, finishedAt: null, restartCount: 0, restartPolicy: "no", autoRemove: false,
  ports: [], labels: { a: "1" }, labelsCut: 0,
});

describe("the fleet as a tab knows it", () => {
  it("shows nothing of a snapshot before its last part, and keeps the old picture until then", () => {
    const store = createFleetStore();
    store.take({ type: "snapshot", at: 1, hosts: [host("h1")], containers: [container("h1", "a")], first: true, last: false });
    expect(store.ready.get()).toBe(false);
    expect(store.containers.get().size).toBe(0);
    store.take({ type: "snapshot", at: 1, hosts: [], containers: [container("h1", "b")], first: false, last: true });
    expect(store.ready.get()).toBe(true);
    expect([...store.containers.get().keys()]).toEqual([containerKey("h1", "a"), containerKey("h1", "b")]);
  });

  it("drops what a new snapshot does not name, and a half snapshot of a lost socket altogether", () => {
    const store = createFleetStore();
    store.take({ type: "snapshot", at: 1, hosts: [host("h1")], containers: [container("h1", "a")], first: true, last: true });
    store.take({ type: "snapshot", at: 2, hosts: [host("h2")], containers: [container("h2", "x")], first: true, last: false });
    store.interrupted();
    store.take({ type: "snapshot", at: 3, hosts: [host("h1")], containers: [container("h1", "b")], first: true, last: true });
    expect([...store.hosts.get().keys()]).toEqual(["h1"]);
    expect([...store.containers.get().keys()]).toEqual([containerKey("h1", "b")]);
  });

  it("keeps the identity of every row that did not change, over patches and over reconnects", () => {
    const store = createFleetStore();
    store.take({ type: "snapshot", at: 1, hosts: [host("h1")], containers: [container("h1", "a"), container("h1", "b")], first: true, last: true });
    const before = store.containers.get();
    store.take({ type: "patch", at: 2, hosts: [host("h1", 2)], containers: [container("h1", "b")], goneHosts: [], gone: [] });
    expect(store.containers.get(), "a heartbeat or an equal row is no change").toBe(before);
    store.take({ type: "patch", at: 3, hosts: [], containers: [container("h1", "b", "exited")], goneHosts: [], gone: [] });
    expect(store.containers.get()).not.toBe(before);
    expect(store.containers.get().get("h1/a")).toBe(before.get("h1/a"));
    expect(store.containers.get().get("h1/b")?.state).toBe("exited");
    const after = store.containers.get();
    store.take({ type: "snapshot", at: 4, hosts: [host("h1", 2)], containers: [container("h1", "a"), container("h1", "b", "exited")], first: true, last: true });
    expect(store.containers.get()).toBe(after);
  });

  it("takes a host's containers away with the host", () => {
    const store = createFleetStore();
    store.take({ type: "snapshot", at: 1, hosts: [host("h1"), host("h2")], containers: [container("h1", "a"), container("h2", "b")], first: true, last: true });
    store.take({ type: "patch", at: 2, hosts: [], containers: [], goneHosts: ["h1"], gone: [{ hostId: "h2", id: "nobody" }] });
    expect([...store.hosts.get().keys()]).toEqual(["h2"]);
    expect([...store.containers.get().keys()]).toEqual(["h2/b"]);
  });

  it("compares plain values by content", () => {
    expect(sameJson({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toBe(true);
    expect(sameJson({ a: undefined }, { b: undefined })).toBe(false);
    expect(sameJson([1], { 0: 1 })).toBe(false);
    expect(sameJson({ a: 1, b: 2 }, { a: 1 })).toBe(false);
  });
});
