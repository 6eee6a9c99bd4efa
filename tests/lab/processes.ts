/** Programs of Binnacle run as real processes, each ended by its own pid. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The project's root, without a trailing slash. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const LOG_CHARS = 200_000;

export interface Program {
  /** Everything it printed, the newest 200,000 characters. */
  log(): string;
  /** The pid of the program itself, also where it runs behind nsenter. */
  pid(): number;
  running(): boolean;
  /** Sends a signal to the program itself. */
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and waits; milliseconds it took. Throws when it is not gone after 10 s. */
  stop(): Promise<number>;
  /** Its exit code, null when a signal ended it. */
  exit: Promise<number | null>;
  send(message: object): void;
  onMessage(listener: (message: { type: string } & Record<string, unknown>) => void): void;
}

/** nsenter with a PID namespace forks: the program is its child. */
function innermost(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  const command = readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  return command === "nsenter" && children ? innermost(Number(children.split(" ")[0])) : pid;
}

/** Starts a program with an argument array; with `ipc` it can exchange messages as the launcher does. */
export function start(command: string, args: string[], options: { env?: Record<string, string>; ipc?: boolean } = {}): Program {
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: process.env.HOME, ...options.env };
  const child: ChildProcess = spawn(command, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe", ...(options.ipc ? (["ipc"] as const) : [])] });
  let text = "";
  const keep = (chunk: Buffer) => (text = (text + chunk.toString()).slice(-LOG_CHARS));
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  const exit = once(child, "exit").then(([code]) => code as number | null);
  const running = () => child.exitCode === null && child.signalCode === null;
  const pid = () => innermost(child.pid!);
  const signal = (name: NodeJS.Signals) => {
    if (running()) process.kill(pid(), name);
  };
  return {
    log: () => text,
    pid,
    running,
    signal,
    exit,
    async kill() {
      signal("SIGKILL");
      await exit;
    },
    async stop() {
      const began = performance.now();
      signal("SIGTERM");
      let late: NodeJS.Timeout | undefined;
      const limit = new Promise<"late">((resolve) => (late = setTimeout(() => resolve("late"), 10_000)));
      const ended = await Promise.race([exit, limit]);
      clearTimeout(late);
      if (ended === "late") {
        signal("SIGKILL");
        throw new Error(`${command} ${args.join(" ")} did not stop within 10 s`);
      }
      return performance.now() - began;
    },
    send: (message) => void child.send(message),
    onMessage: (listener) => void child.on("message", listener),
  };
}
