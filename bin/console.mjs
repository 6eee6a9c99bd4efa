// What the commands say to a person: progress with elapsed time, and one sentence for what went wrong.

/** A failure that a person can act on: shown as its sentence, without a stack trace. */
export class Plain extends Error {
  /** @param {string} sentence what went wrong, why, and what to do @param {number} [exitCode] */
  constructor(sentence, exitCode = 1) {
    super(sentence);
    this.name = "Plain";
    this.exitCode = exitCode;
  }
}

// How often a step says that it is still at it, so that nobody takes it for a hang: in place on a terminal,
// as a line of its own in a log.
const STILL_ON_TERMINAL_MS = 1_000;
const STILL_IN_LOG_MS = 15_000;

/** The seconds since `from` (of performance.now()), as "3.2 s". */
export const since = (from) => `${((performance.now() - from) / 1000).toFixed(1)} s`;

/**
 * Runs one step and says so: its name at the start, how long it has been at it while it is slow, and the
 * time it took at the end. Progress goes to standard error by default, so that a command's own output
 * stays clean.
 */
export async function step(name, work, stream = process.stderr) {
  const from = performance.now();
  const seconds = () => `${Math.round((performance.now() - from) / 1000)} s`;
  const inPlace = stream.isTTY;
  stream.write(`· ${name} …${inPlace ? "" : "\n"}`);
  const still = setInterval(() => stream.write(inPlace ? `\r· ${name} … ${seconds()}` : `  ${name}: ${seconds()} so far\n`), inPlace ? STILL_ON_TERMINAL_MS : STILL_IN_LOG_MS);
  let mark = "✗";
  try {
    const result = await work();
    mark = "✓";
    return result;
  } finally {
    clearInterval(still);
    stream.write(`${inPlace ? "\r\x1b[K" : ""}${mark} ${name} (${since(from)})\n`);
  }
}

/** Runs a command's main function; a Plain failure becomes its sentence, any other its stack, exit code 1. */
export async function main(run) {
  try {
    await run();
  } catch (error) {
    console.error(error instanceof Plain ? `\n${error.message}` : error);
    process.exit(error instanceof Plain ? error.exitCode : 1);
  }
}
