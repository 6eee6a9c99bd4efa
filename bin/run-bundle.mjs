import { execPath } from "node:process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT, run } from "./child.mjs";
import { main } from "./console.mjs";
import { install } from "./install.mjs";
import { whenNpmIsGone } from "./npm-parent.mjs";
import { staleSteps } from "./build.mjs";

/**
 * Brings one bundle up to date and becomes it: the program runs in this very process, so that a host
 * carries no second Node for it and signals need no passing on. The build, which loads a compiler, runs in
 * a process of its own and leaves no memory behind.
 * @param {"agent" | "command"} name
 */
export async function runBundle(name, file) {
  const path = join(ROOT, "dist", file);
  await main(async () => {
    await install({ dev: false });
    const steps = name === "command" ? ["generate", name] : [name];
    if (staleSteps(steps).length) await run(execPath, [join(ROOT, "bin/build.mjs"), ...steps], { loud: true, complaint: "The build failed" });
  });
  whenNpmIsGone(() => process.kill(process.pid, "SIGTERM"));
  process.argv[1] = path;
  await import(pathToFileURL(path).href);
}
