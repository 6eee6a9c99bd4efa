// Everything that is made from sources: the database client, the bundles, the pages. A step runs only when
// the content of its inputs changed since it last finished; a step that was killed has no stamp, so it runs
// again. `node bin/build.mjs [--force] [generate|hub|command|agent|pages …]` builds by hand.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { argv, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { ROOT, endOnSignal, run } from "./child.mjs";
import { Plain, main, step } from "./console.mjs";
import { holdBuildLock } from "./build-lock.mjs";

const DIST = join(ROOT, "dist");
const GENERATED = "server/db/generated";
const SKIPPED_FOLDERS = new Set(["node_modules", "generated", ".next"]);
// Of no influence on what is built: tests, and the build's own surroundings.
const isInput = (name) => !/\.test\.tsx?$|\.md$|^\.DS_Store$/.test(name);
export const bundler = { platform: "node", target: "node20", format: "esm", bundle: true, logLevel: "silent", legalComments: "none" };

const bundle = (entry, out, options) => async () => {
  const { build, formatMessages, stop } = await import("esbuild");
  const outfile = join(DIST, out);
  const unfinished = `${outfile}.${process.pid}.tmp.mjs`;
  try {
    await build({ ...bundler, ...options, entryPoints: [join(ROOT, entry)], outfile: unfinished, absWorkingDir: ROOT, tsconfig: join(ROOT, "tsconfig.json") });
    renameSync(unfinished, outfile);
  } catch (error) {
    rmSync(unfinished, { force: true });
    if (!error.errors) throw error;
    throw new Plain(`${(await formatMessages(error.errors, { kind: "error" })).join("\n")}\n${out} could not be built.`);
  } finally {
    await stop(); // or the compiler stays in memory for as long as the hub runs
  }
};

/** What the hub and its command need at run time stays in node_modules; only our own sources are bundled. */
export const HUB_BUNDLE = { packages: "external" };

/** zod carries its error messages in 50 languages, and its one export keeps them all: 260 kB that no agent says. */
const onlyEnglish = {
  name: "only-english",
  setup: ({ onLoad }) => onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({ contents: 'export { default as en } from "./en.js";' })),
};

/** The agent is one file that needs nothing but Node; packages in the older module format still find `require`. */
const AGENT_BUNDLE = {
  minify: true,
  plugins: [onlyEnglish],
  external: ["bufferutil", "utf-8-validate"],
  banner: { js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);' },
};

const generate = () =>
  run(execPath, [join(ROOT, "node_modules/prisma/build/index.js"), "generate"], {
    // Generating needs no engine, but the command insists on a path to one and would download it.
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: join(ROOT, "package.json"), CHECKPOINT_DISABLE: "1", PRISMA_HIDE_UPDATE_MESSAGE: "1" },
    complaint: "The database client could not be generated",
  });

const pages = () =>
  run(execPath, [join(ROOT, "node_modules/next/dist/bin/next"), "build"], {
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
    complaint: "The pages could not be built",
  });

/** Inputs are files or folders; `made` is what must exist for the step to count as done. */
const STEPS = {
  generate: { does: "generating the database client", inputs: ["prisma/schema.prisma", "prisma.config.ts"], made: [`${GENERATED}/client.ts`], work: generate },
  hub: { does: "building the hub", inputs: ["server", "protocol", "messages", "prisma/schema.prisma", "tsconfig.json"], made: ["dist/hub.mjs"], work: bundle("server/main.ts", "hub.mjs", HUB_BUNDLE) },
  command: { does: "building the command line", inputs: ["server", "protocol", "prisma/schema.prisma", "tsconfig.json"], made: ["dist/binnacle.mjs"], work: bundle("server/command.ts", "binnacle.mjs", HUB_BUNDLE) },
  agent: { does: "building the agent", inputs: ["agent", "protocol", "tsconfig.json"], made: ["dist/agent.mjs"], work: bundle("agent/main.ts", "agent.mjs", AGENT_BUNDLE) },
  pages: {
    does: "building the pages",
    inputs: ["app", "public", "messages", "protocol", "server", "prisma/schema.prisma", "tsconfig.json", "next.config.ts", "next.config.mjs", "postcss.config.mjs", "proxy.ts", "instrumentation.ts"],
    made: [".next/BUILD_ID"],
    work: pages,
  },
};
/** @typedef {keyof typeof STEPS} StepName */
export const STEP_NAMES = /** @type {StepName[]} */ (Object.keys(STEPS));

