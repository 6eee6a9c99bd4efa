import fc from "fast-check";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { createLineSplitter, readLines } from "@/server/lib/lines";

/** Cuts bytes at the places that the numbers point to. */
function cut(bytes: Buffer, places: number[]): Buffer[] {
  const at = [...new Set([0, bytes.length, ...places.map((place) => place % (bytes.length + 1))])].sort((a, b) => a - b);
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}
const text = fc.string({ unit: "binary", maxLength: 40 }).map((s) => Buffer.from(s.replaceAll("\n", "")).toString());

describe("a line splitter", () => {
  it("gives the same lines wherever the chunks are cut, also within a character", () => {
    fc.assert(
      fc.property(fc.array(text), fc.array(fc.nat()), (lines, places) => {
        const splitter = createLineSplitter();
        const got = cut(Buffer.from(lines.map((line) => `${line}\n`).join("")), places).flatMap((chunk) => splitter.push(chunk));
        expect(got).toEqual(lines.filter((line) => line !== ""));
        expect(splitter.rest()).toBe("");
      }),
    );
  });

  it("refuses a line over its limit, even one that never ends, and holds no more than that", () => {
    const splitter = createLineSplitter(1_000);
    for (let i = 0; i < 10; i++) expect(splitter.push(Buffer.alloc(100, "x"))).toEqual([]);
    expect(() => splitter.push(Buffer.from("x"))).toThrow(expect.objectContaining({ code: "too_large" }));
    expect(createLineSplitter(3).push(Buffer.from("abc\ndef\n"))).toEqual(["abc", "def"]);
    expect(() => createLineSplitter(3).push(Buffer.from("abcd\n"))).toThrow(expect.objectContaining({ code: "too_large" }));
  });

  it("turns bytes that are no UTF-8 into a mark, within their own line", () => {
    const splitter = createLineSplitter();
    expect(splitter.push(Buffer.from([0x61, 0xe8, 0xaa, 10, 0x62, 10]))).toEqual(["a\ufffd", "b"]);
  });

  it("leaves out a last line that was cut off", async () => {
    const lines: string[] = [];
    for await (const line of readLines(Readable.from([Buffer.from("one\ntw"), Buffer.from("o\nthr")]))) lines.push(line);
    expect(lines).toEqual(["one", "two"]);
  });
});
