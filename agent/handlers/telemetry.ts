import type { Clock } from "../clock";
import type { Reflector } from "../reflector";
import { createFeed } from "../telemetry/feed";
import type { Handlers } from "../tunnel/router";

/** Streams open at once. The hub needs one; a second while it reconnects. */
const STREAMS = 8;

/** The noun "telemetry": what is true, and what happens. */
export function createTelemetryHandlers({ reflector, clock }: { reflector: Reflector; clock: Clock }): Pick<Handlers, "telemetry.stream" | "telemetry.keep"> {
  const open = new Set<() => void>();
  return {
    "telemetry.keep": () => ({}),
    async "telemetry.stream"({ after }, { signal, stream }) {
      const feed = createFeed({ reflector, clock, after });
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
          const frame = feed.next();
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
