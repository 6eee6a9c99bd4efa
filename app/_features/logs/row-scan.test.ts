import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { levelOf } from "@/protocol/log-level";
import { createLogIndex, writeEntry } from "@/protocol/log-text";
import { createLogStore } from "./log-store";
import { findText } from "./matcher";
import { createRowPainter } from "./row-painter";
import { createRowScan, type RowView } from "./row-scan";

const chunkOf = (lines: string[], from = 0) => createLogIndex().push(new TextEncoder().encode(lines.map((text, i) => writeEntry({ text, stream: "stdout", time: new Date(1_764_000_000_000 + (from + i) * 10).toISOString() })).join("")), "entries");
const stage = (lines: string[]) => {
  const store = createLogStore({ rows: 100, nextFrame: (paint) => paint() });
  void store.add("a", chunkOf(lines));
  const levels = vi.fn(levelOf);
  const scan = createRowScan(store, levels, () => 0);
  const texts = (view: RowView) => Array.from({ length: view.count }, (_, at) => store.row(view.index(at))).map((row) => row.line?.text ?? "[gap]");
  return { store, scan, levels, texts };
};
const LINES = ["INFO one", "ERROR two", "    at frame (x.js:1)", "WARN three", "four", "ERROR five"];

describe("what is known of the rows", () => {
  it("is nothing while nobody asks: no line is read", () => {
    const { store, scan, levels } = stage(LINES);
    const row = vi.spyOn(store, "row");
    expect(scan.work(Infinity)).toBe(true);
    expect(scan.view()).toMatchObject({ count: 6, hits: [], hidden: 0, waiting: 0 });
    expect([row.mock.calls.length, levels.mock.calls.length]).toEqual([0, 0]);
  });

  it("shows a level and worse; a stack trace goes with its error; gaps always stand", () => {
    const { store, scan, texts } = stage(LINES);
    store.addGap("a", { at: null, bytes: 1, why: "w" });
    scan.ask({ level: "error", matcher: null });
    scan.work(Infinity);
    expect(texts(scan.view())).toEqual(["ERROR two", "    at frame (x.js:1)", "ERROR five", "[gap]"]);
    expect(scan.view().hidden).toBe(3);
    scan.ask({ level: "warn", matcher: null });
    scan.work(Infinity);
    expect(texts(scan.view())).toContain("WARN three");
  });

  it("counts hits by their place among the shown rows, also behind colours", () => {
    const { store, scan } = stage(LINES);
    void store.add("a", chunkOf(["\u001b[31mERR\u001b[0mOR six"], 6));
    scan.ask({ level: null, matcher: findText("error") });
    scan.work(Infinity);
    expect(scan.view().hits).toEqual([1, 5, 6]);
    scan.ask({ level: "error", matcher: findText("five") });
    scan.work(Infinity);
    expect(scan.view().hits).toEqual([2]);
  });

  it("looks at each row once, the newest first, and says what still waits", () => {
    const store = createLogStore({ rows: 1_000, nextFrame: (paint) => paint() });
    void store.add("a", chunkOf(Array.from({ length: 200 }, (_, i) => `line ${i}`)));
    let time = 0;
    const test = vi.fn((text: string) => text.includes("199") || text.includes("line 0"));
    const scan = createRowScan(store, levelOf, () => time++);
    scan.ask({ level: null, matcher: { test, ranges: () => [] } });
    expect(scan.work(0)).toBe(false);
    const some = scan.view();
    expect([some.hits, some.waiting, some.count], "rows stand at their places from the beginning").toEqual([[199], 200 - 64, 200]);
    while (!scan.work(0));
    expect([scan.view().hits.length, scan.view().waiting, test.mock.calls.length]).toEqual([2, 0, 200]);
    void store.add("a", chunkOf(["line 199 again"], 200));
    scan.work(Infinity);
    expect([scan.view().hits.length, test.mock.calls.length]).toEqual([3, 201]);
  });

  it("forgets rows that have left, however many pour through", () => {
    const { store, scan } = stage(LINES);
    scan.ask({ level: null, matcher: findText("line") });
    for (let i = 0; i < 30; i++) {
      void store.add("a", chunkOf(Array.from({ length: 2_000 }, (_, n) => `line ${n}`), i * 2_000 + 6));
      scan.work(Infinity);
      expect(scan.view().hits).toHaveLength(100);
    }
  });
});

describe("painting", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is at once after a calm, and a few times a second in a flood", () => {
    const { store, scan } = stage(LINES);
    const painter = createRowPainter(store, scan, Date.now);
    let paints = 0;
    const stop = painter.subscribe(() => paints++);
    vi.advanceTimersByTime(1_000);
    paints = 0;
    void store.add("a", chunkOf(["x"], 6));
    expect(paints).toBe(1);
    for (let i = 0; i < 1_000; i++) {
      void store.add("a", chunkOf(["x"], 7 + i));
      vi.advanceTimersByTime(1);
    }
    expect(paints).toBeLessThanOrEqual(10);
    vi.advanceTimersByTime(200);
    expect(painter.get().count).toBe(store.length);
    stop();
    paints = 0;
    void store.add("a", chunkOf(["x"], 2_000));
    vi.advanceTimersByTime(1_000);
    expect(paints).toBe(0);
  });
});
