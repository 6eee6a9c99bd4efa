import { z } from "zod/mini";
import { router } from "@/server/trpc/init";
import { open, permit } from "@/server/trpc/permit";
import { ClaimInput, SessionIdInput, SetupTestInput } from "./schema";
import type { AccountsService } from "./service";

const BEFORE_ANYBODY = "There is nobody who could sign in before the first administrator exists; the one-time secret is the proof.";
const SecretInput = z.strictObject({ secret: z.string().check(z.maxLength(128)) });

export function createSetupRouter(service: AccountsService) {
  return router({
    status: open("The sign-in page asks whether to show the set-up page instead.").query(async () => ({ needed: await service.isSetupNeeded() })),
    check: open(BEFORE_ANYBODY).input(SecretInput).mutation(async ({ ctx, input }) => ({ ok: await service.checkSetupLink(input.secret, ctx.address) })),
    testAddress: open(BEFORE_ANYBODY).input(SetupTestInput).mutation(({ ctx, input }) => service.testSetupAddress(input, ctx.address)),
    claim: open(BEFORE_ANYBODY).input(ClaimInput).mutation(async ({ ctx, input }) => {
      await service.claim(input, ctx.address);
      return { ok: true as const };
    }),
  });
}

export function createSessionRouter(service: AccountsService) {
  return router({
    me: permit("session.own").query(({ ctx }) => service.me(ctx.session)),
    ticket: permit("session.own").mutation(({ ctx }) => ({ ticket: service.issueTicket(ctx.session) })),
    list: permit("session.own").query(({ ctx }) => service.listSessions(ctx.session)),
    end: permit("session.own").input(SessionIdInput).mutation(({ ctx, input }) => service.endSession(ctx.actor, input.id)),
    endOthers: permit("session.own").mutation(({ ctx }) => service.endOtherSessions(ctx.session)),
  });
}
