import { describe, expect, it } from "vitest";
import type { GapView, HistoryEvent, HistoryPage } from "@/server/domains/fleet/schema";
import { historyLines } from "./history";

const event = (at: number, id = "a"): HistoryEvent => ({
  epoch: 1, seq: at, at, kind: "start", id: id.repeat(64), target: { namespace: null, workload: "web", replica: null }, name: "web", image: "web:1",
  exitCode: null, signal: null, health: null, asked: false, step: null, late: false, box: null,
});
const gap = (since: number | null, until: number | null, at: number): GapView => ({ since, until, at, why: "lost" });
const page = (events: HistoryEvent[], gaps: GapView[] = []): HistoryPage => ({ events, gaps, next: null });
const shape = (pages: HistoryPage[]) => historyLines(pages).map((line) => (line.type === "gap" ? `gap ${line.gap.until ?? line.gap.at}` : line.event.at));

describe("a history", () => {
  it("has each gap where it lies in time", () => {
    expect(shape([page([event(90), event(50), event(10)], [gap(60, 80, 95), gap(null, null, 20)])])).toEqual([90, "gap 80", 50, "gap 20", 10]);
  });
  it("has a gap that is newer or older than all events", () => {
    expect(shape([page([event(50)], [gap(60, 99, 99), gap(0, 5, 60)])])).toEqual(["gap 99", 50, "gap 5"]);
    expect(shape([page([], [gap(0, 5, 60)])])).toEqual(["gap 5"]);
  });
  it("tells a gap once that two pages tell", () => {
    expect(shape([page([event(90)], [gap(60, 80, 95)]), page([event(50)], [gap(60, 80, 95)])])).toEqual([90, "gap 80", 50]);
  });
  it("knows where another container begins under the same address", () => {
    const lines = historyLines([page([event(90, "b"), event(50, "a"), event(10, "a")])]);
    expect(lines.map((line) => line.type === "event" && line.anew)).toEqual([true, false, false]);
  });
});
