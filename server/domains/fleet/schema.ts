/** What the screens are told about hosts and containers. Times are milliseconds since 1970 on the hub's clock. */
import { z } from "zod/mini";
import type { Container, Hello, RuntimeEvent, RuntimeStatus } from "@/protocol/shapes";
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

export const OneContainer = z.strictObject({ hostId: z.string().check(z.maxLength(64)), id: RuntimeId });

export const HistoryInput = z.strictObject({
  /** ContainerView.key */
  key: z.string().check(z.maxLength(2_000)),
  /** Only events before this one, for paging backwards; absent: the newest. */
  before: z.optional(z.number()),
});
export interface HistoryPage {
  /** Newest first, at most 100. */
  events: RuntimeEvent[];
  /** Pass as `before` for the next page; null at the end. */
  next: number | null;
}
