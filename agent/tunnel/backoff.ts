import { TIMES } from "@/protocol/limits";

/**
 * How long to wait before dialling again, in milliseconds: exponential with full jitter, so that a fleet
 * that lost its hub in one moment does not come back in one moment.
 * `failures`: how often in a row it failed before this wait, from 0. `random`: from 0 to below 1.
 */
export function backoffMs(failures: number, random: number): number {
  const ceiling = Math.min(TIMES.backoffLongestMs, TIMES.backoffFirstMs * 2 ** Math.min(failures, 30));
  return random * ceiling;
}

/** The wait after a refusal, which no quick retry will cure: near the longest, spread a little. */
export function refusedWaitMs(random: number): number {
  return TIMES.backoffLongestMs * (0.75 + random / 4);
}
