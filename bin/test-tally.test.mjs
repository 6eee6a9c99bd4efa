import { describe, expect, it } from "vitest";
import { playwrightTally, vitestTally } from "./test-phases.mjs";
import { parsePhases } from "./test-run.mjs";

const vitestFile = (statuses, status = "passed") => ({ name: "/a/b.test.ts", status, assertionResults: statuses.map((one, at) => ({ status: one, fullName: `test ${at}` })) });

describe("the sum of npm test", () => {
  it("counts what Vitest reports and names what was skipped", () => {
    const tally = vitestTally({ testResults: [vitestFile(["passed", "failed", "skipped", "pending", "todo"])] });
    expect([tally.passed, tally.failed, tally.skipped.length]).toEqual([1, 1, 3]);
    expect(tally.skipped[0]).toContain("test 2");
  });

  it("counts a file that could not be loaded as a failure", () => {
    expect(vitestTally({ testResults: [vitestFile([], "failed")] })).toEqual({ passed: 0, failed: 1, skipped: [] });
  });

  it("counts a file whose set-up failed as a failure, beside the tests that it kept from running", () => {
    const tally = vitestTally({ testResults: [vitestFile(["skipped", "skipped"], "failed")] });
    expect([tally.failed, tally.skipped.length]).toEqual([1, 2]);
  });

  it("is nothing for a runner that left no report", () => {
    expect(vitestTally(null)).toEqual({ passed: 0, failed: 0, skipped: [] });
  });

  it("counts what Playwright reports, and a second try as a failure", () => {
    const spec = (title, status) => ({ title, tests: [{ status }] });
    const report = { suites: [{ title: "a.spec.ts", specs: [spec("one", "expected"), spec("two", "flaky")], suites: [{ title: "group", specs: [spec("three", "skipped"), spec("four", "unexpected")] }] }] };
    expect(playwrightTally(report)).toEqual({ passed: 1, failed: 2, skipped: ["a.spec.ts › group › three"] });
  });
});

describe("the command line of npm test", () => {
  it("runs everything unless told otherwise", () => {
    expect(parsePhases([])).toEqual(["checks", "unit", "lab", "browser"]);
    expect(parsePhases(["--static"])).toEqual(["checks"]);
    expect(parsePhases(["--only", "lab", "--only", "unit"])).toEqual(["unit", "lab"]);
  });

  it("refuses what it does not know", () => {
    expect(() => parsePhases(["--fast"])).toThrow(/does not know --fast/);
    expect(() => parsePhases(["--only", "some"])).toThrow(/--only needs one of/);
  });
});
