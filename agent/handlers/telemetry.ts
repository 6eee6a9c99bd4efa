import type { Clock } from "../clock";
import type { Reflector } from "../reflector";
import type { Spool } from "../spool/spool";
import { compare } from "../spool/record";
import { createFeed } from "../telemetry/feed";
import type { Handlers } from "../tunnel/router";

/** Streams open at once. The hub needs one; a second while it reconnects. */
const STREAMS = 8;

/** The noun "telemetry": what is true, and what happens. */
export function createTelemetryHandlers({ reflector, spool, clock }: { reflector: Reflector; spool: Spool; clock: Clock }): Pick<Handlers, "telemetry.stream" | "telemetry.keep"> {
  const open = new Set<() => void>();
  return {
    async "telemetry.keep"({ upTo }) {
      await spool.keep(upTo);
      return {};
    },
    async "telemetry.stream"({ after }, { signal, stream }) {
      if (after && compare(after, spool.last()) > 0) {
        for (const close of open) close(); // their places are about to change
        open.clear();
        await spool.surpass(after);
      }
      const feed = createFeed({ reflector, spool, clock, after });
      open.add(feed.close);
      // The oldest gives way: it is the one whose reader is most likely gone.
      if (open.size > STREAMS) for (const close of open) { close(); open.delete(close); break; }
      let ended = false;
      const end = () => {
        ended = true;
        feed.close();
      };
      signal.addEventListener("abort", end, { once: true });
      try {
        while (!ended && !signal.aborted && open.has(feed.close)) {
          const frame = await feed.next();
          if (frame) await stream.write(frame);
          else await feed.waken();
        }
      } finally {
        signal.removeEventListener("abort", end);
        open.delete(feed.close);
        feed.close();
      }
    },
  };
}
