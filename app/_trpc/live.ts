"use client";
import { useSyncExternalStore } from "react";
import type { ContainerView, FleetMessage, HostView } from "@/server/domains/fleet/schema";
import type { OperationView, OperationsMessage } from "@/server/domains/operations/schema";
import { freezeClock, setServerTime } from "@/app/_ui/clock";
import type { Client } from "./client";
import type { Containers, Hosts } from "./fleet-store";
import { containerKey, createFleetStore } from "./fleet-store";
import { keepSubscribed } from "./keep-subscribed";
import { createOperationsStore } from "./operations-store";
import { createStore } from "./store";

/**
 * The tab's one live picture. connecting: the first time · live · reconnecting: cut off a moment ago · away:
 * cut off for longer than a restart takes. `since` is on this browser's clock.
 */
export type Connection = { state: "connecting" | "live" } | { state: "reconnecting" | "away"; since: number };

/** Shorter breaks are not worth a bar across the page. */
const AWAY_AFTER_MS = 4_000;

const fleet = createFleetStore();
const operations = createOperationsStore();
const connection = createStore<Connection>({ state: "connecting" });

function createConnectionWatch() {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    live: () => {
      clearTimeout(timer);
      freezeClock(false);
      connection.set({ state: "live" });
    },
    lost: () => {
      fleet.interrupted();
      const state = connection.get().state;
      if (state === "reconnecting" || state === "away") return;
      const since = Date.now();
      // Before the first picture there is nothing to freeze.
      if (fleet.ready.get()) freezeClock(true);
      if (fleet.ready.get()) connection.set({ state: "reconnecting", since });
      clearTimeout(timer);
      timer = setTimeout(() => connection.set({ state: "away", since }), AWAY_AFTER_MS);
    },
    end: () => clearTimeout(timer),
  };
}

/** Starts the live picture of this tab; returns how to stop it. What is known stays known. */
export function startLive(client: Client): () => void {
  const watch = createConnectionWatch();
  const endFleet = keepSubscribed<FleetMessage>((handlers) => client.fleet.live.subscribe(undefined, handlers), {
    onStarted: () => undefined,
    onData: (message) => {
      setServerTime(message.at);
      fleet.take(message);
      // Live means that the picture is whole, not that a socket is open.
      if (message.type === "patch" || message.last) watch.live();
    },
    onStopped: watch.lost,
  });
  const endOperations = keepSubscribed<OperationsMessage>((handlers) => client.operations.live.subscribe(undefined, handlers), {
    onStarted: () => undefined,
    onData: operations.take,
    onStopped: () => undefined,
  });
  return () => {
    watch.end();
    endFleet();
    endOperations();
  };
}

const NO_HOSTS: Hosts = new Map();
const NO_CONTAINERS: Containers = new Map();
const NO_OPERATIONS: readonly OperationView[] = [];
const CONNECTING: Connection = { state: "connecting" };

/** All hosts by id. A new map only when one changed. */
export const useHosts = (): Hosts => useSyncExternalStore(fleet.hosts.subscribe, fleet.hosts.get, () => NO_HOSTS);
/** All containers of all hosts by `containerKey`. A new map only when one changed. */
export const useContainers = (): Containers => useSyncExternalStore(fleet.containers.subscribe, fleet.containers.get, () => NO_CONTAINERS);
/** false until the first whole picture is here. */
export const useFleetReady = (): boolean => useSyncExternalStore(fleet.ready.subscribe, fleet.ready.get, () => false);
/** One host; renders again only when that one changes. */
export const useHost = (id: string): HostView | undefined => useSyncExternalStore(fleet.hosts.subscribe, () => fleet.hosts.get().get(id), () => undefined);
/** One container; renders again only when that one changes. */
export const useContainer = (hostId: string, id: string): ContainerView | undefined =>
  useSyncExternalStore(fleet.containers.subscribe, () => fleet.containers.get().get(containerKey(hostId, id)), () => undefined);
/** What is being done and was done lately, the newest first. */
export const useOperations = (): readonly OperationView[] => useSyncExternalStore(operations.operations.subscribe, operations.operations.get, () => NO_OPERATIONS);
export const useOperationsReady = (): boolean => useSyncExternalStore(operations.ready.subscribe, operations.ready.get, () => false);
/** How this tab is connected to the server, for code outside components. */
export const currentConnection = (): Connection => connection.get();
/** How this tab is connected to the server. */
export const useConnection = (): Connection => useSyncExternalStore(connection.subscribe, connection.get, () => CONNECTING);
/** Whether changes can be asked for now. */
export const useIsLive = (): boolean => useConnection().state === "live";

/** Puts an operation that a call answered with into the picture, before the subscription tells of it. */
export const noteOperation = (operation: OperationView): void => operations.take({ type: "patch", operations: [operation] });
