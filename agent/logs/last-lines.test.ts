import { describe, expect, it } from "vitest";
import { LIMITS } from "@/protocol/limits";
import { parseEntries, writeEntry } from "@/protocol/log-text";
import { cutLines } from "./last-lines";

const entry = (text: string) => writeEntry({ text, stream: "stdout", time: "2026-11-28T12:00:00.000000001Z" });
const texts = (lines: string) => parseEntries(lines).map(({ text }) => text);

describe("the last lines of a log", () => {
  it("are the newest, in their order", () => {
    const { lines, cut, why } = cutLines(["a", "b", "c"].map(entry).join(""), 2, null);
    expect(texts(lines)).toEqual(["b", "c"]);
    expect({ cut, why }).toEqual({ cut: 0, why: null });
  });
  it("keep the bounds of a line and of all, and count what was cut, whatever is in them", () => {
    const many = cutLines(Array.from({ length: 200 }, (_, i) => entry(`${i} ${"x".repeat(7_000)}`)).join(""), 200, null);
    expect(Buffer.byteLength(many.lines)).toBeLessThanOrEqual(LIMITS.boxLogBytes);
    expect(texts(many.lines).at(-1)).toMatch(/^199 /);
    expect(texts(many.lines).length + many.cut).toBe(200);
    for (const nasty of ["\u0001", "가", "😀", "\"", "\\"]) {
      const long = cutLines(entry(nasty.repeat(20_000)) + entry("end"), 200, null);
      expect(texts(long.lines)).toHaveLength(2);
      expect(long.cut).toBe(1);
      for (const one of long.lines.trimEnd().split("\n")) expect(Buffer.byteLength(one) + 1).toBeLessThanOrEqual(LIMITS.boxLineBytes);
    }
  });
  it("are none of an empty log", () => {
    expect(cutLines("", 200, "why")).toEqual({ lines: "", cut: 0, why: "why" });
  });
});
