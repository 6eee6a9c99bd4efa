// Builds what is measured, then runs tests/KIND/NAME.ts through tests/bench/run.ts: what bench.mjs and soak.mjs share.
import { requireNode } from "./node-version.mjs";

/** @param {"bench" | "soak"} kind */
export async function runMeasure(kind) {
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
    // What is none of them gets the list, at once.
    if (name && others.length === 0 && existsSync(join(ROOT, "tests", kind, `${name}.ts`))) await build(STEP_NAMES);
    const args = ["--import", new URL("./typescript.mjs", import.meta.url).href, join(ROOT, "tests/bench/run.ts"), kind, ...process.argv.slice(2)];
    const env = { ...process.env, NODE_ENV: "production" };
    const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ["ignore", "inherit", "inherit"] });
    // The measurement takes down what it set up; then this process ends with it.
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
    process.exitCode = await new Promise((resolve) => child.on("close", (code) => resolve(code ?? 1)));
  });
}
