/** What came of a step is kept by its host and told when it can: the answer itself may be lost for good. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Outcome } from "@/protocol/shapes";
import { createOperationsRepo } from "./repo";
import { B, createStage, type Stage } from "./testing";

const ended = (state: Outcome["state"]): Outcome => ({
  state, error: state === "failed" ? { code: "engine_error", message: "The engine said no." } : null, settledBy: "record", startedAt: 100, finishedAt: 140,
});

describe("an outcome that a host kept", () => {
  let s: Stage;
  beforeEach(async () => {
    s = await createStage();
  });
  afterEach(() => s.drop());

  /** A restart that was sent, and whose answer is lost. */
  async function lost() {
    const drop = s.gateway.connect("h1", s.agent);
    const operation = await s.restart();
    await s.sent(1);
    drop();
    await s.stepsReach(operation.id, "checking");
    return { operation, step: operation.steps[0]?.id ?? "" };
  }

  it("ends the step whose answer was lost, once, however often it is told", async () => {
    const { operation, step } = await lost();
    await s.operations.noteOutcome("h1", step, ended("succeeded"));
    expect(await s.state(operation.id)).toBe("succeeded");
    expect((await createOperationsRepo(s.database.db).byId(operation.id))?.steps[0]).toMatchObject({ state: "succeeded", spanMs: 40 });
    await s.operations.noteOutcome("h1", step, ended("failed"));
    s.gateway.connect("h1", s.agent);
    s.clock.advance(20_000);
    expect(await s.state(operation.id)).toBe("succeeded");
    expect(s.agent.engine).toHaveLength(1);
  });

  it("counts only from the host that the step was sent to", async () => {
    const { operation, step } = await lost();
    await s.operations.noteOutcome("h2", step, ended("succeeded"));
    await s.operations.noteOutcome("h1", "step_of_nobody", ended("succeeded"));
    expect(await s.steps(operation.id)).toEqual(["checking"]);
  });

  it("ends a step that was given up as unknown, also after a restart of the hub, and corrects its operation", async () => {
    const { operation, step } = await lost();
    s.clock.jump(25 * 3_600_000);
    s.clock.advance(2_000);
    await s.reach(operation.id, "unknown");
    await s.operations.noteOutcome("h1", step, ended("unknown"));
    expect(await s.state(operation.id)).toBe("unknown");
    await s.operations.noteOutcome("h1", step, ended("failed"));
    expect(await s.state(operation.id)).toBe("failed");
    await s.operations.stop();
    await s.start();
    expect((await s.operations.get(operation.id)).steps[0]).toMatchObject({ state: "failed", error: { code: "engine_error" } });
  });

  it("is refused while it cannot be recorded, so that it is told again", async () => {
    const { operation, step } = await lost();
    const real = createOperationsRepo(s.database.db);
    await s.operations.stop();
    let full = true;
    await s.start({ save: (...all) => (full ? Promise.reject(new Error("database is locked")) : real.save(...all)) });
    await expect(s.operations.noteOutcome("h1", step, ended("succeeded"))).rejects.toThrow("locked");
    expect((await real.byId(operation.id))?.steps[0]?.state).not.toBe("succeeded");
    full = false;
    await s.operations.noteOutcome("h1", step, ended("succeeded"));
    expect((await real.byId(operation.id))?.steps[0]?.state).toBe("succeeded");
  });

  it("lets the next step of the operation go on", async () => {
    const drop = s.gateway.connect("h1", s.agent);
    s.fleet.put("h1", { ...B, target: { namespace: "shop", workload: "b", replica: null } });
    const operation = await s.run({ action: "restart", stack: { hostId: "h1", name: "shop" } });
    await s.sent(1);
    drop();
    await s.stepsReach(operation.id, "checking", "waiting");
    await s.operations.noteOutcome("h1", operation.steps[0]?.id ?? "", ended("succeeded"));
    s.gateway.connect("h1", s.agent);
    await s.sent(2);
    expect(s.agent.engine.map(({ verb }) => verb)).toEqual(["container.stop", "container.start"]);
    s.agent.finishAll();
    await s.reach(operation.id, "succeeded");
  });
});
