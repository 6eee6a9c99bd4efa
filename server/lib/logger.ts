import pino from "pino";

export type Logger = pino.Logger;

/** Fields that never reach a log line, wherever they stand in the logged object. */
const SECRET_FIELDS = ["password", "secret", "token", "ticket", "authorization", "cookie", "passwordHash", "key"];

/** The hub's logger: JSON lines on standard output, secrets redacted by field name. */
export function createLogger(level: string): Logger {
  return pino({ level, redact: { paths: SECRET_FIELDS.flatMap((f) => [f, `*.${f}`, `*.*.${f}`]), censor: "[redacted]" } });
}

/** A logger that says nothing; for tests. */
export const silentLogger: Logger = pino({ level: "silent" });
