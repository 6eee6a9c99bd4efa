/**
 * Somebody looks at a host: its agent measures each second for as long as anybody does. One stream a host,
 * however many look; opened again after a lost link. While it brings nothing, the samples of each 10 s do.
 */
import { TIMES } from "@/protocol/limits";
import { Sample } from "@/protocol/metrics";
import type { Gateway, HostLink } from "@/server/gateway/gateway";
import type { Clock } from "@/server/lib/clock";
import { describeError } from "@/server/lib/errors";
import type { Logger } from "@/server/lib/logger";
import { createLatestChannel, type LatestChannel } from "@/server/live/channel";
import { parseLine, readLink } from "@/server/live/link-reader";

/** A stream that brought nothing for so long does not spare the slower samples. */
const FRESH_MS = 3 * TIMES.sampleLiveMs;

export interface LiveDeps {
  gateway: Pick<Gateway, "link" | "onChange">;
  clock: Clock;
  log: Logger;
  /** 0 to 1; spreads what would come at once. */
  random: () => number;
}

interface Looked {
  /** The newest sample alone: who is slow gets fewer. */
  channel: LatestChannel<"newest", Sample>;
  viewers: number;
  stop: AbortController | null;
  /** When the stream last brought a sample; monotonic. */
  broughtAt: number;
}

export type LiveSamples = ReturnType<typeof createLiveSamples>;

export function createLiveSamples({ gateway, clock, log, random }: LiveDeps) {
  const looked = new Map<string, Looked>();
  let invalid = 0;

  function open(host: Looked, link: HostLink): void {
    host.stop?.abort();
    const stop = new AbortController();
    host.stop = stop;
    readLink({
      clock, random, signal: stop.signal,
      open: (signal) => link.stream("metrics.live", {}, { signal }),
      close: (why) => link.close(why),
      onOpen: () => undefined,
      onLine(line) {
        host.broughtAt = clock.monotonic();
        host.channel.publish("newest", parseLine(Sample, "a measurement", line));
        return true;
      },
      onEnd: (why) => log.debug({ host: link.hostId, why }, "no measurements each second"),
      onInvalid(why) {
        invalid += 1;
        log.warn({ host: link.hostId, why: describeError(why) }, "invalid measurement, tunnel closed");
      },
    });
  }

  function leave(hostId: string, host: Looked): void {
    host.viewers -= 1;
    if (host.viewers > 0) return;
    host.stop?.abort();
    looked.delete(hostId);
  }

  const unsubscribe = gateway.onChange((change) => {
    const host = looked.get(change.hostId);
    if (!host) return;
    if (change.state === "up") open(host, change.link);
    else host.stop?.abort();
  });

  return {
    /** Samples of a host, the newest first to come; ends with `signal`. */
    async *follow(hostId: string, signal?: AbortSignal): AsyncGenerator<Sample> {
      const host = looked.get(hostId) ?? { channel: createLatestChannel<"newest", Sample>({ keys: 1 }), viewers: 0, stop: null, broughtAt: -Infinity };
      looked.set(hostId, host);
      host.viewers += 1;
      const samples = host.channel.subscribe(signal);
      try {
        const link = gateway.link(hostId);
        if (host.viewers === 1 && link) open(host, link);
        for await (const { entries } of samples) for (const [, sample] of entries) yield sample;
      } finally {
        leave(hostId, host);
        await samples.return();
      }
    },
    /** A sample that came anyway. */
    offer(hostId: string, sample: Sample): void {
      const host = looked.get(hostId);
      if (host && clock.monotonic() - host.broughtAt > FRESH_MS) host.channel.publish("newest", sample);
    },
    close(): void {
      unsubscribe();
      for (const { channel, stop } of looked.values()) {
        stop?.abort();
        channel.close();
      }
    },
    stats: () => ({ looked: looked.size, viewers: [...looked.values()].reduce((sum, { viewers }) => sum + viewers, 0), invalidSamples: invalid }),
  };
}
