import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Plain } from "./console.mjs";

/** The project's root, with a trailing slash. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

// The end of a failed program's output is what names the cause; the rest is noise on a person's screen.
const TAIL_LINES = 40;
const TAIL_BYTES = 64 * 1024;
const ANSWER_BYTES = 4 << 20;

// What runs now, so that an interrupted command takes its programs with it.
const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Makes an interrupted command end through its exit handlers, which end the programs it runs. */
export function endOnSignal() {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(130));
}

/**
 * Runs a program to its end, quietly: its output is shown only when it fails (the last 40 lines), or as it
 * comes where `loud`. Never through a shell. Throws Plain with `complaint` when it does not exit with 0.
 * @param {string} program @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, loud?: boolean, complaint?: string }} [options]
 */
export function run(program, args, { env = process.env, cwd = ROOT, loud = false, complaint } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", loud ? "inherit" : "pipe", loud ? "inherit" : "pipe"] });
    running.add(child);
    let tail = "";
    const keep = (chunk) => (tail = (tail + chunk).slice(-TAIL_BYTES));
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    child.on("close", () => running.delete(child));
    child.on("error", (error) => reject(new Plain(`${complaint ?? `${program} could not be run`}: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0) return resolve();
      const lines = tail.trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
      const how = signal ? `was ended by ${signal}` : `exited with ${code}`;
      reject(new Plain(`${lines ? `${lines}\n\n` : ""}${complaint ?? program} (${program.split("/").pop()} ${how}).`));
    });
  });
}

/** Runs a program and gives its exit code, standard output and standard error; never throws for its failure. */
export function ask(program, args, { env = process.env, cwd = ROOT } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let errors = "";
    child.stdout.on("data", (chunk) => (out = (out + chunk).slice(-ANSWER_BYTES)));
    child.stderr.on("data", (chunk) => (errors = (errors + chunk).slice(-TAIL_BYTES)));
    child.on("error", (error) => resolve({ code: 127, out: "", errors: error.message }));
    child.on("close", (code) => resolve({ code: code ?? 1, out, errors }));
  });
}
