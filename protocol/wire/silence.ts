/**
 * Notices that the other end fell silent. Silence grows only while our own event loop is on time: bytes
 * that wait in the kernel while we are late prove nothing against the other end. A peer that sends
 * something but does not answer a ping is as good as silent.
 */
import type { Clock } from "./clock";

/** How often silence is measured; a measurement later than half of this again was late. */
const TICK_MS = 1_000;
const LATE_MS = TICK_MS / 2;

export interface SilenceOptions {
  clock: Clock;
  heartbeatMs: number;
  silenceMs: number;
  /** Sends a heartbeat; calls `answered` when the other end answers it. */
  beat(answered: () => void): void;
  /** Called once. */
  onSilent(why: string): void;
}

export interface SilenceWatch {
  /** Some bytes were read just now. */
  heard(): void;
  /** When the last byte was read, by the wall clock. */
  lastByteAt(): number;
  stop(): void;
}

/** Watches one tunnel from now on; the first heartbeat is sent after one interval. */
export function watchSilence({ clock, heartbeatMs, silenceMs, beat, onSilent }: SilenceOptions): SilenceWatch {
  let lastByteAt = clock.now();
  let measuredAt = clock.monotonic();
  let silentFor = 0;
  let sinceBeat = 0;
  /** Time on our clock for which a ping has waited; null while none is out. */
  let unansweredFor: number | null = null;

  const stop = clock.every(TICK_MS, () => {
    const passed = clock.monotonic() - measuredAt;
    measuredAt += passed;
    const late = passed > TICK_MS + LATE_MS;
    if (!late) {
      silentFor += passed;
      if (unansweredFor !== null) unansweredFor += passed;
    }
    if (silentFor >= silenceMs) return finish(`nothing was heard for ${Math.round(silentFor / 1_000)} s`);
    if (unansweredFor !== null && unansweredFor >= silenceMs) return finish(`a ping was not answered for ${Math.round(unansweredFor / 1_000)} s`);
    sinceBeat += passed;
    if (sinceBeat < heartbeatMs) return;
    sinceBeat = 0;
    // One ping is out at a time, so that its age is the age of the other end's last proof of life.
    if (unansweredFor !== null) return;
    unansweredFor = 0;
    beat(() => {
      unansweredFor = null;
    });
  });
  const finish = (why: string) => {
    stop();
    onSilent(why);
  };
  return {
    heard() {
      silentFor = 0;
      lastByteAt = clock.now();
    },
    lastByteAt: () => lastByteAt,
    stop,
  };
}
