import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asDiskError, takeDataDirectory } from "./data-directory";

describe("the data directory", () => {
  let directory: string;
  let holder: string;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "binnacle-data-"));
    // Inside the checkout's node_modules, so that the bundle finds the packages it leaves out.
    const nested = join(process.cwd(), "node_modules", ".cache", `binnacle-test-${process.pid}`);
    mkdirSync(nested, { recursive: true });
    holder = join(nested, "holder.mjs");
    await build({
      stdin: { contents: `import { takeDataDirectory } from "./server/db/data-directory"; await takeDataDirectory(process.argv[2]); console.log("held"); setInterval(() => {}, 1000);`, resolveDir: process.cwd(), loader: "ts" },
      bundle: true, platform: "node", format: "esm", packages: "external", outfile: holder, tsconfig: "tsconfig.json",
    });
  });
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
    rmSync(join(holder, ".."), { recursive: true, force: true });
  });

  it("is held by one process, which the next one names; a kill frees it at once", async () => {
    const path = join(directory, "held");
    const child = spawn(process.execPath, [holder, path], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      await new Promise((resolve) => child.stdout.once("data", resolve));
      await expect(takeDataDirectory(path)).rejects.toThrow(`Another Binnacle hub (process ${child.pid}) is using ${path}`);
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await gone;
      const data = await takeDataDirectory(path);
      expect(readFileSync(join(path, "hub.pid"), "utf8")).toBe(String(process.pid));
      await data.release();
      await (await takeDataDirectory(path)).release();
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("that cannot be made, written or is no directory is refused with what to do", async () => {
    await expect(takeDataDirectory("/proc/binnacle")).rejects.toThrow(/BINNACLE_DATA/);
    writeFileSync(join(directory, "file"), "");
    await expect(takeDataDirectory(join(directory, "file"))).rejects.toThrow(/is not a directory/);
    await expect(takeDataDirectory(join(directory, "file", "deeper"))).rejects.toThrow(/is not a directory/);
    const locked = join(directory, "locked");
    mkdirSync(locked);
    chmodSync(locked, 0o500);
    if (process.getuid?.() !== 0) await expect(takeDataDirectory(locked)).rejects.toThrow(/may not write/);
  });

  it.each([
    ["ENOSPC: no space left on device, write", /no space left/],
    ["SQLITE_FULL: database or disk is full", /no space left/],
    ["SQLITE_READONLY: attempt to write a readonly database", /read-only/],
    ["EROFS: read-only file system", /read-only/],
    ["SQLITE_CANTOPEN: unable to open database file", /may not write/],
  ])("turns %s into a sentence with the directory's name", (text, sentence) => {
    const error = asDiskError(new Error(text), "/srv/data");
    expect(error?.message).toMatch(sentence);
    expect(error?.message).toContain("/srv/data");
    expect(asDiskError(new Error("something else"), "/srv/data")).toBeNull();
  });
});
