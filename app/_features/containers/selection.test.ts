import { describe, expect, it } from "vitest";
import { extendTo, extent, NOTHING, toggle, toggleAll, withoutGone } from "./selection";

const order = ["a", "b", "c", "d", "e"];

describe("selection", () => {
  it("extends from the last single choice in both directions", () => {
    const c = toggle(NOTHING, "c");
    expect([...extendTo(c, "e", order).ids]).toEqual(["c", "d", "e"]);
    expect([...extendTo(c, "a", order).ids].sort()).toEqual(["a", "b", "c"]);
  });
  it("starts a range where nothing was chosen before", () => {
    expect(extendTo(NOTHING, "b", order)).toEqual({ ids: new Set(["b"]), anchor: "b" });
  });
  it("takes a whole group, and lets it go when it was whole", () => {
    const some = toggle(NOTHING, "a");
    expect(extent(some, ["a", "b"])).toBe("some");
    const all = toggleAll(some, ["a", "b"]);
    expect(extent(all, ["a", "b"])).toBe("all");
    expect(extent(toggleAll(all, ["a", "b"]), ["a", "b"])).toBe("none");
  });
  it("drops what is gone, so that no action meets a row nobody can see", () => {
    const chosen = toggleAll(NOTHING, ["a", "b"]);
    expect([...withoutGone(chosen, (id) => id !== "a").ids]).toEqual(["b"]);
    expect(withoutGone(chosen, () => true)).toBe(chosen);
  });
});
