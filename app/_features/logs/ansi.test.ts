import { describe, expect, it } from "vitest";
import { colourOf256, markPieces, plainText, readPieces } from "./ansi";

const looks = (text: string) => readPieces(text).map((piece) => [piece.text, piece.look]);

describe("terminal colours in a log line", () => {
  it("become class names, and end where the line says", () => {
    expect(looks("a\u001b[31mred\u001b[0m b")).toEqual([["a", ""], ["red", "ansi-f1"], [" b", ""]]);
    expect(looks("\u001b[1;4;92;44mx\u001b[22;24my\u001b[39;49mz")).toEqual([["x", "ansi-f10 ansi-b4 ansi-bold ansi-underline"], ["y", "ansi-f10 ansi-b4"], ["z", ""]]);
    expect(looks("\u001b[2mdim\u001b[m")).toEqual([["dim", "ansi-dim"]]);
    expect(looks("\u001b[7;31mx")).toEqual([["x", "ansi-inverse ansi-g1"]]);
    expect(looks("\u001b[7mx")).toEqual([["x", "ansi-inverse ansi-gink"]]);
  });

  it("map 256 and true colours to the sixteen that are read on our ground", () => {
    expect(looks("\u001b[38;5;196mx")).toEqual([["x", "ansi-f9"]]);
    expect(looks("\u001b[48;2;0;200;10mx")).toEqual([["x", "ansi-b2"]]);
    expect(looks("\u001b[38:5:21mx")).toEqual([["x", "ansi-f4"]]);
    for (let value = 0; value < 256; value++) expect(colourOf256(value)).toBeLessThan(16);
    expect(colourOf256(256)).toBeNull();
    expect(looks("\u001b[38;5;999mx")).toEqual([["x", ""]]);
  });

  it("hide nothing: concealed text is shown, a sequence without an end takes no text away", () => {
    expect(plainText("\u001b[8mpassword accepted\u001b[0m")).toBe("password accepted");
    expect(plainText("\u001b]0;rm -rf ran here")).toBe("0;rm -rf ran here");
    expect(plainText("\u009d52;c;aGk=")).toBe("52;c;aGk=");
  });
});

describe("what steers a terminal", () => {
  it("is taken out: links, the clipboard, titles, moves, what breaks off", () => {
    expect(looks("\u001b]8;;javascript:alert(1)\u001b\\click\u001b]8;;\u001b\\")).toEqual([["click", ""]]);
    expect(plainText("\u001b]52;c;aGVsbG8=\u0007x")).toBe("x");
    expect(plainText("a\u001b[2J\u001b[10;4Hb\u001b(Bc")).toBe("abc");
    expect(plainText("a\u001b[38;5")).toBe("a");
    expect(plainText("a\u001b[")).toBe("a");
    expect(plainText("a\u001b")).toBe("a");
    expect(plainText("a\u009b31mb")).toBe("ab");
    expect(plainText("\u001bPq#0;2;0;0;0\u001b\\x")).toBe("x");
  });

  it("shows the other control characters as what they are, and no turned direction", () => {
    expect(plainText("50%\r100%")).toBe("50%\u240d100%");
    expect(plainText("a\u0000b\u007f")).toBe("a\u2400b\u2421");
    expect(plainText("user\u202egnp.exe")).toBe("user<U+202E>gnp.exe");
    expect(plainText("tab\there 한글 😀")).toBe("tab\there 한글 😀");
  });

  it("makes no HTML of anything", () => {
    expect(looks("<img src=x onerror=alert(1)>")).toEqual([["<img src=x onerror=alert(1)>", ""]]);
  });

  it("ends for a megabyte of openings", () => {
    const hostile = "\u001b]".repeat(100_000);
    expect(plainText(hostile.slice(0, 100_000))).toBe("");
  });

  it("shows no more than it was asked for", () => {
    expect(readPieces("x".repeat(10), 4)).toEqual([{ text: "xxxx", look: "" }]);
    expect(looks(`\u001b[31m${"x".repeat(10)}`)).toEqual([["x".repeat(10), "ansi-f1"]]);
    expect(readPieces(`\u001b[31m${"x".repeat(10)}`, 4)).toEqual([{ text: "xxxx", look: "ansi-f1" }]);
  });
});

describe("marking hits", () => {
  it("cuts pieces at the borders of the hits and nowhere else", () => {
    const pieces = readPieces("one \u001b[31mtwo three\u001b[0m four");
    const marked = markPieces(pieces, [[2, 6], [14, 18]]);
    expect(marked.map((piece) => piece.text).join("")).toBe("one two three four");
    expect(marked.filter((piece) => piece.hit).map((piece) => piece.text)).toEqual(["e ", "tw", "four"]);
    expect(marked.filter((piece) => piece.look !== "").map((piece) => piece.text)).toEqual(["tw", "o three"]);
    expect(markPieces([], [[0, 1]])).toEqual([]);
  });
});
