/** tRPC for the hub. Procedures are built with `permit` or `open` (permit.ts), from nothing else. */
import { initTRPC } from "@trpc/server";
import type { Permission } from "@/server/domains/access/permissions";
import type { Context } from "./context";
import { formatError } from "./error-edge";

/** Each procedure carries one of the two; a test walks the router and fails where neither stands. */
export interface Meta {
  permission?: Permission;
  /** Why anybody may call it without a session. */
  open?: string;
}

export const t = initTRPC.context<Context>().meta<Meta>().create({
  errorFormatter: formatError,
  // Stack traces are for the log alone, in development too.
  isDev: false,
});

export const router = t.router;
