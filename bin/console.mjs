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

// A step that takes longer than this says how long it has been at it, so that nobody takes it for a hang.
const STILL_MS = 5_000;

/** The seconds since `from` (of performance.now()), as "3.2 s". */
export const since = (from) => `${((performance.now() - from) / 1000).toFixed(1)} s`;

/**
 * Runs one step and says so: its name at the start, how long it has been at it while it is slow, and the
 * time it took at the end. `write` takes one line; progress goes to standard error by default, so that a
 * command's own output stays clean.
 */
export async function step(name, work, write = (line) => console.error(line)) {
  const from = performance.now();
  write(`· ${name} …`);
  const still = setInterval(() => write(`  ${name}: ${Math.round((performance.now() - from) / 1000)} s so far`), STILL_MS);
  try {
    const result = await work();
    write(`✓ ${name} (${since(from)})`);
    return result;
  } finally {
    clearInterval(still);
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
