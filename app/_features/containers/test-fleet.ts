/** Small fleets for the tests of this folder. */
import type { ContainerView, HostView } from "@/server/domains/fleet/schema";
import { toRow, type FleetRow } from "./fleet-row";

export function someHost(name: string, change: Partial<HostView> = {}): HostView {
  return {
    id: `host-${name}`,
    name,
    tags: [],
    joinedAt: 0,
    link: "up",
    linkWhy: null,
    confirmedAt: 1_000,
    runtime: { state: "up", why: null, engine: "docker", version: "20.10.24", apiVersion: "1.41" },
    agentVersion: "0.1.0",
    allow: "all",
    address: "198.51.100.7",
    host: { hostname: name, os: "linux", arch: "x64", kernel: "6.1", cpus: 2, memoryBytes: 1 << 30, bootedAt: 0 },
    ...change,
  };
}

let serial = 0;
export function someContainer(host: HostView, name: string, change: Partial<ContainerView> & { stack?: string } = {}): ContainerView {
  const { stack, ...rest } = change;
  serial++;
  const id = serial.toString(16).padStart(64, "0");
  return {
    id,
    hostId: host.id,
    key: `${host.id}/${stack ?? "-"}/${encodeURIComponent(name)}/-`,
    confirmedAt: 1_000,
    target: { namespace: stack ?? null, workload: name, replica: null },
    name,
    image: `${name}:1.0`,
    imageId: "sha256:0",
    state: "running",
    health: "none",
    exitCode: null,
    oomKilled: false,
    error: null,
    createdAt: 0,
    startedAt: 500,
    finishedAt: null,
    restartCount: 0,
    restartPolicy: "no",
    autoRemove: false,
    ports: [],
    labels: {},
    labelsCut: 0,
    ...rest,
  };
}

export function someRow(host: HostView, name: string, change: Parameters<typeof someContainer>[2] = {}): FleetRow {
  return toRow(someContainer(host, name, change), host);
}
