import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Sample } from "@/protocol/metrics";
import { measured } from "@/server/domains/fleet/testing";
import { createHostWindow, SLOTS } from "./window";

const id = (n: number) => n.toString(16).padStart(64, "0");
const keyOf = (of: string) => `web/-/c${parseInt(of, 16)}/-`;
const STEP = 10_000;
/** A window whose host was measured each 10 s, for `count` times, its clock and the hub's alike. */
function filled(count: number, sample: (i: number) => Sample = (i) => measured(i * STEP, [{ id: id(1), cpu: i / 8, memory: 1_000 * i, pids: 3 }])) {
  const window = createHostWindow(keyOf);
  for (let i = 1; i <= count; i += 1) window.push(sample(i), false, i * STEP);
  return window;
}

describe("the window of a host", () => {
  it("holds 15 minutes, oldest first, with what was not known as null and never as zero", () => {
    const window = filled(200, (i) => measured(i * STEP, [{ id: id(1), cpu: i === 150 ? null : i / 8, memory: 1_000 * i }], { cpu: i === 151 ? null : 0, load: null }));
    const points = window.containerPoints(200 * STEP, keyOf(id(1)));
    expect(points.map(({ at }) => at)).toEqual(Array.from({ length: 90 }, (_, i) => (111 + i) * STEP));
    expect(points[39]).toEqual({ at: 150 * STEP, late: false, cpu: null, cpuLimit: null, throttled: null, memory: 150_000, memoryLimit: null, received: null, sent: null, read: null, written: null, pids: null });
    expect(points[40]?.cpu).toBe(151 / 8);
    const host = window.hostPoints(200 * STEP);
    expect([host[39]?.cpu, host[40]?.cpu, host[40]?.load]).toEqual([0, null, null]);
    expect(window.disks()).toEqual([{ mount: "/", used: 1, total: 2 }]);
  });

  it("ends now: what was measured before that is not shown as if it were new", () => {
    const window = filled(90);
    expect(window.hostPoints(90 * STEP + 300_000)).toHaveLength(60);
    expect(window.hostPoints(90 * STEP + 3_600_000)).toEqual([]);
  });

  it("keeps the figures of earlier generations of a target, and leaves out those of others", () => {
    const window = createHostWindow((of) => (of === id(9) ? "web/-/other/-" : "web/-/shop/1"));
    for (let i = 1; i <= 20; i += 1) window.push(measured(i * STEP, [{ id: i <= 10 ? id(1) : id(2), cpu: i }, { id: id(9), cpu: 99 }]), false, i * STEP);
    expect(window.containerPoints(20 * STEP, "web/-/shop/1").map(({ cpu }) => cpu)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(window.newest()?.figures.map(({ id: its }) => its)).toEqual([null, id(9), id(2)]);
  });

  it("names a container as soon as it is known, or by what was stored of it", () => {
    let known = false;
    const window = createHostWindow((of) => (known ? keyOf(of) : null));
    window.push(measured(STEP, [{ id: id(1), cpu: 1 }, { id: id(2), cpu: 2 }]), false, STEP);
    expect(window.unnamed()).toEqual([id(1), id(2)]);
    window.nameRows(new Map([[id(2), "web/-/gone/-"]]));
    expect(window.containerPoints(STEP, "web/-/gone/-")).toMatchObject([{ cpu: 2 }]);
    known = true;
    expect(window.containerPoints(STEP, keyOf(id(1)))).toMatchObject([{ cpu: 1 }]);
  });

  it.each([
    ["a year behind", -365 * 86_400_000],
    ["an hour ahead", 3_600_000],
    ["at the year 9999", 253_402_300_799_999 - 200 * STEP - 1_767_225_600_000],
  ])("shows the same of a host whose clock is %s", (_, off) => {
    const window = createHostWindow(keyOf);
    const start = 1_767_225_600_000;
    for (let i = 1; i <= 100; i += 1) window.push(measured(start + off + i * STEP), false, start + i * STEP);
    expect(window.hostPoints(start + 100 * STEP)).toHaveLength(90);
    expect(window.nowThere(start + 100 * STEP)).toBe(start + off + 100 * STEP);
  });

  it("has times that grow and a bounded number of points, however the host's clock jumps", () => {
    fc.assert(fc.property(fc.array(fc.record({ at: fc.integer({ min: 0, max: 4_000_000 }), late: fc.boolean() }), { maxLength: 300 }), (pushes) => {
      const window = createHostWindow(keyOf);
      pushes.forEach(({ at, late }, i) => window.push(measured(at), late, i * STEP));
      const points = window.hostPoints(pushes.length * STEP);
      expect(points.length).toBeLessThanOrEqual(SLOTS);
      points.reduce((before, { at }) => (expect(at).toBeGreaterThan(before), at), -1);
      for (const part of window.spark(pushes.length * STEP, null, 30).cpu) expect(part === null || part === 1).toBe(true);
    }));
    // Back by an hour in mid-stream: what is measured from then on is shown.
    const window = filled(50);
    for (let i = 51; i <= 60; i += 1) window.push(measured(i * STEP + 3_600_000), false, i * STEP);
    for (let i = 61; i <= 70; i += 1) window.push(measured(i * STEP), false, i * STEP);
    expect(window.hostPoints(70 * STEP).map(({ at }) => at / STEP)).toEqual([...Array.from({ length: 50 }, (_, i) => i + 1), ...Array.from({ length: 10 }, (_, i) => 61 + i)]);
  });

  it("marks what was filled in, between what was not", () => {
    const window = createHostWindow(keyOf);
    for (let i = 1; i <= 30; i += 1) window.push(measured(i * STEP), i > 10 && i <= 20, i * STEP);
    expect(window.hostPoints(30 * STEP).filter(({ late }) => late).map(({ at }) => at / STEP)).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  });

  it("forgets containers that are out of it, and is bounded by number, whatever ids an agent invents", () => {
    const window = createHostWindow(keyOf);
    for (let i = 1; i <= 40; i += 1) window.push(measured(i * STEP, Array.from({ length: 2_000 }, (_, n) => ({ id: id(i * 2_000 + n), cpu: 1 }))), false, i * STEP);
    expect(window.stats().rows).toBeLessThanOrEqual(4_000);
    expect(window.newest()?.figures).toHaveLength(2_001);
    for (let i = 41; i <= 41 + SLOTS; i += 1) window.push(measured(i * STEP), false, i * STEP);
    expect(window.stats().rows).toBe(0);
  });

  it("takes 4 KB a container: 10,000 on five hosts under 40 MB", () => {
    const figures = { cpu: 0.1, throttled: 0, memory: 1, received: 1, sent: 1, read: 1, written: 1, pids: 1 };
    const windows = Array.from({ length: 5 }, () => createHostWindow(keyOf));
    for (const window of windows) for (let i = 1; i <= 3; i += 1) window.push(measured(i * STEP, Array.from({ length: 2_000 }, (_, n) => ({ id: id(n), ...figures }))), false, i * STEP);
    const stats = windows.map((window) => window.stats());
    expect(stats.reduce((sum, { rows }) => sum + rows, 0)).toBe(10_000);
    expect(stats.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(40 << 20);
  });

  it("gives a sparkline of means in equal parts, null where nothing is known", () => {
    const window = filled(90, (i) => measured(i * STEP, i > 60 ? [{ id: id(1), cpu: i % 3, memory: 100 }] : []));
    const { cpu, memory } = window.spark(90 * STEP, id(1), 30);
    expect(cpu).toEqual([...Array<null>(20).fill(null), ...Array<number>(10).fill(1)]);
    expect(memory).toEqual([...Array<null>(20).fill(null), ...Array<number>(10).fill(100)]);
    expect(window.spark(90 * STEP, id(7), 30).cpu.every((part) => part === null)).toBe(true);
  });
});
