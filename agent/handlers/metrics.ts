import type { Sample } from "@/protocol/metrics";
import type { Metrics } from "../metrics/metrics";
import type { Handlers } from "../tunnel/router";

/** The noun "metrics": what the host and its containers use. */
export function createMetricsHandlers({ metrics }: { metrics: Pick<Metrics, "live"> }): Pick<Handlers, "metrics.live"> {
  return {
    /** Only the newest sample waits for a hub that reads slowly: an older one is of no use to anybody. */
    async "metrics.live"(_, { signal, stream }) {
      let newest: Sample | null = null;
      let waken = () => {};
      const leave = metrics.live((sample) => {
        newest = sample;
        waken();
      });
      signal.addEventListener("abort", () => waken(), { once: true });
      try {
        while (!signal.aborted) {
          const sample = newest as Sample | null;
          newest = null;
          if (sample) await stream.write(sample);
          else await new Promise<void>((resolve) => (waken = resolve));
        }
      } finally {
        leave();
      }
    },
  };
}
