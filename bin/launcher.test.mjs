import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "./child.mjs";
import { localAddress } from "./processes.mjs";
import { readable } from "./screen.mjs";

/** What a command says and its exit code; it is one that ends at once. */
const say = (args, env = {}) =>
  new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: ROOT, env: { ...process.env, ...env } }, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, text: stdout + stderr }));
  });

describe("npm start", () => {
  it("names its flags when it is given one that it does not know", async () => {
    const { code, text } = await say(["bin/start.mjs", "--port=80"]);
    expect(code).toBe(1);
    expect(text).toMatch(/does not know --port=80.*--dev/s);
    expect(text).not.toMatch(/\n\s+at /);
  });

  it("refuses a port that is none before the long steps", async () => {
    const { code, text } = await say(["bin/start.mjs"], { PORT: "80a" });
    expect(code).toBe(1);
    expect(text).toMatch(/PORT is "80a"/);
  });

  it("shows its flags", async () => {
    expect(await say(["bin/start.mjs", "--help"])).toMatchObject({ code: 0, text: expect.stringContaining("--no-agent") });
  });
});

describe("the local agent", () => {
  it("dials this machine, whatever address the hub shows to others", () => {
    expect(localAddress("http://hub.example:3000", {})).toBe("http://127.0.0.1:3000");
    expect(localAddress("http://localhost:3000", { BINNACLE_HOST: "0.0.0.0" })).toBe("http://127.0.0.1:3000");
  });

  it("dials the one address that the hub listens on", () => {
    expect(localAddress("http://198.18.0.1:3000", { BINNACLE_HOST: "198.18.0.1" })).toBe("http://198.18.0.1:3000");
    expect(localAddress("http://[::1]:3000", { BINNACLE_HOST: "::1" })).toBe("http://[::1]:3000");
  });
});

describe("the console", () => {
  it("shows a log line as a person reads it", () => {
    const line = JSON.stringify({ level: 30, time: 0, pid: 1, hostname: "x", name: "web", count: 2, msg: "host joined" });
    expect(readable(line)).toMatch(/^\d\d:\d\d:\d\d info  host joined name=web count=2$/);
  });

  it("leaves other lines as they are", () => {
    for (const line of ["plain", "", "{}", "null", '{"level":"x"}']) expect(readable(line)).toBe(line);
  });
});

describe("an old Node", () => {
  it("is told which version is needed, in a file it can read", async () => {
    const script = "Object.defineProperty(process.versions, 'node', { value: '18.20.1' }); const { requireNode } = await import(process.argv[1]); requireNode();";
    const { code, text } = await say(["--input-type=module", "-e", script, join(ROOT, "bin/node-version.mjs")]);
    expect(code).toBe(1);
    expect(text).toMatch(/needs Node 20\.19 or later, and this is Node 18\.20\.1/);
  });
});
