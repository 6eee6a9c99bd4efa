import { expect, it } from "vitest";
import { splitHits, treeLines } from "./json-tree";

const document = { Id: "abc", Config: { Env: ["A=***", "PATH=***"], "a/b": 1 }, Empty: {} };

it("lists only what is open", () => {
  expect(treeLines(document, new Set(), "").lines.map((line) => line.path)).toEqual(["/Id", "/Config", "/Empty"]);
  expect(treeLines(document, new Set(["/Config", "/Config/Env"]), "").lines.map((line) => line.path)).toEqual(["/Id", "/Config", "/Config/Env", "/Config/Env/0", "/Config/Env/1", "/Config/a~1b", "/Empty"]);
});
it("opens the way to each hit and leaves the rest out", () => {
  const { lines, hits } = treeLines(document, new Set(), "path");
  expect(lines.map((line) => line.path)).toEqual(["/Config", "/Config/Env", "/Config/Env/1"]);
  expect(hits).toBe(1);
});
it("marks hits whatever their case", () => {
  expect(splitHits("Path path", "PATH")).toEqual(["", "Path", " ", "path", ""]);
  expect(splitHits("x", "")).toEqual(["x"]);
});
