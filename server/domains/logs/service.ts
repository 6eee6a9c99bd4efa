/** Logs: the hub asks the hosts for them and passes them on; it reads and keeps none. */
import type { Readable } from "node:stream";
import type { LogPage } from "@/protocol/logs";
import type { FleetService } from "@/server/domains/fleet/service";
import type { Gateway, HostLink } from "@/server/gateway/gateway";
import { AppError } from "@/server/lib/errors";
import type { FollowInput, PageInput, SearchInput, SearchMessage } from "./schema";
import { searchHosts } from "./search";

/** Searches at once in the whole hub. Each makes every host read its files. */
const SEARCHES = 8;

export interface LogsDeps {
  fleet: Pick<FleetService, "host" | "hosts" | "container" | "containers" | "away">;
  gateway: Pick<Gateway, "link">;
}
export type LogsService = ReturnType<typeof createLogsService>;

export function createLogsService({ fleet, gateway }: LogsDeps) {
  let searches = 0;

  /** The link to ask about one container. AppErrors not_found and host_away. */
  function ask(hostId: string, id: string): HostLink {
    const [host, link] = [fleet.host(hostId), gateway.link(hostId)];
    if (fleet.container(hostId, id)) {
      if (link) return link;
      throw fleet.away(hostId);
    }
    // A host that is not whole yet may still come to tell of it.
    if (host && host.link !== "up") throw fleet.away(hostId);
    throw new AppError("not_found", "There is no such container on this host. It may have been removed meanwhile.");
  }

  return {
    /** A container's log as the bytes that the host sends. AppErrors not_found, host_away, and the link's. */
    async follow({ hostId, ...input }: FollowInput, signal: AbortSignal): Promise<Readable> {
      return ask(hostId, input.id).stream("logs.follow", input, { signal });
    },
    /** The lines before a place. AppErrors not_found, host_away, and the link's. */
    async page({ hostId, ...input }: PageInput, signal?: AbortSignal): Promise<LogPage> {
      return ask(hostId, input.id).call("logs.page", input, signal ? { signal } : {});
    },
    /**
     * Looks through many logs at once, on their hosts. Ends with `done`, or when `signal` aborts. A host that
     * cannot be asked is told as skipped. AppErrors bad_input for a pattern that is none, rate_limited.
     */
    async *search(input: SearchInput, signal?: AbortSignal): AsyncGenerator<SearchMessage> {
      if (searches >= SEARCHES) throw new AppError("rate_limited", `${SEARCHES} searches are under way already. Wait for one to end, or end one.`);
      searches += 1;
      try {
        yield* searchHosts(chosen(input), input, { away: fleet.away, link: gateway.link }, signal);
      } finally {
        searches -= 1;
      }
    },
  };

  /** The containers to look through, by host. What is named and not there is left out; nothing at all is not_found. */
  function chosen({ within }: SearchInput): Map<string, string[]> {
    const keys = within.what === "containers" ? new Set(within.keys) : null;
    const hostIds = within.what === "hosts" ? within.hostIds : fleet.hosts().map((host) => host.id);
    const found = new Map<string, string[]>();
    for (const hostId of new Set(hostIds)) {
      const ids = fleet.containers(hostId).filter((container) => keys?.has(container.key) ?? true).map((container) => container.id);
      if (ids.length > 0) found.set(hostId, ids);
    }
    if (found.size === 0) throw new AppError("not_found", "There is no container to look through. It may have been removed meanwhile.");
    return found;
  }
}
