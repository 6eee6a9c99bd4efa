import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SearchHit, SearchProgress } from "@/server/domains/logs/schema";
import { createSearchResult, inOrder, shareOf } from "./search-hits";

const hit = (hostId: string, at: number | null, text = "x"): SearchHit => ({ hostId, id: "c", at, stream: "stdout", level: null, text, cut: false, cursor: "f:1:0" });
const host = (part: Partial<SearchProgress>): SearchProgress => ({ hostId: "h", state: "searching", containers: 0, of: 4, bytes: 0, ofBytes: null, hits: 0, ...part });

describe("the hits of a search", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("are merged by time over all hosts; those of one moment stay as they came", () => {
    const sorted = inOrder([hit("h2", 30, "c"), hit("h1", 10, "a"), hit("h3", 30, "d"), hit("h1", null, "z"), hit("h1", 20, "b")]);
    expect(sorted.map((one) => one.text).join("")).toBe("abcdz");
  });

  it("are painted now and then while they pour in, and at once at the end", () => {
    const result = createSearchResult();
    let paints = 0;
    result.state.subscribe(() => paints++);
    for (let i = 0; i < 500; i++) result.take({ type: "hits", hits: [hit("h1", i)] });
    expect(paints).toBe(0);
    vi.advanceTimersByTime(250);
    expect([paints, result.state.get().hits.length]).toEqual([1, 500]);
    result.take({ type: "skipped", hostId: "h2", id: null, code: "host_away", why: "away" });
    result.take({ type: "done", hits: 500, more: true });
    expect(result.state.get()).toMatchObject({ done: { more: true }, skipped: [{ hostId: "h2", code: "host_away" }] });
  });
});

describe("how far a search is", () => {
  it("goes by bytes where all hosts know them, and by containers otherwise", () => {
    expect(shareOf([host({ bytes: 50, ofBytes: 100 }), host({ bytes: 0, ofBytes: 100, state: "waiting" })]).part).toBe(0.25);
    expect(shareOf([host({ containers: 1 }), host({ bytes: 50, ofBytes: 100, containers: 3 })]).part).toBe(0.5);
    expect(shareOf([]).part).toBe(0);
  });

  it("counts what failed as over, and is never more than all", () => {
    expect(shareOf([host({ state: "failed", bytes: 10, ofBytes: 100 }), host({ state: "done", bytes: 90, ofBytes: 80 })]).part).toBe(1);
  });
});
