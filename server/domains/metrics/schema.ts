/** What the screens are told of figures. Times are milliseconds since 1970 on the host's clock. null: not known then. */
import { z } from "zod/mini";
import type { ContainerFigures, DiskFigures, HostFigures, Sample } from "@/protocol/metrics";
import type { GapView } from "@/server/domains/fleet/schema";

const hostId = z.string().check(z.maxLength(64));
/** ContainerView.key; absent: the host itself. */
const target = z.optional(z.string().check(z.maxLength(2_000)));

export const WindowInput = z.strictObject({ hostId, target });
export const LiveInput = z.strictObject({ hostId, target });

interface Moment {
  at: number;
  /** It reached Binnacle only after its host had been away: filled in later. */
  late: boolean;
}
export type HostPoint = Moment & Omit<HostFigures, "disks" | "load"> & { load: number | null };
export type ContainerPoint = Moment & Omit<ContainerFigures, "id">;

/** The last 15 minutes. Points are oldest first, their times grow; a distance of more than two steps is a hole. */
export type MetricsWindow = {
  stepMs: number;
  /** Now, on the clock of the points: where the window ends. */
  now: number;
  /** What nobody kept in this time. */
  gaps: GapView[];
} & (
  | { of: "host"; points: HostPoint[]; disks: DiskFigures[] }
  /** All generations of the target are one row of points. */
  | { of: "container"; points: ContainerPoint[] }
);

/** What `metrics.live` yields: each second while the host sends it, else each 10 s. With a target only its container is in it. */
export type LiveSample = Sample;

export interface TableFigures {
  /** The container's id; null: the host itself. */
  id: string | null;
  cpu: number | null;
  /** Cores; of the host: how many it has. */
  cpuLimit: number | null;
  memory: number | null;
  /** Bytes; of the host: how much it has. */
  memoryLimit: number | null;
}
/** One running container, or a host, with its last 15 minutes as means over `stepMs` each, oldest first, for a sparkline. */
export interface TableRow extends TableFigures {
  hostId: string;
  cpuPoints: (number | null)[];
  memoryPoints: (number | null)[];
}
/**
 * What `metrics.table` yields. It begins with a whole `snapshot`, in parts (`last` ends it); then each host's
 * newest figures as they come: a container of it that is not among them was not running or could not be read.
 */
export type TableMessage =
  | { type: "snapshot"; stepMs: number; rows: TableRow[]; first: boolean; last: boolean }
  | { type: "patch"; hosts: { hostId: string; at: number; figures: TableFigures[] }[] };
