/** `npm run bench -- NAME [--json] [--check]`, and `npm run soak`, below bin/run-measure.mjs, which puts the kind before the words. Progress goes to standard error. */
import { readdirSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { argv } from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Bench, type Figure, reaches } from "./bench";

const KIND = argv[2] === "soak" ? "soak" : "bench";
const FOLDER = fileURLToPath(new URL(`../${KIND}/`, import.meta.url));
const FLAGS = ["--json", "--check"];
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 2, useGrouping: false });

/** The bench of that name alone, or all of them where none has it. */
async function loadBenches(wanted: string | undefined): Promise<Map<string, Bench>> {
  const benches = new Map<string, Bench>();
  const files = readdirSync(FOLDER).filter((file) => /^[\w-]+\.ts$/.test(file) && file !== "run.ts").sort();
  const own = files.filter((file) => file === `${wanted}.ts`);
  for (const file of own.length ? own : files) {
    const { bench } = (await import(pathToFileURL(FOLDER + file).href)) as { bench?: Bench };
    if (bench) benches.set(file.replace(/\.ts$/, ""), bench);
  }
  return benches;
}

const amount = (value: number, unit: string) => `${number.format(value)}${unit === "x" ? "×" : unit && ` ${unit}`}`;
const boundOf = ({ bound, unit }: Figure) => (bound ? `${bound.op === "<=" ? "≤" : "≥"} ${amount(bound.value, unit)}` : "");

/** The figures as a table, and as the one line that comes last. */
function printFigures(bench: Bench, figures: readonly Figure[]) {
  const width = Math.max(...figures.map((figure) => figure.name.length));
  for (const figure of figures) {
    const verdict = figure.bound ? `must be ${boundOf(figure)}  ${reaches(figure) ? "reached" : "MISSED"}` : "";
    console.log(`${figure.name.padEnd(width)}  ${amount(figure.value, figure.unit).padStart(12)}  ${verdict}`.trimEnd());
  }
  const short = figures.map((figure) => `${figure.name} ${amount(figure.value, figure.unit)}${figure.bound ? ` (${boundOf(figure)}${reaches(figure) ? "" : ", MISSED"})` : ""}`);
  console.log(`${bench.name}: ${short.join(" · ")}`);
}

async function run(words: readonly string[]): Promise<number> {
  const [name, ...others] = words.filter((word) => !FLAGS.includes(word));
  const benches = await loadBenches(name);
  const bench = name === undefined ? undefined : benches.get(name);
  if (!bench || others.length) {
    const list = [...benches.values()].map((one) => `  ${one.name.padEnd(10)}${one.does}`).join("\n");
    console.error(`${bench ? `npm run ${KIND} does not know ${others.join(" ")}` : name === undefined ? `Name a ${KIND}` : `There is no ${KIND} ${name}`}. There are:\n${list}\nFlags: --json (one JSON document with every run), --check (exit 1 where a bound is missed).`);
    return 1;
  }
  const startedAt = new Date().toISOString();
  const { figures, raw } = await bench.run((line) => console.error(line));
  if (words.includes("--json")) {
    const machine = { cpus: cpus().length, model: cpus()[0]?.model, memoryBytes: totalmem(), node: process.version, platform: process.platform };
    console.log(JSON.stringify({ bench: bench.name, does: bench.does, startedAt, machine, figures: figures.map((figure) => ({ ...figure, reached: reaches(figure) })), raw }, null, 1));
  } else printFigures(bench, figures);
  return words.includes("--check") && !figures.every(reaches) ? 1 : 0;
}

// Set, not called: what the bench still closes may end first, and an exit would cut a long JSON off.
process.exitCode = await run(argv.slice(3)).catch((error: unknown) => {
  console.error(error);
  return 1;
});
