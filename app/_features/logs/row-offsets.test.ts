import { describe, expect, it } from "vitest";
import { createRowSizes, evenRows, indexOfId, measuredRows } from "./row-offsets";

describe("where rows stand", () => {
  it("is arithmetic while all have one height", () => {
    const rows = evenRows(50_000, 19);
    expect([rows.total, rows.of(3), rows.of(99_999), rows.at(0), rows.at(56), rows.at(57), rows.at(1e9), rows.at(-5)]).toEqual([950_000, 57, 950_000, 0, 2, 3, 49_999, 0]);
    expect(evenRows(0, 19).at(10)).toBe(-1);
  });

  it("follows the heights that were measured, and finds a row by any pixel of it", () => {
    const sizes = createRowSizes();
    expect(sizes.take([[10, 19], [11, 57], [13, 38]])).toBe(true);
    expect(sizes.take([[11, 57]])).toBe(false);
    const rows = measuredRows(5, 19, (index) => 10 + index, sizes);
    expect([0, 1, 2, 3, 4, 5].map(rows.of)).toEqual([0, 19, 76, 95, 133, 152]);
    expect([0, 18, 19, 75, 76, 94, 95, 132, 133, 500].map(rows.at)).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
    expect(measuredRows(0, 19, () => 0, sizes).at(5)).toBe(-1);
  });

  it("finds a row again after others came before it or left at the front", () => {
    const ids = Array.from({ length: 1_000 }, (_, index) => 5_000 + index);
    const idOf = (index: number) => ids[index] ?? -1;
    expect(indexOfId(1_000, idOf, 5_100, 100)).toBe(100);
    expect(indexOfId(1_000, idOf, 5_100, 900)).toBe(100);
    expect(indexOfId(1_000, idOf, 5_999, 0)).toBe(999);
    expect(indexOfId(1_000, idOf, 5_000, 5_000)).toBe(0);
    expect(indexOfId(1_000, idOf, 4_999, 500)).toBe(-1);
    expect(indexOfId(0, idOf, 1, 0)).toBe(-1);
  });
});
