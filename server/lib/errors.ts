/**
 * AppError: every expected failure has a code, an inner story (`cause`, logged) and an outer sentence
 * (`message`, for a person: what, why, what to do). Anything that is not an AppError is a bug and is
 * shown to nobody: the edge answers with `internal` and an id to look up in the log.
 */
export const APP_ERROR_CODES = {
  bad_input: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  rate_limited: 429,
  internal: 500,
  /** The host's own policy, or its engine, said no. */
  refused_by_host: 422,
  /** No live link to the host now. */
  host_away: 503,
  /** The link ended, or the answer did not come in time: what happened is not known yet. */
  link_lost: 502,
  deadline: 504,
} as const;
export type AppErrorCode = keyof typeof APP_ERROR_CODES;

export class AppError extends Error {
  override readonly name = "AppError";
  constructor(
    readonly code: AppErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
  /** The HTTP status that stands for this code. */
  get status(): number {
    return APP_ERROR_CODES[this.code];
  }
}

/** A sentence for the log about anything that was thrown. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
