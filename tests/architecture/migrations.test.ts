import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { ROOT } from "./tree";

describe("the migrations", () => {
  it("lead to the schema as it is: each of its changes has one", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, "bin/migration.mjs"), "--check"], { cwd: ROOT });
    expect(stdout).toContain("Each change of the schema has its migration.");
  });
});
