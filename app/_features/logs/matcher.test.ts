import { describe, expect, it } from "vitest";
import { findPattern, findText, ignoresCase } from "./matcher";

describe("finding words in a line", () => {
  it("marks each place, without regard to case until a capital letter is typed", () => {
    expect(findText("err").ranges("Error, ERR and error")).toEqual([[0, 3], [7, 10], [15, 18]]);
    expect(findText("Err").ranges("Error, ERR and error")).toEqual([[0, 3]]);
    expect(findText("없음").test("파일 없음")).toBe(true);
  });

  it("takes every character as itself", () => {
    for (const text of ["a.b", "(x", "[", "\\d", "$^", "a|b", "{2}", "*", "/", "-"]) {
      expect(findText(text).ranges(`..${text}..`), text).toEqual([[2, 2 + text.length]]);
    }
    expect(findText("a.b").test("axb")).toBe(false);
  });

  it("stays at the right place after letters that grow when they are made small", () => {
    expect(findText("x").ranges("İİx")).toEqual([[2, 3]]);
  });
});

describe("finding patterns in a line", () => {
  it("finds as RE2 does, and passes over empty hits", async () => {
    expect((await findPattern("allocation|137")).ranges("exit 137: Allocation")).toEqual([[5, 8], [10, 20]]);
    expect((await findPattern("x*")).ranges("axxb")).toEqual([[1, 3]]);
    expect((await findPattern("\\bB\\b")).test("a b")).toBe(false);
  });

  it("does not take a class for a capital letter", () => {
    expect(ignoresCase("\\S+ \\pL \\p{Greek}")).toBe(true);
    expect(ignoresCase("Error")).toBe(false);
  });

  it("says what is wrong with a pattern that is none", async () => {
    await expect(findPattern("(a")).rejects.toThrow(/missing closing/);
    await expect(findPattern("a{2000}")).rejects.toThrow();
    await expect(findPattern("(?=a)")).rejects.toThrow();
  });

  it("ends for the pattern and the line that would stop a backtracking one", async () => {
    const matcher = await findPattern("(a+)+$");
    expect(matcher.test(`${"a".repeat(65_536)}!`)).toBe(true); // its first 16 KiB are all a
    expect(matcher.test(`${"a".repeat(10_000)}!`)).toBe(false);
  });

  it("marks a bounded number of places", async () => {
    expect((await findPattern("a")).ranges("a".repeat(5_000))).toHaveLength(200);
    expect(findText("a").ranges("a".repeat(5_000))).toHaveLength(200);
  });
});
