/**
 * The only two ways to build a procedure.
 *
 *   permit("host.manage").input(RenameInput).mutation(({ ctx, input }) => service.rename(ctx.actor, input))
 *   permit("fleet.view").subscription(({ ctx, signal }) => service.live(ctx.actor, signal))
 *   open("There is nobody to sign in yet.").query(() => service.status())
 *
 * A subscription returns an async iterable that ends when `signal` aborts; pacing is added here.
 */
import type { AnyTRPCRouter } from "@trpc/server";
import { can, PERMISSIONS, type Permission } from "@/server/domains/access/permissions";
import { AppError } from "@/server/lib/errors";
import { asTrpcError } from "./error-edge";
import { type Meta, t } from "./init";
import { paced } from "./paced";

/** What every procedure does: AppErrors keep their code, queries stay off the WebSocket, subscriptions are paced. */
const base = t.procedure.use(async ({ ctx, type, signal, next }) => {
  if ((type === "subscription") !== (ctx.socket !== null)) {
    throw asTrpcError(new AppError("bad_input", type === "subscription" ? "Live data comes over the WebSocket only." : "Only live data comes over the WebSocket."));
  }
  const result = await next();
  if (!result.ok) {
    if (result.error.cause instanceof AppError) throw asTrpcError(result.error.cause);
    return result;
  }
  if (type !== "subscription") return result;
  return { ...result, data: paced(ctx, result.data as AsyncIterable<unknown>, signal) };
});

/** A procedure for signed-in people who have this right; `ctx.actor` is who asks. */
export function permit(permission: Permission) {
  const rule = PERMISSIONS[permission];
  return base.meta({ permission }).use(async ({ ctx, path, next }) => {
    const { session } = ctx;
    if (session === null) throw asTrpcError(new AppError("unauthenticated", "Sign in first: this session has ended or never began."));
    if (!can(session.actor.role, permission)) throw asTrpcError(new AppError("forbidden", `This needs the right to ${permission}, which the role ${session.actor.role} does not have. Ask an administrator.`));
    const result = await next({ ctx: { ...ctx, session, actor: session.actor } });
    if (rule.record) ctx.log.info({ permission, path, user: session.actor.id, ok: result.ok }, "change asked for");
    return result;
  });
}

/** A procedure for anybody, with the reason why that is right. */
export function open(reason: string) {
  return base.meta({ open: reason });
}

/** Returns the router as it is; throws where a procedure was built without `permit` or `open`, so that such a hub does not start. */
export function declared<R extends AnyTRPCRouter>(root: R): R {
  const procedures = root._def.procedures as Record<string, { _def: { meta?: Meta } }>;
  const bare = Object.entries(procedures).filter(([, { _def }]) => _def.meta?.permission === undefined && _def.meta?.open === undefined);
  if (bare.length > 0) throw new Error(`these procedures declare no permission: ${bare.map(([path]) => path).join(", ")}`);
  return root;
}
