/** Programs of Binnacle run as real processes in the lab, each ended by its own pid. */
import { fileURLToPath } from "node:url";
import type { LabProcess } from "./lab";

/** The project's root, without a trailing slash. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const LOG_CHARS = 200_000;
const STOP_MS = 10_000;

export interface Program {
  /** Everything it printed, the newest 200,000 characters. */
  log(): string;
  /** The pid of the program itself, also where it runs behind a wrapper; undefined once it is gone. */
  pid(): number | undefined;
  running(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and waits; milliseconds it took. Throws when it is not gone after 10 s. */
  stop(): Promise<number>;
  /** Its exit code, null when a signal ended it. */
  exited: Promise<number | null>;
}

/** Keeps what a process prints, and ends it in the two ways a person would. */
export function follow(process: LabProcess): Program {
  let text = "";
  const keep = (chunk: Buffer) => (text = (text + chunk.toString()).slice(-LOG_CHARS));
  process.child.stdout?.on("data", keep);
  process.child.stderr?.on("data", keep);
  const running = () => process.child.exitCode === null && process.child.signalCode === null;
  const kill = async () => {
    if (!running()) return;
    process.kill("SIGKILL");
    // The program may not have been reached yet behind its wrapper.
    if (process.pid() === undefined) process.child.kill("SIGKILL");
    await process.exited;
  };
  return {
    log: () => text,
    pid: process.pid,
    running,
    signal: process.kill,
    exited: process.exited,
    kill,
    async stop() {
      const began = performance.now();
      process.kill("SIGTERM");
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<true>((resolve) => (timer = setTimeout(() => resolve(true), STOP_MS)));
      const isLate = await Promise.race([process.exited.then(() => false), late]);
      clearTimeout(timer);
      if (!isLate) return performance.now() - began;
      await kill();
      throw new Error(`a program did not stop within ${STOP_MS} ms; it printed:\n${text.slice(-2_000)}`);
    },
  };
}
