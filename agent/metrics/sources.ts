/**
 * Where each running container's counters come from: the kernel's files where they can be read, else the
 * engine. What could not be opened is tried again at each full look, so that nothing stays with the engine
 * because of one bad moment.
 */
import { readFileSync } from "node:fs";
import { LIMITS } from "@/protocol/limits";
import type { ContainerFigures } from "@/protocol/metrics";
import type { Reflector } from "../reflector";
import { openContainerFiles, type ContainerFiles } from "./container-files";
import { type Counters, newCounters } from "./counters";
import { findHierarchies, type Hierarchies, placeOf } from "./hierarchies";

/** Why a container's files are not read. */
export type Obstacle = "elsewhere" | "hidden" | "unmounted" | "unreadable";

export interface Source {
  readonly id: string;
  readonly pid: number | null;
  files: ContainerFiles | null;
  obstacle: Obstacle | null;
  /** Full looks in which its files could not be read; a container that is just ending has one. */
  misses: number;
  /** The row that is filled at each look; and the rows that the last 10 s sample and the last live one stand on. */
  now: Counters;
  sampled: Counters | null;
  shown: Counters | null;
  /** Of the last 10 s sample; for a live one where only the engine can be asked. */
  figures: ContainerFigures | null;
}

/** Where the host's own files are in this process's view. */
export interface HostPlaces {
  proc: string;
  cgroups: string;
  /** The host's own network and mounts: of this process, or of the host's first where they differ. */
  network: string;
  mounts: string;
  /** This process's own mounts, by which what the host has mounted is reached. */
  ownMounts: string;
}

/** `hostRoot`: the folder under which the host's /proc and /sys/fs/cgroup are mounted, for an agent in a container; null: this process sees them as they are. */
export function hostPlaces(hostRoot: string | null): HostPlaces {
  const root = hostRoot === null || hostRoot === "/" ? "" : hostRoot;
  const first = root === "" ? "/proc/self" : `${root}/proc/1`;
  return { proc: `${root}/proc`, cgroups: `${root}/sys/fs/cgroup`, network: `${first}/net/dev`, mounts: `${first}/mountinfo`, ownMounts: "/proc/self/mountinfo" };
}

export interface Sources {
  all: ReadonlyMap<string, Source>;
  /** Makes the sources those of the containers that run now. `retry`: also tries again what could not be opened. */
  match(retry: boolean): void;
  /** Lets a container's files go at once when it no longer runs. */
  dropIfEnded(id: string): void;
  close(): void;
}

export function createSources({ reflector, places, hostMemory }: { reflector: Pick<Reflector, "containers" | "sighting">; places: HostPlaces; hostMemory: () => number }): Sources {
  const all = new Map<string, Source>();
  let hierarchies: Hierarchies | null = null;

  const runs = (id: string) => {
    const state = reflector.containers().get(id)?.state;
    return state === "running" || state === "paused";
  };
  const drop = (source: Source) => {
    source.files?.close();
    all.delete(source.id);
  };
  const open = (source: Source) => {
    hierarchies ??= findHierarchies(readOr(places.ownMounts), places.cgroups);
    const place = source.pid === null ? null : placeOf(readOr(`${places.proc}/${source.pid}/cgroup`), source.id, hierarchies);
    if (place === null || place.version === null) {
      source.obstacle = place?.why ?? "elsewhere";
      source.misses++;
      return;
    }
    const network = reflector.sighting(source.id)?.hostNetwork ? null : `${places.proc}/${source.pid}/net/dev`;
    source.files = openContainerFiles(place, network, hostMemory());
    source.obstacle = null;
  };

  return {
    all,
    match(retry) {
      for (const source of [...all.values()]) if (!runs(source.id) || source.pid !== (reflector.sighting(source.id)?.pid ?? null)) drop(source);
      for (const id of reflector.containers().keys()) {
        if (!runs(id)) continue;
        let source = all.get(id);
        if (!source) {
          if (all.size >= LIMITS.sampleContainers) break;
          source = { id, pid: reflector.sighting(id)?.pid ?? null, files: null, obstacle: null, misses: 0, now: newCounters(), sampled: null, shown: null, figures: null };
          all.set(id, source);
          open(source);
        } else if (retry && source.files === null) open(source);
      }
    },
    dropIfEnded(id) {
      const source = all.get(id);
      if (source && !runs(id)) drop(source);
    },
    close() {
      for (const source of all.values()) source.files?.close();
      all.clear();
    },
  };
}

/** Reads a source's files. false: they could not be read, and are let go. */
export function readFiles(source: Source, limits: boolean): boolean {
  if (source.files === null) return false;
  if (source.files.read(source.now, limits)) {
    source.misses = 0;
    return true;
  }
  source.files.close();
  source.files = null;
  source.obstacle = "unreadable";
  source.misses++;
  return false;
}

function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
