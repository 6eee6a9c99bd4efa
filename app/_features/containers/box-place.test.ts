import { expect, it } from "vitest";
import { boxesPath, parsePlace } from "./box-place";

it("comes back from the address as it went in, and takes nothing that is no place", () => {
  const place = { hostId: "h1", epoch: 3, seq: 118 };
  const path = boxesPath("/containers/h1/-/web/-", place);
  expect(path).toBe("/containers/h1/-/web/-?part=boxes&box=3-118");
  expect(parsePlace("h1", new URL(path, "http://page").searchParams.get("box"))).toEqual(place);
  for (const text of [null, "", "3", "-1-2", "3-", "3-118-1", "x-1", "1e3-1"]) expect(parsePlace("h1", text), String(text)).toBeNull();
  expect(boxesPath("/containers/a/-/b/-")).toBe("/containers/a/-/b/-?part=boxes");
});
