import type { TRPCError } from "@trpc/server";
import { describe, expect, it } from "vitest";
import { z } from "zod/mini";
import { createLatestChannel } from "@/server/live/channel";
import { AppError } from "@/server/lib/errors";
import { createTestClock } from "@/server/lib/clock";
import { silentLogger } from "@/server/lib/logger";
import type { Context } from "./context";
import { router, t } from "./init";
import { declared, open, permit } from "./permit";

const viewer = { id: "user_1", name: "Ana", role: "viewer" } as const;
const context = (over: Partial<Context> = {}): Context => ({
  session: { id: "sess_1", actor: viewer, email: "ana@example.org" },
  address: "192.0.2.1", userAgent: "test", origin: null, log: silentLogger, clock: createTestClock(), socket: null, ...over,
});
const socket = () => ({ bufferedAmount: 0, open: true, streams: 0, terminate: () => undefined });

describe("permit", () => {
  const channel = createLatestChannel<string, number>({ keys: 10 });
  const app = router({
    see: permit("fleet.view").query(({ ctx }) => ctx.actor.name),
    manage: permit("host.manage").input(z.strictObject({ id: z.string() })).mutation(() => "done"),
    away: permit("fleet.view").query((): string => {
      throw new AppError("host_away", "The host is away.");
    }),
    live: permit("fleet.view").subscription(({ signal }) => channel.subscribe(signal)),
    hello: open("A greeting.").query(() => "hello"),
  });
  const call = t.createCallerFactory(app);
  const code = async (work: Promise<unknown>) => work.then(() => "no error", (error: unknown) => (error as TRPCError).code);

  it("lets a role use what it has, and says forbidden for what it has not", async () => {
    expect(await call(context()).see()).toBe("Ana");
    expect(await code(call(context()).manage({ id: "x" }))).toBe("FORBIDDEN");
  });
  it("turns nobody away from open procedures, and everybody without a session from the others", async () => {
    expect(await call(context({ session: null })).hello()).toBe("hello");
    expect(await code(call(context({ session: null })).see())).toBe("UNAUTHORIZED");
  });
  it("lets no hub start with a procedure that declares neither a right nor why it is open", () => {
    expect(declared(app)).toBe(app);
    expect(() => declared(router({ app, deeper: router({ bare: t.procedure.query(() => "leak") }) }))).toThrow("deeper.bare");
  });
  it("keeps an AppError's code", async () => {
    expect(await code(call(context()).away())).toBe("SERVICE_UNAVAILABLE");
  });
  it("gives live data over the WebSocket only, and nothing else there", async () => {
    expect(await code(call(context()).live())).toBe("BAD_REQUEST");
    expect(await code(call(context({ socket: socket() })).see())).toBe("BAD_REQUEST");
    const live = await call(context({ socket: socket() })).live();
    channel.publish("a", 1);
    for await (const batch of live) {
      expect(batch.entries).toEqual([["a", 1]]);
      break;
    }
    expect(channel.readers()).toBe(0);
  });
});
