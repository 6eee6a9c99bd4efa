/**
 * The one place where an error leaves the hub. An AppError goes out as its code and sentence; input that
 * does not parse says what is wrong with which field; anything else is a bug: it goes out as `internal`
 * with an id, and the story behind it stands in the log under that id.
 */
import { randomBytes } from "node:crypto";
import { TRPCError, type TRPCDefaultErrorShape, type TRPC_ERROR_CODE_KEY } from "@trpc/server";
import * as z from "zod/v4/core";
import { AppError, type AppErrorCode } from "@/server/lib/errors";
import type { Context } from "./context";

const TRPC_CODE: Record<AppErrorCode, TRPC_ERROR_CODE_KEY> = {
  bad_input: "BAD_REQUEST",
  unauthenticated: "UNAUTHORIZED",
  forbidden: "FORBIDDEN",
  not_found: "NOT_FOUND",
  conflict: "CONFLICT",
  too_large: "PAYLOAD_TOO_LARGE",
  rate_limited: "TOO_MANY_REQUESTS",
  internal: "INTERNAL_SERVER_ERROR",
  refused_by_host: "UNPROCESSABLE_CONTENT",
  host_away: "SERVICE_UNAVAILABLE",
  link_lost: "BAD_GATEWAY",
  deadline: "GATEWAY_TIMEOUT",
};

/** tRPC's own refusals, in our codes. Whatever is not here is a bug. */
const OWN_CODE: Partial<Record<TRPC_ERROR_CODE_KEY, AppErrorCode>> = {
  PARSE_ERROR: "bad_input",
  BAD_REQUEST: "bad_input",
  UNPROCESSABLE_CONTENT: "bad_input",
  UNSUPPORTED_MEDIA_TYPE: "bad_input",
  METHOD_NOT_SUPPORTED: "bad_input",
  NOT_FOUND: "not_found",
  UNAUTHORIZED: "unauthenticated",
  FORBIDDEN: "forbidden",
  PAYLOAD_TOO_LARGE: "too_large",
};

/** What `data` of an error carries to the page. */
export interface ErrorData {
  appCode: AppErrorCode;
  /** To copy into a report; the same id stands in the hub's log. */
  id: string;
  httpStatus: number;
  path?: string;
}
export interface ErrorShape {
  code: number;
  message: string;
  data: ErrorData;
}

/** The TRPCError that stands for an AppError; anything else unchanged. */
export function asTrpcError(error: unknown): unknown {
  return error instanceof AppError ? new TRPCError({ code: TRPC_CODE[error.code], message: error.message, cause: error }) : error;
}

/** Shapes an error for the page and writes it to the log under the same id. */
export function formatError({ error, ctx, path, shape }: { error: TRPCError; ctx: Context | undefined; path: string | undefined; shape: TRPCDefaultErrorShape }): ErrorShape {
  const id = `err_${randomBytes(6).toString("base64url")}`;
  const { appCode, message } = outerStory(error);
  const entry = { errorId: id, appCode, path, user: ctx?.session?.actor.id, err: error.cause ?? error };
  if (appCode === "internal") ctx?.log.error(entry, "procedure failed");
  else ctx?.log.debug(entry, "procedure refused");
  const data = { appCode, id, httpStatus: shape.data.httpStatus, ...(path === undefined ? {} : { path }) };
  return { code: shape.code, message: appCode === "internal" ? `${message} (${id})` : message, data };
}

function outerStory(error: TRPCError): { appCode: AppErrorCode; message: string } {
  const { cause } = error;
  if (cause instanceof AppError) return { appCode: cause.code, message: cause.message };
  if (cause instanceof z.$ZodError) return { appCode: "bad_input", message: sentenceOf(cause) };
  const appCode = OWN_CODE[error.code];
  // A cause that is not ours came with text of its own, which may say too much.
  if (appCode !== undefined && error.cause === undefined) return { appCode, message: error.message };
  if (appCode !== undefined) return { appCode, message: "The request could not be read." };
  return { appCode: "internal", message: "Binnacle made a mistake here. Try again; if it stays, look for this id in the hub's log." };
}

function sentenceOf(error: z.$ZodError): string {
  const [issue] = error.issues;
  if (!issue) return "The request does not have the expected shape.";
  const field = issue.path.map(String).join(".");
  return field ? `${field}: ${issue.message}` : issue.message;
}
