import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isInstalled } from "./install.mjs";

let root = "";
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "binnacle-install-"))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (path, value) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), typeof value === "string" ? value : JSON.stringify(value));
};
const lock = (packages) => write("package-lock.json", { packages: { "": {}, ...packages } });
/** As npm leaves it at the end of an install. */
const installed = (packages) => {
  write("node_modules/.package-lock.json", { packages });
  for (const path of Object.keys(packages)) write(`${path}/package.json`, {});
};

const ws = { "node_modules/ws": { version: "8.0.0" } };
const dev = { "node_modules/vitest": { version: "4.0.0", dev: true } };
const foreign = { "node_modules/only-on-mac": { version: "1.0.0", optional: true } };

describe("whether the packages are installed", () => {
  it("is no on a fresh checkout", () => {
    lock(ws);
    expect(isInstalled(root, { dev: false })).toBe(false);
  });

  it("is yes when every package of the lockfile is there, whatever other platforms need", () => {
    lock({ ...ws, ...foreign });
    installed(ws);
    expect(isInstalled(root, { dev: false })).toBe(true);
  });

  it("asks for development packages only where they are needed", () => {
    lock({ ...ws, ...dev });
    installed(ws);
    expect(isInstalled(root, { dev: false })).toBe(true);
    expect(isInstalled(root, { dev: true })).toBe(false);
  });

  it("is no when the lockfile asks for another version", () => {
    lock({ "node_modules/ws": { version: "8.1.0" } });
    installed(ws);
    expect(isInstalled(root, { dev: false })).toBe(false);
  });

  it("is no after an install that was killed: npm writes its record last", () => {
    lock(ws);
    write("node_modules/ws/package.json", {});
    expect(isInstalled(root, { dev: false })).toBe(false);
  });

  it("is no when a package's folder was deleted", () => {
    lock(ws);
    installed(ws);
    rmSync(join(root, "node_modules/ws"), { recursive: true });
    expect(isInstalled(root, { dev: false })).toBe(false);
  });
});
