import { describe, expect, it } from "vitest";
import { extremes, highest, isolated, nearestIndex, sparkPath, timeTicks, valueScale, withBreaks } from "./chart-scale";

describe("a line", () => {
  it("breaks where something was not measured, and joins nothing over it", () => {
    const drawn = withBreaks([0, 10, 20, 60, 70], [[1, 2, 3, 4, 5], [5, null, 3, 2, 1]], 25);
    expect(drawn.times).toEqual([0, 10, 20, 40, 60, 70]);
    expect(drawn.columns).toEqual([[1, 2, 3, null, 4, 5], [5, null, 3, null, 2, 1]]);
  });
  it("shows a figure that stands alone between two breaks", () => {
    expect(isolated([1, null, 2, null, 3, 4])).toEqual([0, 2]);
  });
  it("says in one breath what it has, and nothing where it has nothing", () => {
    expect(extremes([0, 10, 20, 30], [4, 9, null, 2])).toEqual({ last: 2, low: 2, high: 9, highAt: 10 });
    expect(extremes([0], [null])).toBeNull();
    expect(highest([[null], [3, 7, null]])).toBe(7);
    expect(highest([[null]])).toBeNull();
  });
});

describe("a scale", () => {
  it("begins at zero, has round ticks, and ends above the highest figure", () => {
    const scale = valueScale(0.83, { base: "decimal", least: 0.1, limit: null });
    expect(scale.ticks).toEqual([0, 0.5]);
    expect(scale.top).toBeGreaterThan(0.83);
  });
  it("counts sizes as they are read: in powers of 1024", () => {
    const { ticks } = valueScale(200 * 2 ** 20, { base: "binary", least: 2 ** 20, limit: null });
    expect(ticks).toEqual([0, 128 * 2 ** 20]);
    expect(valueScale(900, { base: "binary", least: 1, limit: null }).ticks).toEqual([0, 512]);
  });
  it("is not blown up by noise of nearly nothing", () => {
    expect(valueScale(0.0001, { base: "decimal", least: 0.1, limit: null }).top).toBe(0.1);
    expect(valueScale(null, { base: "decimal", least: 1, limit: null }).top).toBe(1);
  });
  it("holds the limit once the figures come near it, and is not pressed flat by a far one", () => {
    expect(valueScale(40, { base: "decimal", least: 1, limit: 100 }).top).toBeGreaterThan(100);
    expect(valueScale(4, { base: "decimal", least: 1, limit: 100 }).top).toBeLessThan(10);
  });
  it("never has more ticks than fit", () => {
    for (const peak of [1e-6, 0.3, 7, 1e3, 1e9, 3e15]) {
      for (const base of ["decimal", "binary"] as const) expect(valueScale(peak, { base, least: peak, limit: null }).ticks.length, `${peak} ${base}`).toBeLessThanOrEqual(6);
    }
  });
});

describe("the axis of time", () => {
  it("has round moments, as many as fit", () => {
    const at = Date.UTC(2026, 10, 28, 14, 2, 7);
    expect(timeTicks(at, at + 15 * 60_000, 4)).toEqual([Date.UTC(2026, 10, 28, 14, 5), Date.UTC(2026, 10, 28, 14, 10), Date.UTC(2026, 10, 28, 14, 15)]);
    expect(timeTicks(at, at + 15 * 60_000, 1)).toEqual([Date.UTC(2026, 10, 28, 14, 15)]);
  });
  it("finds the nearest moment to a pointer", () => {
    expect([-5, 0, 4, 6, 14, 99].map((at) => nearestIndex([0, 10, 20], at))).toEqual([0, 0, 0, 1, 1, 2]);
    expect(nearestIndex([], 3)).toBeNull();
  });
});

describe("a sparkline", () => {
  const box = { from: 0, to: 100, top: 10, width: 100, height: 22 };
  it("begins anew after a break", () => {
    expect(sparkPath([0, 10, 50, 60], [0, 10, 10, 0], box, 25).line).toBe("M0 21L10 1M50 1L60 21");
    expect(sparkPath([0, 10, 20], [0, null, 0], box, 25).line).toBe("M0 21h0M20 21h0");
  });
  it("leaves the past empty where there is none, and stays within its box", () => {
    const { line, area } = sparkPath([-10, 80, 90], [5, 50, 5], box, 25);
    expect(line).toBe("M80 1L90 11");
    expect(area).toBe("M80 1L90 11L90 22L80 22Z");
  });
});
