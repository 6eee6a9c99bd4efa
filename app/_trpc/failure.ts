import { TRPCClientError } from "@trpc/client";
import type { AppErrorCode } from "@/server/lib/errors";

/** A failed call in terms of the page. `unreachable`: no answer came from the server at all. */
export interface Failure {
  code: AppErrorCode | "unreachable";
  /** The server's sentence in English; null where it said none. */
  sentence: string | null;
  /** To look it up in the server's log. */
  id: string | null;
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : null);

/** What a thrown value means. Anything that carries no code of ours never reached the server, or came from something before it. */
export function readFailure(error: unknown): Failure {
  const data: unknown = error instanceof TRPCClientError ? error.data : null;
  if (typeof data !== "object" || data === null || !("appCode" in data)) return { code: "unreachable", sentence: null, id: null };
  return { code: data.appCode as AppErrorCode, sentence: error instanceof Error ? text(error.message) : null, id: "id" in data ? text(data.id) : null };
}
