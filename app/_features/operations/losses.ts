import type { Loss } from "@/protocol/shapes";

export interface LossSum {
  /** null: at least one engine did not say. */
  writableBytes: number | null;
  anonymousVolumes: number;
  namedVolumes: number;
  bindMounts: number;
  running: number;
  fromCompose: number;
  /** With a restart policy, which people take for something that brings it back. */
  restarting: number;
}

/** Several losses as one. A volume shared by two containers counts once. */
export function addLosses(losses: readonly Loss[]): LossSum {
  const distinct = (pick: (loss: Loss) => readonly string[]) => new Set(losses.flatMap(pick)).size;
  return {
    writableBytes: losses.reduce<number | null>((sum, loss) => (sum === null || loss.writableBytes === null ? null : sum + loss.writableBytes), 0),
    anonymousVolumes: distinct((loss) => loss.anonymousVolumes),
    namedVolumes: distinct((loss) => loss.namedVolumes),
    bindMounts: distinct((loss) => loss.bindMounts),
    running: losses.filter((loss) => loss.running).length,
    fromCompose: losses.filter((loss) => loss.compose !== null).length,
    restarting: losses.filter((loss) => loss.restartPolicy !== "no").length,
  };
}
