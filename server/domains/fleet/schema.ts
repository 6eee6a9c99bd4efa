/** What the screens are told about hosts and containers. Times are milliseconds since 1970 on the hub's clock. */
import { z } from "zod/mini";
import type { BlackBox, Container, Hello, RuntimeEvent, RuntimeStatus } from "@/protocol/shapes";
import { RuntimeId } from "@/protocol/shapes";

/** One host as the hub knows it. Unknown is not down: `link` says whether it is heard now. */
export interface HostView {
  id: string;
  name: string;
  tags: string[];
  joinedAt: number;
  /** up: heard now. down: was heard, is not now. revoked: its key is refused. */
  link: "up" | "down" | "revoked";
  /** Why the link is down, for a person; null while up. */
  linkWhy: string | null;
  /** When anything was last heard. While the link is up this moves with each heartbeat. */
  confirmedAt: number;
  runtime: RuntimeStatus;
  agentVersion: string;
  allow: Hello["allow"];
  address: string | null;
  host: Hello["host"];
}

/** One container of one host. Whether it is stale follows from its host: see `isStale`. */
export interface ContainerView extends Container {
  hostId: string;
  /** formatTarget() with the host as scope: its lasting address. */
  key: string;
  /** When this state was last known to be true. */
  confirmedAt: number;
}

/** The containers of a host are known now: linked, and its runtime answers. */
export function isFresh(host: Pick<HostView, "link" | "runtime"> | undefined): boolean {
  return host?.link === "up" && host.runtime.state === "up";
}

/**
 * What `fleet.live` yields. It begins with a whole `snapshot`, in parts (`last` ends it), then patches. A
 * slow tab gets fewer, merged patches, never a wrong state.
 */
export type FleetMessage =
  | { type: "snapshot"; at: number; hosts: HostView[]; containers: ContainerView[]; first: boolean; last: boolean }
  | { type: "patch"; at: number; hosts: HostView[]; containers: ContainerView[]; goneHosts: string[]; gone: { hostId: string; id: string }[] };

/** ContainerView.key */
const target = z.string().check(z.maxLength(2_000));
const hostId = z.string().check(z.maxLength(64));

export const OneContainer = z.strictObject({ hostId, id: RuntimeId });

export const PagedInput = z.strictObject({
  target,
  /** Only what was before this moment, for paging backwards; absent: the newest. */
  before: z.optional(z.number()),
});

/** Where a black box is kept. */
export const BoxPlace = z.strictObject({ hostId, epoch: z.int().check(z.nonnegative()), seq: z.int().check(z.nonnegative()) });
export type BoxPlace = z.infer<typeof BoxPlace>;

export interface HistoryEvent extends RuntimeEvent {
  /** It reached Binnacle only after its host had been away: filled in later. */
  late: boolean;
  /** Its black box; null where none was kept, or none has come yet. */
  box: BoxPlace | null;
}
/** A time of which nobody kept what happened or was measured. null: that end is not known. */
export interface GapView {
  since: number | null;
  until: number | null;
  /** When it was noticed, on the host's clock. */
  at: number;
  /** For a person. */
  why: string;
}
export interface HistoryPage {
  /** Newest first, at most 100. */
  events: HistoryEvent[];
  /** Gaps of the host as a whole in the time of this page, newest first, at most 100. */
  gaps: GapView[];
  /** Pass as `before` for the next page; null at the end. */
  next: number | null;
}

/** One black box, without what is in it. */
export interface BoxSummary {
  place: BoxPlace;
  at: number;
  late: boolean;
  /** The container that it is of: one generation of the target. */
  id: string;
  /** What happened; null when the event itself is not kept any more. */
  event: Pick<RuntimeEvent, "kind" | "exitCode" | "signal" | "health" | "asked" | "name" | "image"> | null;
}
export interface BoxPage {
  /** Newest first, at most 50. */
  boxes: BoxSummary[];
  /** Pass as `before` for the next page; null at the end. */
  next: number | null;
}
export interface BoxView extends BoxSummary {
  /** formatTarget() */
  key: string;
  /** json-file entries (see protocol/log-text.ts); "" where there are none; null without the right to read logs. */
  lines: string | null;
  linesCut: number;
  /** Why there are no lines, or not all, for a person; null when all is well or withheld. */
  linesWhy: string | null;
  /** The engine's document, secrets masked; null where there is none, or without the right to inspect. */
  inspect: Record<string, unknown> | null;
  inspectWhy: string | null;
  /** What this person may not see of it. */
  withheld: { lines: boolean; inspect: boolean };
  /** Its figures up to the event, oldest first. */
  window: BlackBox["window"];
}
