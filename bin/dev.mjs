// `npm run dev`: the pages reload by themselves (Next's development mode); the hub is bundled again and
// restarted when one of its sources changes.
import { join } from "node:path";
import { context } from "esbuild";
import { ROOT } from "./child.mjs";
import { HUB_BUNDLE, bundler } from "./build.mjs";
import { say } from "./screen.mjs";

/** Watches the hub's sources; calls `onBuilt` after each bundle but the first. */
export async function rebuildOnChange(onBuilt) {
  let first = true;
  const announce = {
    name: "announce",
    setup: (build) =>
      build.onEnd((result) => {
        if (result.errors.length) return; // esbuild has printed them; the running hub stays
        if (!first) onBuilt();
        first = false;
      }),
  };
  const watcher = await context({
    ...bundler, ...HUB_BUNDLE, logLevel: "error",
    entryPoints: [join(ROOT, "server/main.ts")], outfile: join(ROOT, "dist/hub.mjs"),
    absWorkingDir: ROOT, tsconfig: join(ROOT, "tsconfig.json"), plugins: [announce],
  });
  await watcher.watch();
  say("Watching the sources; the hub restarts when they change.");
}
