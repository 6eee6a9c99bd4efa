import fc from "fast-check";
import { expect, it } from "vitest";
import { TIMES } from "@/protocol/limits";
import { backoffMs, refusedWaitMs } from "./backoff";

const failures = fc.nat({ max: 100_000 });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

it("never waits longer than the longest wait, nor less than nothing", () => {
  fc.assert(fc.property(failures, random, (n, r) => backoffMs(n, r) >= 0 && backoffMs(n, r) < TIMES.backoffLongestMs));
});

it("grows to the longest wait and stays there", () => {
  fc.assert(fc.property(failures, random, (n, r) => backoffMs(n + 1, r) >= backoffMs(n, r)));
  expect(backoffMs(0, 0.5)).toBe(TIMES.backoffFirstMs / 2);
  expect(backoffMs(1_000_000, 0.5)).toBe(TIMES.backoffLongestMs / 2);
});

it("is spread over the whole wait, so that a fleet does not return in one moment", () => {
  fc.assert(fc.property(failures, random, (n, r) => Math.abs(backoffMs(n, r) - r * backoffMs(n, 1)) < 1e-6));
});

it("keeps a refused agent near the longest wait", () => {
  fc.assert(fc.property(random, (r) => refusedWaitMs(r) >= TIMES.backoffLongestMs * 0.75 && refusedWaitMs(r) <= TIMES.backoffLongestMs));
});
