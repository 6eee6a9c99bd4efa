/** Tells each agent how far its records are stored, so that it need not keep them: once a second at most. */
import type { Cursor } from "@/protocol/shapes";
import type { HostLink } from "@/server/gateway/gateway";
import type { Clock } from "@/server/lib/clock";
import { describeError } from "@/server/lib/errors";
import type { Logger } from "@/server/lib/logger";

/** Least time between two tellings of one host. */
const KEEP_MS = 1_000;

/** What is stored of a host, and the link over which that is told. */
export interface Keepable {
  id: string;
  link: HostLink | null;
  savedCursor: Cursor | null;
}

export function createKeeping({ clock, log }: { clock: Clock; log: Logger }) {
  /** By link: a new one is told anew. */
  const told = new WeakMap<HostLink, { upTo: Cursor | null; at: number; busy: boolean }>();

  /** Call when more is stored, and when a link is up. */
  function keep(host: Keepable): void {
    const { link, savedCursor } = host;
    if (link === null || savedCursor === null) return;
    const last = told.get(link) ?? { upTo: null, at: -Infinity, busy: false };
    told.set(link, last);
    if (last.busy || (last.upTo?.epoch === savedCursor.epoch && last.upTo.seq === savedCursor.seq)) return;
    last.busy = true;
    const wait = last.at + KEEP_MS - clock.monotonic();
    if (wait > 0) clock.after(wait, () => void tell(host, link, last));
    else void tell(host, link, last);
  }

  async function tell(host: Keepable, link: HostLink, last: { upTo: Cursor | null; at: number; busy: boolean }): Promise<void> {
    const upTo = host.savedCursor;
    try {
      if (host.link !== link || upTo === null) return;
      last.at = clock.monotonic();
      // Also when it fails: the next record that is stored asks again.
      last.upTo = upTo;
      await link.call("telemetry.keep", { upTo });
    } catch (error) {
      log.debug({ host: host.id, why: describeError(error) }, "a host was not told what is stored of it");
    } finally {
      last.busy = false;
    }
    keep(host);
  }

  return { keep };
}
