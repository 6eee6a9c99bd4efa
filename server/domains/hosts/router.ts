import { permit } from "@/server/trpc/permit";
import { router } from "@/server/trpc/init";
import { z } from "zod/mini";
import { CreateJoinInput, HostIdInput, RenameInput, SetTagsInput } from "./schema";
import type { HostsService } from "./service";

const JoinIdInput = z.strictObject({ id: z.string().check(z.maxLength(64)) });

export function createHostsRouter(service: HostsService) {
  return router({
    rename: permit("host.manage").input(RenameInput).mutation(({ input }) => service.rename(input.id, input.name)),
    setTags: permit("host.manage").input(SetTagsInput).mutation(({ input }) => service.setTags(input.id, input.tags)),
    revoke: permit("host.manage").input(HostIdInput).mutation(({ input }) => service.revoke(input.id)),
    forget: permit("host.manage").input(HostIdInput).mutation(({ input }) => service.forget(input.id)),
    createJoin: permit("host.enrol").input(CreateJoinInput).mutation(({ ctx, input }) => service.createJoin({ ...input, createdBy: ctx.actor.id })),
    joins: permit("host.enrol").query(() => service.joins()),
    cancelJoin: permit("host.enrol").input(JoinIdInput).mutation(({ input }) => service.cancelJoin(input.id)),
    joinLive: permit("host.enrol").input(JoinIdInput).subscription(({ input, signal }) => service.joinLive(input.id, signal)),
  });
}
