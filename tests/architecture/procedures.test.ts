/** Every procedure of the hub declares a right, and no service is reached without it. */
import { TRPCError } from "@trpc/server";
import { describe, expect, it } from "vitest";
import { can, PERMISSIONS, ROLES, type Role } from "@/server/domains/access/permissions";
import type { Context } from "@/server/trpc/context";
import { type Meta, t } from "@/server/trpc/init";
import { createRootRouter, type Services } from "@/server/trpc/root";
import { openStream, type StreamKind } from "@/server/streams/kinds";
import { createStreams } from "@/server/streams/root";
import { createTestClock } from "@/server/lib/clock";
import { silentLogger } from "@/server/lib/logger";
import { filesIn, textOf } from "./tree";

/** What anybody may call, without a session. A new one is added here on purpose or not at all. */
const OPEN = /^(setup|session)\./;

let reached: string[] = [];

/** Services that note who got as far as calling them. */
const services = new Proxy({}, {
  get: (_, domain) => new Proxy({}, { get: (_inner, method) => () => void reached.push(`${String(domain)}.${String(method)}`) }),
}) as Services;

const router = createRootRouter(services);
const procedures = Object.entries(router._def.procedures as unknown as Record<string, { _def: { type: string; meta?: Meta } }>).map(([path, { _def }]) => ({ path, type: _def.type, meta: _def.meta ?? {} }));
const guarded = procedures.filter(({ meta }) => meta.permission !== undefined);

function contextOf(role: Role | null, type: string): Context {
  return {
    session: role === null ? null : { id: "sess_test", email: "ana@example.test", actor: { id: "user_test", name: "Ana", role } },
    address: "127.0.0.1", userAgent: "test", origin: null, log: silentLogger, clock: createTestClock(),
    socket: type === "subscription" ? { bufferedAmount: 0, open: true, streams: 0, terminate: () => undefined } : null,
  };
}

/** The code with which a call is refused; "answered" when it was not. */
async function codeOf(path: string, context: Context): Promise<string> {
  let at: unknown = t.createCallerFactory(router)(context);
  for (const part of path.split(".")) at = (at as Record<string, unknown>)[part];
  try {
    const result = await (at as (input: unknown) => Promise<unknown>)(undefined);
    // A subscription is refused when it is read, at the latest.
    if (context.socket !== null) await (result as AsyncIterable<unknown>)[Symbol.asyncIterator]().return?.();
    return "answered";
  } catch (error) {
    return error instanceof TRPCError ? error.code : String(error);
  }
}

describe("the procedures of the hub", () => {
  it("are there", () => {
    expect(procedures.length).toBeGreaterThan(10);
  });

  it("each declare either a right of the table or why anybody may call them", () => {
    const wrong = procedures.filter(({ meta }) => (meta.permission === undefined) === (meta.open === undefined) || (meta.permission !== undefined && !(meta.permission in PERMISSIONS)));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it("are open to anybody only where one sets up or signs in", () => {
    expect(procedures.filter(({ path, meta }) => meta.open !== undefined && !OPEN.test(path)).map(({ path }) => path)).toEqual([]);
  });

  it("are built by permit() and open() alone", () => {
    const builders = filesIn(["server"], /(?<!\.test)\.ts$/).filter((path) => /\bt\.procedure\b|publicProcedure/.test(textOf(path)));
    expect(builders).toEqual(["server/trpc/permit.ts"]);
  });

  it.each(guarded)("$path refuses whoever is not signed in, before it reads the input", async ({ path, type }) => {
    reached = [];
    expect(await codeOf(path, contextOf(null, type))).toBe("UNAUTHORIZED");
    expect(reached).toEqual([]);
  });

  it.each(guarded.flatMap((procedure) => ROLES.filter((role) => !can(role, procedure.meta.permission!)).map((role) => ({ ...procedure, role }))))("$path refuses a $role", async ({ path, type, role }) => {
    reached = [];
    expect(await codeOf(path, contextOf(role, type))).toBe("FORBIDDEN");
    expect(reached).toEqual([]);
  });
});

describe("the streams of the hub", () => {
  const kinds = createStreams(services);
  const streams = Object.entries<StreamKind>(kinds).map(([name, kind]) => ({ name, permission: kind.permission }));
  const signal = new AbortController().signal;

  it("are there, and each declares a right of the table", () => {
    expect(streams.length).toBeGreaterThan(0);
    expect(streams.filter(({ permission }) => !Object.hasOwn(PERMISSIONS, permission))).toEqual([]);
  });

  it("are made by stream() alone, in the one table that the socket is given", () => {
    const makers = filesIn(["server"], /(?<!\.test)\.ts$/).filter((path) => /\bcreateStreamSocket\(\{/.test(textOf(path)) && !path.endsWith("testing.ts"));
    expect(makers.filter((path) => path !== "server/streams/stream-socket.ts")).toEqual(["server/wiring.ts"]);
    expect(textOf("server/wiring.ts")).toContain("kinds: createStreams(");
  });

  it.each(streams.flatMap((one) => ROLES.filter((role) => !can(role, one.permission)).map((role) => ({ ...one, role }))))("$name refuses a $role, before it reads the input", async ({ name, role }) => {
    reached = [];
    await expect(openStream(kinds, name, undefined, { actor: { id: "user_test", name: "Ana", role }, signal })).rejects.toMatchObject({ code: "forbidden" });
    expect(reached).toEqual([]);
  });

  it.each(streams)("$name reads its input before it asks anybody", async ({ name }) => {
    reached = [];
    await expect(openStream(kinds, name, { hostId: 1 }, { actor: { id: "user_test", name: "Ana", role: "administrator" }, signal })).rejects.toMatchObject({ code: "bad_input" });
    expect(reached).toEqual([]);
  });
});
