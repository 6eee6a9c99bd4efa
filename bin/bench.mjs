#!/usr/bin/env node
// `npm run bench -- NAME [--json] [--check]`: builds what is measured, then runs tests/bench/NAME.ts.
import { requireNode } from "./node-version.mjs";

requireNode();
const { spawn } = await import("node:child_process");
const { existsSync } = await import("node:fs");
const { join } = await import("node:path");
const { ROOT } = await import("./child.mjs");
const { main } = await import("./console.mjs");
const { install } = await import("./install.mjs");
const { STEP_NAMES, build } = await import("./build.mjs");

await main(async () => {
  const [name, ...others] = process.argv.slice(2).filter((word) => word !== "--json" && word !== "--check");
  await install({ dev: true });
  // What is no bench gets the list, at once.
  if (name && others.length === 0 && existsSync(join(ROOT, "tests/bench", `${name}.ts`))) await build(STEP_NAMES);
  const args = ["--import", new URL("./typescript.mjs", import.meta.url).href, join(ROOT, "tests/bench/run.ts"), ...process.argv.slice(2)];
  const env = { ...process.env, NODE_ENV: "production" };
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ["ignore", "inherit", "inherit"] });
  // The bench takes down what it set up; then this process ends with it.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise((resolve) => child.on("close", (code) => resolve(code ?? 1)));
});
