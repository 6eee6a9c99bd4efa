import { expect, it } from "vitest";
import { DEFAULT_VIEW, readView, writeView, type TableView } from "./view-url";

it("comes back from the address as it went in, and leaves defaults out", () => {
  const view: TableView = { filter: 'host:"a b" !state:running', grouping: "host", order: { by: "up", descending: true } };
  expect(readView(new URLSearchParams(writeView(view)))).toEqual(view);
  expect(writeView(DEFAULT_VIEW)).toBe("");
  expect(readView(new URLSearchParams("group=__proto__&sort=-nonsense"))).toEqual({ ...DEFAULT_VIEW, order: { by: "name", descending: true } });
});
