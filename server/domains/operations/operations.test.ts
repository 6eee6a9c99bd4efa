import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Container } from "@/protocol/shapes";
import { testContainer, until } from "@/server/domains/fleet/testing";
import { AppError } from "@/server/lib/errors";
import { silentLogger } from "@/server/lib/logger";
import { createOperationsRepo } from "./repo";
import type { OperationView, RunInput } from "./schema";
import { createOperationsService } from "./service";
import { A, ana, createStage, newKey, type Stage } from "./testing";

describe("operations", () => {
  let s: Stage;
  beforeEach(async () => {
    s = await createStage();
  });
  afterEach(() => s.drop());

  it("are recorded before anything is sent", async () => {
    const inDatabase: string[] = [];
    s.gateway.connect("h1", { ...s.agent, change: async (verb, input, header) => {
      const row = await s.database.db.operationStep.findUniqueOrThrow({ where: { id: header.step } });
      inDatabase.push(row.state);
      return s.agent.change?.(verb, input, header);
    } });
    const { id } = await s.restart();
    await s.sent(1);
    s.agent.finishAll();
    await s.reach(id, "succeeded");
    expect(inDatabase).toEqual(["running"]);
    expect((await s.operations.get(id)).steps[0]).toMatchObject({ state: "succeeded", spanMs: 25, target: "h1/-/a/-" });
    await until(async () => (await s.repo.byId(id))?.state === "succeeded");
  });
  it("are not sent while they cannot be recorded, and are when they can", async () => {
    await s.operations.stop();
    let full = true;
    const real = createOperationsRepo(s.database.db);
    await s.start({ save: (operation, changed) => (full ? Promise.reject(new Error("database or disk is full")) : real.save(operation, changed)) });
    s.gateway.connect("h1", s.agent);
    const { id } = await s.restart();
    for (let i = 0; i < 20; i += 1) await until(() => (s.clock.advance(200), true));
    expect(s.agent.engine).toEqual([]);
    full = false;
    await until(() => (s.clock.advance(1_000), s.agent.engine.length === 1));
    s.agent.finishAll();
    await s.reach(id, "succeeded");
  });
  it("are one operation for one key: a double click, a retry, a race of two hubs' pages", async () => {
    s.gateway.connect("h1", s.agent);
    const input: RunInput = { key: newKey(), action: "restart", containers: [{ hostId: "h1", id: A.id }] };
    const [first, second] = await Promise.all([s.operations.run(ana, input), s.operations.run(ana, input)]);
    const third = await s.operations.run(ana, input);
    expect([second.id, third.id]).toEqual([first.id, first.id]);
    await s.sent(1);
    s.agent.finishAll();
    await s.reach(first.id, "succeeded");
    expect((await s.operations.run(ana, input)).state).toBe("succeeded");
    expect(s.agent.engine).toHaveLength(1);
    await expect(s.operations.run({ ...ana, id: "user_bob" }, input)).rejects.toMatchObject({ code: "conflict" });
    const other = createOperationsService({ repo: s.repo, fleet: s.fleet, gateway: s.gateway, clock: s.clock, log: silentLogger });
    const key = newKey();
    const raced = await Promise.all([s.operations, other].map((service) => service.run(ana, { ...input, key })));
    expect(raced[0]?.id).toBe(raced[1]?.id);
    await other.stop();
  });
  it("are refused for a container that is not on that host", async () => {
    s.fleet.putHost("h2");
    for (const [hostId, id] of [["h2", A.id], ["host_foreign", A.id], ["h1", "f".repeat(12)]] as const) {
      await expect(s.run({ action: "stop", containers: [{ hostId, id: A.id }, { hostId, id }] })).rejects.toMatchObject({ code: "not_found" });
    }
    await expect(s.run({ action: "stop", stack: { hostId: "h1", name: "nothing" } })).rejects.toMatchObject({ code: "not_found" });
    await expect(s.run({ action: "stop" })).rejects.toMatchObject({ code: "bad_input" });
    expect(await s.database.db.operation.count()).toBe(0);
  });

  it("say what the host's own policy said", async () => {
    s.gateway.connect("h1", { ...s.agent, change: () => Promise.reject(new AppError("refused_by_host", "This host allows view only.")) });
    const { id } = await s.restart();
    await s.reach(id, "failed");
    expect((await s.operations.get(id)).steps[0]?.error).toEqual({ code: "refused_by_host", message: "This host allows view only." });
  });
  it("ask again when the agent itself does not know", async () => {
    let first = true;
    s.gateway.connect("h1", { ...s.agent, change: (verb, input, header) => {
      if (!first) return s.agent.change?.(verb, input, header) ?? Promise.reject(new Error());
      first = false;
      return Promise.reject(new AppError("refused_by_host", "Its journal broke.", { cause: { code: "internal" } }));
    } });
    const { id } = await s.restart();
    await until(() => (s.clock.advance(1_000), s.agent.engine.length === 1));
    s.agent.finishAll();
    await s.reach(id, "succeeded");
  });

  describe("in bulk", () => {
    const many = Array.from({ length: 12 }, (_, i) => testContainer(`m${i}`));
    const all = many.map((container) => ({ hostId: "h1", id: container.id }));
    beforeEach(() => many.forEach((container) => s.fleet.put("h1", container)));
    it("run four at once on one host", async () => {
      s.gateway.connect("h1", s.agent);
      const { id } = await s.run({ action: "stop", containers: all });
      for (let done = 4; done <= 12; done += 4) {
        await s.sent(done);
        expect(s.agent.open).toHaveLength(4);
        s.agent.finishAll();
      }
      await s.reach(id, "succeeded");
    });
    it("go on with the others when one fails", async () => {
      s.gateway.connect("h1", s.agent);
      const { id } = await s.run({ action: "stop", containers: all });
      await s.sent(4);
      s.agent.finishAll("failed");
      await until(async () => (s.agent.finishAll(), (await s.state(id)) === "partly"));
      expect((await s.steps(id)).filter((step) => step === "failed")).toHaveLength(4);
    });
    it("cancel what has not begun, and let the rest end", async () => {
      s.gateway.connect("h1", s.agent);
      const { id } = await s.run({ action: "stop", containers: all });
      await s.sent(4);
      const cancelled = await s.operations.cancel({ ...ana, name: "Bo" }, id);
      expect(cancelled).toMatchObject({ cancelledBy: "Bo", state: "running" });
      s.agent.finishAll();
      await s.reach(id, "cancelled");
      expect(s.agent.engine).toHaveLength(4);
      expect((await s.steps(id)).filter((step) => step === "cancelled")).toHaveLength(8);
      expect((await s.operations.cancel(ana, id)).cancelledBy).toBe("Bo");
      await expect(s.operations.cancel(ana, "op_foreign")).rejects.toMatchObject({ code: "not_found" });
    });
  });

  describe("of a stack", () => {
    const part = (name: string, dependsOn: string, over: Partial<Container> = {}) => testContainer(`shop-${name}-1`, {
      labels: { "com.docker.compose.project": "shop", "com.docker.compose.service": name, "com.docker.compose.container-number": "1", "com.docker.compose.depends_on": dependsOn }, ...over,
    });
    const [db, web] = [part("db", "", { state: "exited" }), part("web", "db:service_healthy:true", { state: "exited" })];
    beforeEach(() => {
      s.fleet.put("h1", db);
      s.fleet.put("h1", web);
      s.gateway.connect("h1", s.agent);
    });
    const startStack = () => s.run({ action: "start", stack: { hostId: "h1", name: "shop" } });
    it("wait until what they depend on is healthy", async () => {
      const { id } = await startStack();
      await s.sent(1);
      s.agent.finishAll();
      await s.stepsReach(id, "succeeded", "waiting");
      s.fleet.put("h1", { ...db, startedAt: 2, state: "running", health: "starting" });
      s.clock.advance(60_000);
      expect(s.agent.engine).toHaveLength(1);
      s.fleet.put("h1", { ...db, startedAt: 2, state: "running", health: "healthy" });
      await s.sent(2);
      s.agent.finishAll();
      await s.reach(id, "succeeded");
    });
    it("do not take the health of the run before for that of the new one", async () => {
      const running = { ...db, state: "running" as const, health: "healthy" as const };
      s.fleet.put("h1", running);
      const { id } = await s.run({ action: "restart", stack: { hostId: "h1", name: "shop" } });
      for (let done = 1; done <= 3; done += 1) {
        await s.sent(done);
        s.agent.finishAll();
      }
      await s.stepsReach(id, "succeeded", "succeeded", "succeeded", "waiting");
      s.clock.advance(2_000);
      expect(s.agent.engine).toHaveLength(3);
      s.fleet.put("h1", { ...running, startedAt: 2 });
      await s.sent(4);
      s.agent.finishAll();
      await s.reach(id, "succeeded");
    });
    it("are skipped, and say why, when it does not become healthy in time", async () => {
      const { id } = await startStack();
      await s.sent(1);
      s.agent.finishAll();
      await s.stepsReach(id, "succeeded", "waiting");
      s.fleet.put("h1", { ...db, startedAt: 2, state: "running", health: "unhealthy" });
      s.clock.advance(121_000);
      await s.reach(id, "partly");
      expect((await s.operations.get(id)).steps[1]).toMatchObject({ state: "skipped", error: { message: expect.stringContaining("did not become healthy") as string } });
    });
    it("are skipped when a step before them fails", async () => {
      const { id } = await s.run({ action: "restart", stack: { hostId: "h1", name: "shop" } });
      await s.sent(1);
      expect(s.agent.engine[0]).toMatchObject({ verb: "container.stop", id: web.id });
      s.agent.finishAll("failed");
      await s.reach(id, "failed");
      expect(await s.steps(id)).toEqual(["failed", "skipped", "skipped", "skipped"]);
    });
    it("do not take the end of an earlier run for the completion they wait for", async () => {
      const job = part("job", "", { state: "exited", exitCode: 0 });
      const app = part("app", "job:service_completed_successfully:false");
      s.fleet.put("h1", job);
      s.fleet.put("h1", app);
      const { id } = await startStack();
      await s.sent(2); // db and job
      s.agent.finishAll();
      await until(async () => (await s.steps(id)).filter((step) => step === "succeeded").length === 2);
      s.clock.advance(2_000);
      expect(s.agent.engine).toHaveLength(2);
      s.fleet.put("h1", { ...db, startedAt: 2, state: "running", health: "healthy" });
      s.fleet.put("h1", { ...job, startedAt: 2 });
      await s.sent(4);
      s.agent.finishAll();
      await s.reach(id, "succeeded");
    });
  });

  it("are seen by every page, as they change", async () => {
    s.gateway.connect("h1", s.agent);
    const seen = new Map<string, OperationView>();
    const stop = new AbortController();
    const done = (async () => {
      for await (const message of s.operations.live(stop.signal)) for (const operation of message.operations) seen.set(operation.id, operation);
    })();
    const { id } = await s.restart();
    await s.sent(1);
    s.agent.finishAll();
    await until(() => (s.clock.advance(50), seen.get(id)?.state === "succeeded"));
    stop.abort();
    s.clock.advance(50);
    await done;
    expect(s.operations.stats().readers).toBe(0);
    const first = await s.operations.live().next();
    expect(first.value).toMatchObject({ type: "snapshot", operations: [{ id, state: "succeeded" }] });
  });
});
