/**
 * How long `npm start` takes until /readyz says yes: cold, on a fresh copy of the tracked files without
 * node_modules (npm's cache as it is), and warm, on the same copy again. Beside it, in turn, a bare
 * `next start` of the same build until it answers at all: what the framework alone takes.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { type Bench, median } from "./bench";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const WARM_RUNS = 7;
const COLD_WITHIN_MS = 15 * 60_000;
const WARM_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 10_000;
const LOOK_MS = 20;
const LOG_TAIL_CHARS = 4_000;

/** A copy of the files that git tracks, as they are now. */
async function copyTree(to: string) {
  const { stdout } = await promisify(execFile)("git", ["ls-files", "-z"], { cwd: ROOT, maxBuffer: 16 << 20 });
  for (const path of stdout.split("\0").filter(Boolean)) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    cpSync(join(ROOT, path), join(to, path));
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Ends a program with what it started, and waits until it is gone. */
async function stop(child: ChildProcess) {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once("close", resolve));
  process.kill(-child.pid, "SIGTERM");
  const late = new AbortController();
  await Promise.race([gone, pause(STOP_WITHIN_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
  late.abort();
  if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, "SIGKILL");
}

/** Seconds from the start of a program to an answer at `path` that `isReady` accepts. The program is ended again. */
async function timeTo(program: string, args: string[], options: { cwd: string; env: Record<string, string>; port: number; path: string; withinMs: number; isReady: (answer: Response) => boolean }): Promise<number> {
  const from = performance.now();
  const child = spawn(program, args, { cwd: options.cwd, env: { ...process.env, ...options.env } as NodeJS.ProcessEnv, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  const keep = (chunk: Buffer) => (log = (log + chunk.toString()).slice(-LOG_TAIL_CHARS));
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  try {
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${options.port}${options.path}`, { redirect: "manual" }).catch(() => null);
      await answer?.body?.cancel();
      if (answer && options.isReady(answer)) return (performance.now() - from) / 1000;
      if (child.exitCode !== null) throw new Error(`${program} ${args.join(" ")} ended with ${child.exitCode}:\n${log}`);
      if (performance.now() - from > options.withinMs) throw new Error(`${program} ${args.join(" ")} was not ready in ${options.withinMs / 1000} s:\n${log}`);
      await pause(LOOK_MS);
    }
  } finally {
    await stop(child);
  }
}

async function run(log: (line: string) => void) {
  const directory = mkdtempSync(join(tmpdir(), "binnacle-start-"));
  try {
    const cwd = join(directory, "checkout");
    await copyTree(cwd);
    const port = await freePort();
    // No engine: what a container runtime adds is not the start's, and differs by machine.
    const env = { PORT: String(port), BINNACLE_DATA: join(directory, "data"), BINNACLE_HOST: "127.0.0.1", DOCKER_HOST: `unix://${directory}/no-engine.sock`, NODE_ENV: "", NEXT_TELEMETRY_DISABLED: "1" };
    const whole = (withinMs: number) => timeTo("npm", ["start"], { cwd, env, port, path: "/readyz", withinMs, isReady: (answer) => answer.status === 200 });
    const bare = () =>
      timeTo(process.execPath, [join(cwd, "node_modules/next/dist/bin/next"), "start", "-H", "127.0.0.1", "-p", String(port)], {
        cwd, env: { ...env, NODE_ENV: "production" }, port, path: "/not-a-page", withinMs: WARM_WITHIN_MS, isReady: () => true,
      });
    log("cold: a fresh copy, nothing installed …");
    const cold = await whole(COLD_WITHIN_MS);
    log(`cold: ${cold.toFixed(1)} s`);
    await whole(WARM_WITHIN_MS); // the first warm run still fills the disk cache
    const warm: number[] = [];
    const next: number[] = [];
    for (let i = 1; i <= WARM_RUNS; i++) {
      warm.push(await whole(WARM_WITHIN_MS));
      next.push(await bare());
      log(`warm ${i} of ${WARM_RUNS}: ${warm.at(-1)!.toFixed(2)} s (next start alone ${next.at(-1)!.toFixed(2)} s)`);
    }
    return {
      figures: [
        { name: "warm start", value: median(warm), unit: "s", bound: { op: "<=" as const, value: 5 } },
        { name: "next start alone", value: median(next), unit: "s", bound: null },
        { name: "warm start / next start alone", value: median(warm.map((value, i) => value / next[i]!)), unit: "x", bound: null },
        { name: "cold start", value: cold, unit: "s", bound: null },
      ],
      raw: { coldSeconds: cold, warmSeconds: warm, nextStartSeconds: next },
    };
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

export const bench: Bench = { name: "start", does: "Cold and warm `npm start` to /readyz, beside a bare `next start` of the same build.", run };
