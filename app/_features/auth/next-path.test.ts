import { describe, expect, it } from "vitest";
import { safeNext } from "./next-path";

describe("the page after signing in", () => {
  it("is the one the person asked for", () => {
    expect(safeNext("/containers?host=h1&q=a%20b#row")).toBe("/containers?host=h1&q=a%20b#row");
  });
  it("is never another site, however it is spelled", () => {
    for (const text of ["//evil.example", "/\\evil.example", "\\/evil", "https://evil.example", "javascript:alert(1)", "/\t/evil.example", "/\n/evil", " //evil", "/a\\..\\evil", "", null, undefined]) {
      expect(safeNext(text), JSON.stringify(text)).toBe("/");
    }
  });
  it("is never the sign-in page again", () => {
    expect(safeNext("/sign-in?next=/sign-in")).toBe("/");
    expect(safeNext("/set-up")).toBe("/");
    expect(safeNext("/api/auth/signout")).toBe("/");
    expect(safeNext("/settings/../sign-in")).toBe("/");
  });
});
