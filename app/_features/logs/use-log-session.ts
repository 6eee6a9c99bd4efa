"use client";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { useTRPCClient } from "@/app/_trpc/client";
import { useContainers, useFleetReady, useHosts } from "@/app/_trpc/live";
import { levelOf } from "@/protocol/log-level";
import type { LogStart } from "@/protocol/logs";
import { parseTarget } from "@/protocol/target";
import type { ContainerView } from "@/server/domains/fleet/schema";
import { followLog } from "./log-feed";
import { createLogSession, type LogSession, type LogTarget, type SourceView } from "./log-session";
import { createLogStore, type LogStore } from "./log-store";
import type { LogAddress } from "./log-url";
import { createRowPainter, type RowPainter } from "./row-painter";
import { createRowScan } from "./row-scan";

/** Lines that a view begins with, in all. Older ones come as one scrolls. */
const TAIL_LINES = 3_000;
const FEWEST_LINES = 300;

export interface OpenLogs {
  store: LogStore;
  session: LogSession;
  painter: RowPainter;
}

/** A chosen container as the page speaks of it. */
export interface LogSourceInfo {
  key: string;
  name: string;
  hostId: string;
  hostName: string;
  stack: string | null;
  /** null: nothing runs under this address now. */
  container: ContainerView | null;
}

/** The chosen containers with their names; one that is gone keeps the name that its address has. */
export function useSourceInfos(keys: readonly string[]): LogSourceInfo[] {
  const containers = useContainers();
  const hosts = useHosts();
  const wanted = keys.join("\n");
  const newest = useMemo(() => {
    const found = new Map<string, ContainerView>();
    const sought = new Set(wanted.split("\n"));
    for (const container of containers.values()) {
      const known = found.get(container.key);
      // Two share an address while one replaces the other: the newer counts.
      if (sought.has(container.key) && (!known || known.createdAt < container.createdAt)) found.set(container.key, container);
    }
    return found;
  }, [containers, wanted]);
  return useMemo(
    () => wanted.split("\n").flatMap((key) => {
      const target = parseTarget(key);
      if (!target) return [];
      const container = newest.get(key) ?? null;
      return [{ key, name: container?.name ?? [target.workload, target.replica].filter((part) => part !== null).join("-"), hostId: target.scope, hostName: hosts.get(target.scope)?.name ?? target.scope, stack: target.namespace, container }];
    }),
    [wanted, newest, hosts],
  );
}

function startOf(address: Pick<LogAddress, "keys" | "from" | "at" | "line">, key: string): LogStart {
  if (address.line !== null && key === address.keys[0]) return { at: "cursor", cursor: address.line };
  if (address.at !== null) return { at: "time", since: address.at };
  if (address.from === "oldest") return { at: "oldest" };
  return { at: "tail", lines: Math.max(FEWEST_LINES, Math.floor(TAIL_LINES / Math.max(1, address.keys.length))) };
}

/** Follows the logs of the containers while it is mounted. Where they begin is settled when it mounts: give it a key. */
export function useLogSession(infos: readonly LogSourceInfo[], address: LogAddress): OpenLogs {
  const client = useTRPCClient();
  const ready = useFleetReady();
  const [open] = useState<OpenLogs>(() => {
    const store = createLogStore();
    const scan = createRowScan(store, levelOf, () => performance.now());
    const session = createLogSession({
      store,
      follow: followLog,
      ticket: () => client.session.ticket.mutate(),
      page: (input) => client.logs.page.query(input),
      startOf: (key) => startOf(address, key),
    });
    return { store, session, painter: createRowPainter(store, scan) };
  });
  const targets = useMemo(
    () => infos.map((info): LogTarget => ({ key: info.key, hostId: info.hostId, id: info.container?.id ?? null, isRunning: info.container?.state === "running" })),
    [infos],
  );
  useEffect(() => {
    if (ready) open.session.show(targets);
  }, [open, ready, targets]);
  useEffect(() => () => open.session.show([]), [open]);
  return open;
}

const NO_SOURCES: readonly SourceView[] = [];
/** What is known of each source; renders again when that changes, not with each line. */
export const useSources = (session: LogSession): readonly SourceView[] => useSyncExternalStore(session.sources.subscribe, session.sources.get, () => NO_SOURCES);
