import { describe, expect, it, vi } from "vitest";
import { createLogIndex, writeEntry } from "@/protocol/log-text";
import type { LogChunk } from "@/protocol/log-text";
import { createLogStore, type LogStore } from "./log-store";

const encoder = new TextEncoder();
const stamp = (ms: number) => `${new Date(ms).toISOString().slice(0, -1)}000000Z`;
/** Lines "NAME MS" at these milliseconds. */
function chunk(name: string, times: readonly number[]): LogChunk {
  return createLogIndex().push(encoder.encode(times.map((ms) => writeEntry({ text: `${name} ${ms}`, stream: "stdout", time: stamp(ms) })).join("")), "entries");
}
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const textsOf = (store: LogStore) => range(0, store.length).map((i) => {
  const row = store.row(i);
  return row.line?.text ?? `gap ${row.gap?.why}`;
});
const gap = (why: string, at: number | null = null) => ({ at, bytes: null, why });

describe("the lines of a log view", () => {
  it("are the newest, with what left counted", () => {
    const store = createLogStore({ rows: 100 });
    for (let i = 0; i < 30; i++) void store.add("a", chunk("a", range(i * 7, i * 7 + 7)));
    expect(store.length).toBe(100);
    expect(store.left).toBe(110);
    expect(store.arrived()).toBe(210);
    expect(textsOf(store)).toEqual(range(110, 210).map((ms) => `a ${ms}`));
    expect(() => store.row(100)).toThrow(RangeError);
    expect(() => store.row(-1)).toThrow(RangeError);
  });

  it("of one batch that is longer than the view are its last", () => {
    const store = createLogStore({ rows: 10 });
    void store.add("a", chunk("a", range(0, 1_000)));
    expect(textsOf(store)).toEqual(range(990, 1_000).map((ms) => `a ${ms}`));
  });

  it("are parsed when they are asked for, and not before", () => {
    const store = createLogStore({ rows: 10 });
    const spy = { lines: 0, times: 0 };
    for (let i = 0; i < 100; i++) {
      const inner = chunk("a", range(i * 10, i * 10 + 10));
      void store.add("a", { ...inner, bytes: inner.bytes, form: inner.form, lines: inner.lines, line: (n) => (spy.lines++, inner.line(n)), at: (n) => (spy.times++, inner.at(n)) });
    }
    expect(spy).toEqual({ lines: 0, times: 0 });
    store.row(3);
    expect(spy).toEqual({ lines: 1, times: 0 });
  });

  it("of several containers are merged by time, each in its own order", () => {
    const store = createLogStore();
    void store.add("a", chunk("a", [10, 20, 30, 40]));
    void store.add("b", chunk("b", [5, 15, 20, 45]));
    void store.add("c", chunk("c", [25]));
    void store.add("a", chunk("a", [35, 50]));
    expect(textsOf(store)).toEqual(["b 5", "a 10", "b 15", "a 20", "b 20", "c 25", "a 30", "a 40", "a 35", "b 45", "a 50"]);
    const ids = range(0, store.length).map((i) => store.row(i).id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("are the same merged, however the batches are cut and come in", () => {
    const all = { a: range(0, 300).map((i) => i * 3), b: range(0, 300).map((i) => i * 3 + 1), c: range(0, 300).map((i) => i * 3 + 2) };
    const store = createLogStore({ rows: 500 });
    let seed = 1;
    const next = (below: number) => (seed = (seed * 16_807) % 2_147_483_647) % below;
    const at = { a: 0, b: 0, c: 0 };
    const names = ["a", "b", "c"] as const;
    while (names.some((name) => at[name] < 300)) {
      const name = names[next(3)]!;
      const count = next(40);
      void store.add(name, chunk(name, all[name].slice(at[name], at[name] + count)));
      at[name] += count;
    }
    const times = range(0, store.length).map((i) => store.row(i).line!.at!);
    expect(store.length).toBe(500);
    expect(times).toEqual(range(400, 900));
  });

  it("show a gap where it lies, and keep an id for as long as a row is there", () => {
    const store = createLogStore({ rows: 6 });
    void store.add("a", chunk("a", [1, 2, 3]));
    store.addGap("a", gap("rotated"));
    void store.add("a", chunk("a", [8, 9]));
    const id = store.row(4).id;
    void store.add("a", chunk("a", [10]));
    expect(textsOf(store)).toEqual(["a 2", "a 3", "gap rotated", "a 8", "a 9", "a 10"]);
    expect(store.row(3).id).toBe(id);
  });

  it("stand still while they are held, up to twice as many, and then ask the source to wait", async () => {
    const store = createLogStore({ rows: 10 });
    void store.add("a", chunk("a", range(0, 10)));
    store.hold(true);
    expect(store.add("a", chunk("a", range(10, 15)))).toBeUndefined();
    expect(store.row(0).line?.text).toBe("a 0");
    const full = store.add("a", chunk("a", range(15, 20)));
    expect(full).toBeInstanceOf(Promise);
    expect(store.length).toBe(20);
    store.hold(false);
    await full;
    expect(textsOf(store)).toEqual(range(10, 20).map((ms) => `a ${ms}`));
  });

  it("take older lines at their front where there is room, and say when there is none", () => {
    const store = createLogStore({ rows: 10 });
    void store.add("a", chunk("a", range(100, 106)));
    void store.add("b", chunk("b", [50, 104]));
    expect(store.addOlder("a", chunk("a", [40, 60]))).toBe(true);
    expect(textsOf(store)).toEqual(["b 50", "a 40", "a 60", "a 100", "a 101", "a 102", "a 103", "a 104", "b 104", "a 105"]);
    expect(store.addOlder("a", chunk("a", [1]))).toBe(false);
    expect(store.length).toBe(10);
  });

  it("of one container can be taken out, the others staying", () => {
    const store = createLogStore();
    void store.add("a", chunk("a", [1, 3]));
    void store.add("b", chunk("b", [2, 4]));
    store.clear("a");
    expect(textsOf(store)).toEqual(["b 2", "b 4"]);
    store.clear();
    expect(store.length).toBe(0);
    void store.add("a", chunk("a", [5]));
    expect(textsOf(store)).toEqual(["a 5"]);
  });

  it("keep to their bytes, whatever their number", () => {
    const store = createLogStore({ rows: 1_000, bytes: 10_000 });
    const long = (ms: number) => createLogIndex().push(encoder.encode(writeEntry({ text: "x".repeat(3_000), stream: "stdout", time: stamp(ms) })), "entries");
    for (let i = 0; i < 50; i++) void store.add("a", long(i));
    expect(store.length).toBe(3);
    expect(store.row(2).line?.at).toBe(49);
  });

  it("tell of changes once a frame", () => {
    const frames: (() => void)[] = [];
    const store = createLogStore({ nextFrame: (paint) => void frames.push(paint) });
    const listener = vi.fn();
    const end = store.subscribe(listener);
    for (let i = 0; i < 5; i++) void store.add("a", chunk("a", [i]));
    expect(frames).toHaveLength(1);
    frames[0]?.();
    expect(listener).toHaveBeenCalledTimes(1);
    const { version } = store;
    void store.add("a", chunk("a", [9]));
    expect(store.version).toBeGreaterThan(version);
    end();
    frames[1]?.();
    expect(listener).toHaveBeenCalledTimes(1);
  });
});