function filesUnder(path) {
  if (!existsSync(path)) return [];
  const files = [];
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const full = join(folder, entry.name);
      if (entry.isDirectory()) SKIPPED_FOLDERS.has(entry.name) || walk(full);
      else if (isInput(entry.name)) files.push(full);
    }
  };
  try {
    walk(path);
  } catch (error) {
    if (error.code !== "ENOTDIR") throw error;
    files.push(path);
  }
  return files.sort();
}

// One digest a file and run: the steps share most of their inputs.
function createHasher() {
  const digests = new Map();
  const digest = (file) => {
    if (!digests.has(file)) digests.set(file, createHash("sha1").update(readFileSync(file)).digest("hex"));
    return digests.get(file);
  };
  // The packages and this file decide about every output as much as the sources do.
  const always = ["package-lock.json", "bin/build.mjs"];
  return (inputs) => {
    const hash = createHash("sha1").update(`node ${process.versions.modules}\n`);
    for (const input of [...always, ...inputs]) {
      for (const file of filesUnder(join(ROOT, input))) hash.update(`${relative(ROOT, file)} ${digest(file)}\n`);
    }
    return hash.digest("hex");
  };
}

// Beside what it stands for, so that deleting .next or dist deletes the claim that it is up to date.
const stampPath = (name) => join(ROOT, name === "pages" ? ".next/.stamp" : `dist/.stamp-${name}`);
const stampOf = (name) => {
  try {
    return readFileSync(stampPath(name), "utf8");
  } catch {
    return null;
  }
};

const isStale = (name, hash, force) =>
  force || stampOf(name) !== hash(STEPS[name].inputs) || STEPS[name].made.some((path) => !existsSync(join(ROOT, path)));

/** The steps among `names` whose output is older than their inputs. Takes well under 300 ms. */
export function staleSteps(names, { force = false, hash = createHasher() } = {}) {
  return names.filter((name) => isStale(name, hash, force));
}

/**
 * Brings the named steps up to date, in order. One build of a checkout runs at a time: a second waits for
 * the first and then finds its work done. Throws Plain with the tool's own words when a step fails.
 * @param {StepName[]} names
 */
export async function build(names, { force = false, stream = process.stderr } = {}) {
  if (staleSteps(names, { force }).length === 0) return;
  mkdirSync(DIST, { recursive: true });
  const release = await holdBuildLock(DIST, (line) => stream.write(`${line}\n`));
  try {
    const hash = createHasher();
    for (const name of names) {
      if (!isStale(name, hash, force)) continue;
      rmSync(stampPath(name), { force: true });
      const inputs = hash(STEPS[name].inputs);
      await step(STEPS[name].does, STEPS[name].work, stream);
      mkdirSync(dirname(stampPath(name)), { recursive: true });
      writeFileSync(stampPath(name), inputs);
    }
  } finally {
    release();
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  endOnSignal();
  await main(async () => {
    const words = argv.slice(2).filter((word) => word !== "--force");
    const unknown = words.filter((word) => !STEP_NAMES.includes(word));
    if (unknown.length) throw new Plain(`There is no step ${unknown.join(", ")}. The steps are: ${STEP_NAMES.join(", ")}; --force builds them although nothing changed.`);
    await build(words.length ? words : STEP_NAMES, { force: argv.includes("--force") });
  });
}
