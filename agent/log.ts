/** The agent's own log: one plain line a thing, for the person at that host. Never a secret. */
export interface Log {
  info(line: string): void;
  warn(line: string): void;
  /** `error`: a bug or a broken machine; its message and first frame are added. */
  error(line: string, error?: unknown): void;
}

const LINE_CHARS = 2_000;

/** Lines with their time and level. Control characters (a container's name can hold any) are made visible. */
export function createLog(write: (line: string) => void, now: () => number): Log {
  const line = (level: string, text: string) => {
    const plain = text.slice(0, LINE_CHARS).replace(/[\p{Cc}\p{Bidi_Control}]/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
    write(`${new Date(now()).toISOString()} ${level} ${plain}\n`);
  };
  return {
    info: (text) => line("info ", text),
    warn: (text) => line("warn ", text),
    error: (text, error) => line("error", error === undefined ? text : `${text}: ${describe(error)}`),
  };
}

/** A log that says nothing; for tests. */
export const silentLog: Log = { info() {}, warn() {}, error() {} };

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const frame = error.stack?.split("\n").find((part) => part.trim().startsWith("at "));
  return frame ? `${error.message} (${frame.trim()})` : error.message;
}
