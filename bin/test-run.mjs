import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "./build.mjs";
import { endOnSignal } from "./child.mjs";
import { Plain, since } from "./console.mjs";
import { install } from "./install.mjs";
import { provideTools } from "./test-tools.mjs";
import { browserPhase, checkPhase, labPhase, unitPhase } from "./test-phases.mjs";

/** @typedef {{ passed: number, failed: number, skipped: string[] }} Tally counts, and the names of what was skipped */

const MODES = { "--static": ["checks"], "--only": null, "--help": [] };
const ONLY = ["checks", "unit", "lab", "browser"];
const USAGE = `npm test [-- --static | --only ${ONLY.join("|")}]
  --static   only the type check, lint and boundaries
  --only P   only that phase; may be repeated`;

/** Which phases the command line asks for; Plain for what it does not know. */
export function parsePhases(words) {
  const phases = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (!(word in MODES)) throw new Plain(`npm test does not know ${word}.\n${USAGE}`);
    if (word === "--help") return [];
    if (word === "--static") phases.push("checks");
    else if (ONLY.includes(words[i + 1])) phases.push(words[++i]);
    else throw new Plain(`--only needs one of ${ONLY.join(", ")}.\n${USAGE}`);
  }
  return phases.length ? ONLY.filter((phase) => phases.includes(phase)) : ONLY;
}

const heading = (text) => console.log(`\n━━ ${text} ${"━".repeat(Math.max(0, 70 - text.length))}`);

/** `npm test`, from the command line to the exit code. */
export async function test(words = process.argv.slice(2)) {
  const phases = parsePhases(words);
  if (phases.length === 0) return console.log(USAGE);
  endOnSignal();
  const from = performance.now();
  // What the tests start must not take over how this shell was set up.
  delete process.env.NODE_ENV;
  process.env.NEXT_TELEMETRY_DISABLED = "1";

  heading("preparation");
  const missing = await provideTools(phases);
  await install({ dev: true });
  const built = await tryToBuild(phases);

  const reports = mkdtempSync(join(tmpdir(), "binnacle-test-"));
  const results = [...(built ? [] : [{ name: "build", tally: { passed: 0, failed: 1, skipped: [] }, took: since(from) }])];
  try {
    for (const name of phases) {
      heading(name);
      const began = performance.now();
      const tally = await runPhase(name, { built, missing, reports });
      results.push({ name, tally, took: since(began) });
    }
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
  process.exitCode = summarise(results, since(from)) ? 0 : 1;
}

async function tryToBuild(phases) {
  try {
    // Type check and unit tests need the generated client; only the phases that run the product need the rest.
    const whole = phases.includes("lab") || phases.includes("browser");
    await build(whole ? ["generate", "hub", "command", "agent", "pages"] : ["generate"]);
    return true;
  } catch (error) {
    console.error(error instanceof Plain ? error.message : error);
    return false;
  }
}

/** One phase's tally. What needs the product cannot run without a build: that is a failure, not a skip. */
async function runPhase(name, { built, missing, reports }) {
  const needsBuild = name === "lab" || name === "browser";
  if (needsBuild && !built) {
    console.error("Not run: the build failed.");
    return { passed: 0, failed: 1, skipped: [] };
  }
  const report = join(reports, `${name}.json`);
  try {
    if (name === "checks") return await checkPhase();
    if (name === "unit") return await unitPhase(report);
    return await (name === "lab" ? labPhase : browserPhase)(report, missing);
  } catch (error) {
    console.error(error instanceof Plain ? error.message : error);
    return { passed: 0, failed: 1, skipped: [] };
  }
}

/** Prints the table, what was skipped, and the last line. True when all is well. */
function summarise(results, took) {
  heading("summary");
  for (const { name, tally, took: phaseTook } of results) {
    const ran = tally.passed + tally.failed + tally.skipped.length;
    if (ran === 0) tally.failed = 1; // a phase without a test proves nothing
    console.log(`${name.padEnd(10)}${String(tally.passed).padStart(5)} passed ${String(tally.failed).padStart(4)} failed ${String(tally.skipped.length).padStart(4)} skipped  ${phaseTook.padStart(8)}${ran === 0 ? "  ← ran no test" : ""}`);
  }
  const skipped = results.flatMap(({ name, tally }) => tally.skipped.map((what) => `  ! ${name}: ${what}`));
  if (skipped.length) console.log(`\nSKIPPED, so not shown to work here:\n${skipped.join("\n")}`);
  const sum = (of) => results.reduce((total, { tally }) => total + of(tally), 0);
  const failed = sum((tally) => tally.failed);
  console.log(`\ntook ${took}\n${sum((tally) => tally.passed)} passed, ${failed} failed, ${sum((tally) => tally.skipped.length)} skipped`);
  return failed === 0;
}
