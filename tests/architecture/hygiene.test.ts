import { describe, expect, it } from "vitest";
import { filesIn, textOf } from "./tree";

const SOURCES = ["app", "server", "agent", "protocol", "bin", "tests"];
const CODE = /\.(ts|tsx|mjs|cjs)$/;
const code = filesIn(SOURCES, CODE);

/** Past this a file usually holds two concepts. A longer one stands here with its reason. */
const LONGEST_FILE = 350;
const LONGER_FOR_A_REASON: Record<string, string> = {};

/** Names that promise nothing, so that anything ends up in them. */
const DRAWERS = /(^|\/)(utils?|helpers?|common|misc|shared|stuff)(\/|\.(ts|tsx|mjs)$)/;

// Written apart, so that this file does not find itself.
const ONLY = new RegExp(`\\b(it|test|describe)\\.${"only"}\\(`);
const SILENCED = new RegExp(`@ts-${"ignore"}|@ts-${"nocheck"}|@ts-${"expect-error"}(?! \\S)`);
const DISABLED = new RegExp(`eslint-${"disable"}(?!.* -- \\S)`);

const lines = (path: string) => textOf(path).split("\n").length - 1;

describe("the sources", () => {
  it("are there to be looked at", () => {
    expect(code.length).toBeGreaterThan(100);
  });

  it(`hold one concept a file: none is longer than ${LONGEST_FILE} lines without a reason`, () => {
    const long = code.filter((path) => lines(path) > LONGEST_FILE && !(path in LONGER_FOR_A_REASON));
    expect(long.map((path) => `${path}: ${lines(path)}`)).toEqual([]);
    expect(Object.keys(LONGER_FOR_A_REASON).filter((path) => lines(path) <= LONGEST_FILE), "no longer too long").toEqual([]);
  });

  it("have no drawers", () => {
    expect(filesIn(SOURCES, DRAWERS)).toEqual([]);
  });

  it("run all tests: none is singled out", () => {
    expect(code.filter((path) => ONLY.test(textOf(path)))).toEqual([]);
  });

  it("silence no checker without saying why on the line", () => {
    const silenced = code.flatMap((path) => textOf(path).split("\n").flatMap((line, index) => (SILENCED.test(line) || DISABLED.test(line) ? [`${path}:${index + 1}`] : [])));
    expect(silenced).toEqual([]);
  });

  it("say nothing of the machine they were written on", () => {
    const places = new RegExp(["/work/", "main|/work/", "shared|/home/\\w|/Users/\\w"].join(""));
    expect([...code, ...filesIn(["docs", "messages", "prisma"], /\.(md|json|prisma|sql)$/)].filter((path) => places.test(textOf(path)))).toEqual([]);
  });
});

describe("the packages", () => {
  it("each have a line in docs/dependencies.md that says why, and no line is left over", () => {
    const { dependencies, devDependencies } = JSON.parse(textOf("package.json")) as Record<"dependencies" | "devDependencies", Record<string, string>>;
    const explained = [...textOf("docs/dependencies.md").matchAll(/^\| `([^`]+)` \| \S/gm)].map((match) => match[1]);
    expect(explained.sort()).toEqual([...Object.keys(dependencies), ...Object.keys(devDependencies)].sort());
  });
});

describe("the lockfile", () => {
  it("names no registry, so that each machine uses its own", () => {
    expect(textOf("package-lock.json").match(/https?:\/\/registry[^"]*/g) ?? []).toEqual([]);
    expect(textOf("package-lock.json").match(/"resolved": "https?:/g) ?? []).toEqual([]);
  });

  it("agrees with package.json", () => {
    const wanted = JSON.parse(textOf("package.json")) as { dependencies: Record<string, string>; devDependencies: Record<string, string> };
    const locked = (JSON.parse(textOf("package-lock.json")) as { packages: Record<string, Partial<typeof wanted>> }).packages[""];
    expect({ dependencies: locked?.dependencies, devDependencies: locked?.devDependencies }).toEqual({ dependencies: wanted.dependencies, devDependencies: wanted.devDependencies });
  });
});
