/** The fleet as a page would hold it: applies what `fleet.live` sends, nothing else. */
import type { ContainerView, FleetMessage, HostView } from "@/server/domains/fleet/schema";
import type { Api } from "./client";

export interface FleetMirror {
  hosts: Map<string, HostView>;
  /** By `hostId/runtimeId`. */
  containers: Map<string, ContainerView>;
  /** Whether a whole snapshot has arrived. */
  complete: boolean;
  host(name: string): HostView | undefined;
  container(hostName: string, name: string): ContainerView | undefined;
  close(): void;
}

/** Subscribes and keeps up until closed. */
export function mirrorFleet(api: Api): FleetMirror {
  const hosts = new Map<string, HostView>();
  const containers = new Map<string, ContainerView>();
  const byName = (name: string) => [...hosts.values()].find((host) => host.name === name);
  const take = (message: FleetMessage) => {
    if (message.type === "snapshot" && message.first) {
      hosts.clear();
      containers.clear();
    }
    for (const host of message.hosts) hosts.set(host.id, host);
    for (const container of message.containers) containers.set(`${container.hostId}/${container.id}`, container);
    if (message.type === "snapshot") {
      mirror.complete = message.last;
      return;
    }
    for (const { hostId, id } of message.gone) containers.delete(`${hostId}/${id}`);
    for (const id of message.goneHosts) {
      hosts.delete(id);
      for (const [key, container] of containers) if (container.hostId === id) containers.delete(key);
    }
  };
  const subscription = api.fleet.live.subscribe(undefined, { onData: take, onError: () => undefined });
  const mirror: FleetMirror = {
    hosts,
    containers,
    complete: false,
    host: byName,
    container: (hostName, name) => {
      const host = byName(hostName);
      return [...containers.values()].find((container) => container.hostId === host?.id && container.name === name);
    },
    close: () => subscription.unsubscribe(),
  };
  return mirror;
}
