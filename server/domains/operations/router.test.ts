import type { TRPCError } from "@trpc/server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { can, ROLES, type Permission, type Role } from "@/server/domains/access/permissions";
import { createTestClock } from "@/server/lib/clock";
import { silentLogger } from "@/server/lib/logger";
import { t } from "@/server/trpc/init";
import { createOperationsRouter } from "./router";
import { ACTIONS, type Action } from "./schema";
import { A, createStage, newKey, type Stage } from "./testing";

const NEEDS: Record<Action, Permission> = {
  start: "container.operate", stop: "container.operate", restart: "container.operate", pause: "container.operate", unpause: "container.operate",
  kill: "container.kill", remove: "container.remove",
};

describe("asking for an operation", () => {
  let s: Stage;
  beforeEach(async () => {
    s = await createStage();
  });
  afterEach(() => s.drop());

  const caller = (role: Role) => t.createCallerFactory(createOperationsRouter(s.operations))({
    session: { id: "sess_1", actor: { id: `user_${role}`, name: role, role }, email: "x@example.org" },
    address: "192.0.2.1", userAgent: "test", origin: null, log: silentLogger, clock: createTestClock(), socket: null,
  });

  it("needs the right that its action names, whatever the role, and leaves nothing behind without it", async () => {
    for (const role of ROLES) {
      for (const action of ACTIONS) {
        const before = await s.database.db.operation.count();
        const answer = await caller(role).run({ key: newKey(), action, containers: [{ hostId: "h1", id: A.id }] }).then(() => "taken", (error: unknown) => (error as TRPCError).code);
        const allowed = can(role, NEEDS[action]);
        expect(answer, `${role} ${action}`).toBe(allowed ? "taken" : "FORBIDDEN");
        expect(await s.database.db.operation.count()).toBe(before + (allowed ? 1 : 0));
      }
    }
  });
  it("is refused by its shape before it reaches anything", async () => {
    const ask = (input: object) => caller("administrator").run(input as never).then(() => "taken", (error: unknown) => (error as TRPCError).code);
    const good = { key: newKey(), action: "stop", containers: [{ hostId: "h1", id: A.id }] };
    for (const bad of [{ action: "exec" }, { key: "short" }, { containers: [{ hostId: "h1", id: "../version" }] }, { graceSeconds: -1 }, { signal: "SIGSEGV" }, { containers: [] }, { extra: 1 }]) {
      expect(await ask({ ...good, ...bad })).toBe("BAD_REQUEST");
    }
  });
});
