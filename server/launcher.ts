/** The hub's side of the IPC channel to the program that started it (bin/); all of it is optional. */
import process from "node:process";

export type ToLauncher =
  | { type: "listening"; url: string }
  /** Only while there is no administrator: the one-time set-up link. */
  | { type: "setup"; link: string }
  | { type: "ready" }
  /** Lets this machine's own agent in, once. */
  | { type: "local-join"; token: string; pin: string }
  /** The last words before exit code 1. */
  | { type: "fatal"; message: string };

export interface Launcher {
  /** False when nobody started this process with a channel: then the console must say it. */
  present: boolean;
  tell(message: ToLauncher): Promise<void>;
  /** Called when the launcher asks for a token for this machine's agent. */
  onLocalJoin(answer: () => void): void;
}

export function createLauncher(): Launcher {
  const present = typeof process.send === "function";
  return {
    present,
    tell: (message) => new Promise((resolve) => (present && process.connected ? void process.send?.(message, undefined, undefined, () => resolve()) : resolve())),
    onLocalJoin(answer) {
      process.on("message", (message) => {
        if (typeof message === "object" && message !== null && (message as { type?: unknown }).type === "local-join") answer();
      });
    },
  };
}
