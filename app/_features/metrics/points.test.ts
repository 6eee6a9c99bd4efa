import { describe, expect, it } from "vitest";
import type { Sample } from "@/protocol/metrics";
import { containerPoint, gapSpan, hostPoint, isCurrent, lateSpans, mergePoints, withLive } from "./points";

const STEP = 10_000;
const point = (at: number, late = false) => ({ at, late });
const every = (from: number, to: number, late = false, step = STEP) => Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => point(from + index * step, late));
const figures = { id: "a".repeat(64), cpu: 0.4, cpuLimit: 1, throttled: 0, memory: 5, memoryLimit: 10, received: 1, sent: 2, read: 3, written: 4, pids: 7 };
const sample: Sample = { at: 50_000, spanMs: 1_000, host: null, containers: [figures] };

describe("a sample as a point", () => {
  it("has no figures, and no zeros, where the host told none", () => {
    expect(hostPoint(sample)).toMatchObject({ at: 50_000, cpu: null, memory: null, load: null });
  });
  it("has the load over one minute", () => {
    const host = { cpu: 1, cpus: 2, load: [0.5, 0.4, 0.3] as [number, number, number], memory: 1, memoryTotal: 2, swap: 0, swapTotal: 0, disks: [], received: 0, sent: 0, read: 0, written: 0 };
    expect(hostPoint({ ...sample, host })).toEqual({ at: 50_000, late: false, cpu: 1, cpus: 2, load: 0.5, memory: 1, memoryTotal: 2, swap: 0, swapTotal: 0, received: 0, sent: 0, read: 0, written: 0 });
  });
  it("is the container's own", () => {
    expect(containerPoint(sample)).toMatchObject({ cpu: 0.4, pids: 7, late: false });
  });
  it("has no figures, and no zeros, for a container that is not in it", () => {
    expect(containerPoint({ ...sample, containers: [] })).toMatchObject({ at: 50_000, cpu: null, memory: null, pids: null });
  });
});

describe("the window with what came live", () => {
  it("tells each moment once, the live way where both do", () => {
    const live = every(100_000, 130_000, false, 1_000);
    const merged = mergePoints(every(0, 130_000), live, 0, STEP);
    expect(merged.filter((one) => one.at >= 96_000)).toEqual(live);
    expect(merged.filter((one) => one.at < 96_000)).toHaveLength(10);
    expect(merged.map((one) => one.at)).toEqual([...merged.map((one) => one.at)].sort((a, b) => a - b));
  });
  it("takes what was filled in between live points", () => {
    const live = [...every(0, 20_000, false, 1_000), ...every(80_000, 90_000, false, 1_000)];
    const merged = mergePoints(every(30_000, 70_000, true), live, 0, STEP);
    expect(merged.filter((one) => one.late).map((one) => one.at)).toEqual([30_000, 40_000, 50_000, 60_000, 70_000]);
  });
  it("begins where the window begins", () => {
    expect(mergePoints(every(0, 50_000), [], 25_000, STEP).map((one) => one.at)).toEqual([30_000, 40_000, 50_000]);
  });
  it("takes no live point twice or backwards, and lets go of those that have left the window", () => {
    const first = withLive([], point(1_000));
    expect(withLive(first, point(1_000))).toBe(first);
    expect(withLive(first, point(500))).toBe(first);
    expect(withLive(first, point(1_000 + 15 * 60_000 + 1))).toHaveLength(1);
  });
});

describe("late marks and gaps", () => {
  it("cover a run of late points from the step before it, and each run by itself", () => {
    const points = [...every(0, 30_000), ...every(40_000, 60_000, true), ...every(70_000, 80_000), ...every(200_000, 210_000, true)];
    expect(lateSpans(points, STEP)).toEqual([{ from: 30_000, to: 60_000 }, { from: 190_000, to: 210_000 }]);
    expect(lateSpans(every(0, 50_000), STEP)).toEqual([]);
  });
  it("do not join two outages that lie apart", () => {
    expect(lateSpans([...every(0, 10_000, true), ...every(100_000, 110_000, true)], STEP)).toHaveLength(2);
  });
  it("keep a gap within the window, open ends at its edges", () => {
    expect(gapSpan({ since: null, until: 50 }, 10, 100)).toEqual({ from: 10, to: 50 });
    expect(gapSpan({ since: 60, until: null }, 10, 100)).toEqual({ from: 60, to: 100 });
    expect(gapSpan({ since: 0, until: 5 }, 10, 100)).toBeNull();
  });
  it("call a figure current for two missed steps and no longer", () => {
    expect(isCurrent(0, 25_000, STEP)).toBe(true);
    expect(isCurrent(0, 25_001, STEP)).toBe(false);
    expect(isCurrent(null, 0, STEP)).toBe(false);
  });
});
