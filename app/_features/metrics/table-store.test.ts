import { describe, expect, it, vi } from "vitest";
import type { TableFigures, TableRow } from "@/server/domains/metrics/schema";
import { createTableStore, POINTS, sumFigures } from "./table-store";

const STEP = 30_000;
const figures = (id: string | null, cpu: number | null, change: Partial<TableFigures> = {}): TableFigures => ({ id, cpu, cpuLimit: null, memory: 100, memoryLimit: null, ...change });
const row = (id: string | null, cpu: number | null, cpuPoints: (number | null)[] = []): TableRow => ({ ...figures(id, cpu), hostId: "h1", cpuPoints, memoryPoints: [] });

function start(rows: TableRow[]) {
  let time = 1_000;
  const store = createTableStore(() => time);
  store.take({ type: "snapshot", stepMs: STEP, rows, first: true, last: true });
  const patch = (at: number, ...told: TableFigures[]) => store.take({ type: "patch", hosts: [{ hostId: "h1", at, figures: told }] });
  return { store, patch, setTime: (next: number) => void (time = next) };
}

describe("the figures of the tables", () => {
  it("are those of the snapshot when its last part is here, and not before", () => {
    const store = createTableStore(() => 5);
    store.take({ type: "snapshot", stepMs: STEP, rows: [row("a", 0.4, [0.1, null, 0.4])], first: true, last: false });
    expect(store.get("h1/a")).toBeUndefined();
    store.take({ type: "snapshot", stepMs: STEP, rows: [row(null, 1)], first: false, last: true });
    expect(store.get("h1/a")).toMatchObject({ cpu: 0.4, memory: 100, receivedAt: 5, cpuPoints: [0.1, null, 0.4] });
    expect(store.get("h1")).toMatchObject({ cpu: 1 });
  });

  it("forget a snapshot that was cut off, and keep what is known", () => {
    const { store } = start([row("a", 0.4)]);
    store.take({ type: "snapshot", stepMs: STEP, rows: [row("b", 1)], first: true, last: false });
    store.interrupted();
    store.take({ type: "snapshot", stepMs: STEP, rows: [row("c", 1)], first: true, last: true });
    expect(store.get("h1/b")).toBeUndefined();
    expect(store.get("h1/c")).toBeDefined();
  });

  it("grow a point as the mean of its step, and begin the next one with the next step", () => {
    const { store, patch } = start([row("a", 0.4)]);
    patch(0, figures("a", 1));
    patch(10_000, figures("a", 3));
    expect(store.get("h1/a")?.cpuPoints).toEqual([2]);
    patch(30_000, figures("a", 8));
    expect(store.get("h1/a")?.cpuPoints).toEqual([2, 8]);
  });

  it("leave steps empty in which nothing came: a hole, not a zero", () => {
    const { store, patch } = start([row("a", 0.4)]);
    patch(0, figures("a", 1));
    patch(3 * STEP, figures("a", 2));
    expect(store.get("h1/a")?.cpuPoints).toEqual([1, null, null, 2]);
    patch(4 * STEP, figures("a", null));
    expect(store.get("h1/a")).toMatchObject({ cpu: null, cpuPoints: [1, null, null, 2, null] });
  });

  it("keep no more points than a sparkline has, however long a host was away", () => {
    const { store, patch } = start([row("a", 0.4, Array.from({ length: 50 }, () => 1))]);
    expect(store.get("h1/a")?.cpuPoints).toHaveLength(POINTS);
    patch(0, figures("a", 1));
    patch(1e9 * STEP, figures("a", 2));
    expect(store.get("h1/a")?.cpuPoints).toEqual([...Array.from({ length: POINTS - 1 }, () => null), 2]);
  });

  it("are gone for a container that its host tells nothing of, and stay for those of other hosts", () => {
    const { store, patch } = start([row("a", 0.4), row("b", 0.4), { ...row("x", 1), hostId: "h2" }]);
    patch(0, figures("a", 1), figures(null, 1));
    expect(store.get("h1/b")).toBeUndefined();
    expect(store.get("h2/x")).toBeDefined();
  });

  it("wake only the rows that changed, and nobody who has left", () => {
    const { store, patch } = start([row("a", 0.4), { ...row("x", 1), hostId: "h2" }]);
    const [a, x, any] = [vi.fn(), vi.fn(), vi.fn()];
    const leave = store.subscribe("h1/a", a);
    store.subscribe("h2/x", x);
    store.subscribeAny(any);
    patch(0, figures("a", 1));
    expect([a, x, any].map((listener) => listener.mock.calls.length)).toEqual([1, 0, 1]);
    leave();
    patch(10_000, figures("a", 2));
    expect(a).toHaveBeenCalledTimes(1);
    expect(store.version()).toBe(3);
  });

  it("say when they came", () => {
    const { store, patch, setTime } = start([row("a", 0.4)]);
    setTime(9_000);
    patch(0, figures("a", 1));
    expect(store.get("h1/a")?.receivedAt).toBe(9_000);
  });
});

describe("sums", () => {
  it("add what is known, and are unknown where nothing is", () => {
    expect(sumFigures([{ cpu: 1, memory: null }, { cpu: null, memory: null }, { cpu: 0.5, memory: 7 }])).toEqual({ cpu: 1.5, memory: 7 });
    expect(sumFigures([{ cpu: null, memory: null }])).toEqual({ cpu: null, memory: null });
    expect(sumFigures([])).toEqual({ cpu: null, memory: null });
  });
});
