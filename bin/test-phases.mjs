// The four phases of `npm test`. Each answers a Tally, read from its runner's own machine-readable report.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { execPath } from "node:process";
import { join, relative } from "node:path";
import { ROOT } from "./child.mjs";
import { since } from "./console.mjs";
import { findRuntime } from "./runtime.mjs";

// A phase that hangs is ended, so that the others still run: the whole suite takes under 30 minutes.
const LONGEST_MS = { check: 5 * 60_000, unit: 10 * 60_000, lab: 20 * 60_000, browser: 15 * 60_000 };
const END_WITHIN_MS = 15_000;

const tool = (path) => join(ROOT, "node_modules", path);
const SOURCES = ["app", "server", "agent", "protocol", "bin", "tests"];

/**
 * Runs a Node program in a process group of its own, so that what hangs can be ended with all it started.
 * Gives its exit code (null when it was ended for its time) and, where `quiet`, its output.
 */
function runNode(args, { longestMs, quiet = false, env = {} }) {
  return new Promise((resolve) => {
    const child = spawn(execPath, args, { cwd: ROOT, env: { ...process.env, ...env }, detached: true, stdio: ["ignore", quiet ? "pipe" : "inherit", quiet ? "pipe" : "inherit"] });
    let output = "";
    child.stdout?.on("data", (chunk) => (output += chunk));
    child.stderr?.on("data", (chunk) => (output += chunk));
    const signal = (name) => {
      try {
        process.kill(-child.pid, name);
      } catch {
        // already gone
      }
    };
    let late = false;
    let force;
    const timer = setTimeout(() => {
      late = true;
      console.error(`\n! ended after ${longestMs / 60_000} minutes without an end`);
      signal("SIGTERM");
      force = setTimeout(() => signal("SIGKILL"), END_WITHIN_MS);
    }, longestMs);
    const withUs = () => signal("SIGTERM");
    process.on("exit", withUs);
    child.on("close", (code) => {
      clearTimeout(timer);
      clearTimeout(force);
      process.off("exit", withUs);
      resolve({ code: late ? null : code, output });
    });
  });
}

const CHECKS = [
  ["type check", [tool("typescript/bin/tsc"), "--noEmit", "-p", "."]],
  ["lint", [tool("eslint/bin/eslint.js"), ".", "--max-warnings", "0"]],
  ["boundaries", [tool("dependency-cruiser/bin/dependency-cruise.mjs"), ...SOURCES, "--config", ".dependency-cruiser.cjs"]],
];

/** Type check, lint and boundaries, at the same time; each counts as one. */
export async function checkPhase() {
  const results = await Promise.all(
    CHECKS.map(async ([name, args]) => {
      const from = performance.now();
      const { code, output } = await runNode(args, { longestMs: LONGEST_MS.check, quiet: true });
      console.log(`${code === 0 ? "✓" : "✗"} ${name} (${since(from)})${code === 0 ? "" : `\n${output.trimEnd()}\n`}`);
      return code === 0;
    }),
  );
  return { passed: results.filter(Boolean).length, failed: results.filter((ok) => !ok).length, skipped: [] };
}

const readReport = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : null);

/** A runner that failed without a failed test failed all the same (a crash, an error outside the tests). */
const withExit = (tally, code) => (code !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally);

/** The tally in a Vitest report. A file that could not be loaded or set up counts as one failure beside its tests. */
export function vitestTally(report) {
  const tally = { passed: 0, failed: 0, skipped: [] };
  for (const file of report?.testResults ?? []) {
    const path = relative(ROOT, file.name);
    if (file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed")) tally.failed++;
    for (const test of file.assertionResults) {
      if (test.status === "passed") tally.passed++;
      else if (test.status === "failed") tally.failed++;
      else tally.skipped.push(`${path}: ${test.fullName.trim()}`);
    }
  }
  return tally;
}

async function vitest(project, report, longestMs, reporter, { files = [], env = {} } = {}) {
  const args = [tool("vitest/vitest.mjs"), "run", ...files, "--project", project, `--reporter=${reporter}`, "--reporter=json", `--outputFile.json=${report}`];
  const { code } = await runNode(args, { longestMs, env });
  return withExit(vitestTally(readReport(report)), code);
}

export const unitPhase = (report) => vitest("unit", report, LONGEST_MS.unit, "default");

/** The one file that runs on an engine as it is there, made for nothing but it. */
const ANY_ENGINE = "agent/runtime/docker/any-engine.lab.test.ts";

/**
 * The real-Docker tests. Where the machine cannot make hosts of its own, the engine that is there is tested,
 * and every other file is named as skipped.
 */
export async function labPhase(report, missing) {
  const reasons = missing.get("lab") ?? [];
  if (reasons.length) {
    const runtime = findRuntime();
    const skipped = skipFiles("lab", /\.lab\.test\.ts$/, reasons).skipped;
    if (!runtime) return { passed: 0, failed: 0, skipped };
    console.log(`· testing the engine that is there: ${runtime.from}`);
    const tally = await vitest("lab", report, LONGEST_MS.lab, "verbose", { files: [ANY_ENGINE], env: { BINNACLE_TEST_ENGINE: runtime.address } });
    return { ...tally, skipped: [...tally.skipped, ...skipped.filter((file) => !file.startsWith(ANY_ENGINE))] };
  }
  // Each test as it ends: some take a minute, and a log that stands still looks like a hang.
  return vitest("lab", report, LONGEST_MS.lab, "verbose");
}

/** The tally in a Playwright report. A test that passed only at a second try counts as failed. */
export function playwrightTally(report) {
  const tally = { passed: 0, failed: 0, skipped: [] };
  const walk = (suite, path) => {
    for (const inner of suite.suites ?? []) walk(inner, [...path, inner.title]);
    for (const spec of suite.specs ?? []) {
      for (const test of spec.tests) {
        if (test.status === "expected") tally.passed++;
        else if (test.status === "skipped") tally.skipped.push([...path, spec.title].join(" › "));
        else tally.failed++;
      }
    }
  };
  walk(report ?? {}, []);
  return tally;
}

/** The browser tests. Where the machine cannot run them, each file is named as skipped. */
export async function browserPhase(report, missing) {
  const reasons = missing.get("browser") ?? [];
  if (reasons.length) return skipFiles("browser", /tests\/e2e\/.*\.(spec|test)\.ts$/, reasons);
  const { code } = await runNode([tool("@playwright/test/cli.js"), "test", "--reporter=list,json"], {
    longestMs: LONGEST_MS.browser,
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: report, PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: "1" },
  });
  return withExit(playwrightTally(readReport(report)), code);
}

function skipFiles(phase, pattern, reasons) {
  for (const reason of reasons) console.log(`! ${phase} tests are skipped: ${reason}`);
  const files = SOURCES.flatMap((folder) => filesUnder(join(ROOT, folder))).map((file) => relative(ROOT, file));
  return { passed: 0, failed: 0, skipped: files.filter((file) => pattern.test(file)).map((file) => `${file} (${reasons.join("; ")})`) };
}

const filesUnder = (folder) =>
  existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)) : [];
