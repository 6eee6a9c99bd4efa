import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { holdBuildLock } from "./build-lock.mjs";
import { STEP_NAMES, staleSteps } from "./build.mjs";

let folder = "";
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "binnacle-build-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const quiet = () => undefined;
// Above the highest process id that Linux gives.
const NOBODY = "4194305";

describe("the build", () => {
  it("sees what is up to date in under 300 ms", () => {
    // The best of three: other tests run beside this one.
    const took = [1, 2, 3].map(() => {
      const from = performance.now();
      staleSteps(STEP_NAMES);
      return performance.now() - from;
    });
    expect(Math.min(...took)).toBeLessThan(300);
  });

  it("holds others off until it is released", async () => {
    const release = await holdBuildLock(folder, quiet);
    let second = null;
    const waiting = holdBuildLock(folder, quiet).then((done) => (second = done));
    await new Promise((resolve) => setImmediate(resolve));
    expect(second).toBeNull();
    release();
    await waiting;
    expect(second).toBeTypeOf("function");
    second();
  });

  it("takes over from a build that was killed", async () => {
    writeFileSync(join(folder, ".build-lock"), NOBODY);
    const release = await holdBuildLock(folder, quiet);
    expect(readFileSync(join(folder, ".build-lock"), "utf8")).toBe(String(process.pid));
    release();
  });

  it("says so when it cannot write", async () => {
    await expect(holdBuildLock(join(folder, "not-there"), quiet)).rejects.toThrow(/cannot write to/);
  });
});
