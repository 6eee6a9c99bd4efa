import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestGateway, until, type TestAgent } from "@/server/domains/fleet/testing";
import { createOperationsRepo, type OperationsRepo } from "./repo";
import type { StepState } from "./schema";
import { A, ana, B, createStage, createTestAgent, type Stage } from "./testing";

/** States only move from one rank to a higher one; those of the last rank never change. */
const RANK: Record<StepState, number> = { waiting: 0, running: 1, checking: 1, succeeded: 2, failed: 2, unknown: 2, skipped: 2, cancelled: 2, expired: 2 };

describe("operations", () => {
  let s: Stage;
  beforeEach(async () => {
    s = await createStage();
  });
  afterEach(() => s.drop());

  it("end, call the engine at most once a step, and never go back, whatever gets lost when", async () => {
    await s.operations.stop();
    type Move = { what: "drop" | "connect" | "finish" | "fail" | "late" | "lose" | "hub" | "cancel" | "wait"; ms: number };
    const move = fc.record({ what: fc.constantFrom<Move["what"][]>("drop", "connect", "finish", "fail", "late", "lose", "hub", "cancel", "wait"), ms: fc.constantFrom(0, 700, 5_000, 200_000) });
    const breathe = async () => {
      for (let i = 0; i < 12; i += 1) await new Promise((resolve) => setImmediate(resolve));
    };
    await fc.assert(fc.asyncProperty(fc.array(move, { maxLength: 25 }), fc.boolean(), async (moves, bulk) => {
      s.gateway = createTestGateway(s.clock);
      s.agent = createTestAgent(() => s.clock.now());
      const was = new Map<string, StepState>();
      const backwards: string[] = [];
      const real = createOperationsRepo(s.database.db);
      const watched: OperationsRepo["save"] = async (operation, changed) => {
        for (const step of changed) {
          const before = was.get(step.id) ?? "waiting";
          if (RANK[step.state] < RANK[before] || (RANK[before] === 2 && step.state !== before)) backwards.push(`${before} → ${step.state}`);
          was.set(step.id, step.state);
        }
        await real.save(operation, changed);
      };
      await s.start({ save: watched });
      /** Requests on their way to the agent: they may arrive late, after the link is gone, or never. */
      let underWay: (() => void)[] = [];
      const wire: TestAgent = { ...s.agent, change: (verb, input, header) => new Promise((resolve, reject) => {
        underWay.push(() => void s.agent.change?.(verb, input, header).then(resolve, reject));
      }) };
      const arrive = () => underWay.splice(0).forEach((deliver) => deliver());
      let drop = s.gateway.connect("h1", wire);
      const { id } = await s.run({ action: "restart", containers: (bulk ? [A, B] : [A]).map((container) => ({ hostId: "h1", id: container.id })) });
      for (const { what, ms } of moves) {
        if (what === "drop") drop();
        else if (what === "connect") {
          // An agent ends its old tunnel before it dials again: what came through that is taken up at once or never.
          const old = underWay.splice(0);
          s.clock.after(500, () => old.forEach((deliver) => deliver()));
          drop = s.gateway.connect("h1", wire);
        }
        else if (what === "finish" || what === "fail") {
          arrive();
          await breathe();
          s.agent.finishAll(what === "fail" ? "failed" : "succeeded");
        }
        else if (what === "late") arrive();
        else if (what === "lose") underWay = [];
        else if (what === "cancel") await s.operations.cancel(ana, id);
        else if (what === "hub") {
          await s.operations.stop();
          drop();
          await s.start({ save: watched });
        }
        s.clock.advance(ms);
        await breathe();
      }
      drop();
      arrive();
      drop = s.gateway.connect("h1", wire);
      await until(async () => {
        arrive();
        s.agent.finishAll();
        s.clock.advance(1_000);
        return (await s.operations.get(id)).finishedAt !== null;
      }, "the operation to end");
      await s.operations.stop();
      drop();
      expect(backwards).toEqual([]);
      const perStep = new Map<string, number>();
      for (const { step } of s.agent.engine) perStep.set(step, (perStep.get(step) ?? 0) + 1);
      expect(Math.max(0, ...perStep.values())).toBeLessThanOrEqual(1);
      const stored = await real.byId(id);
      expect(stored?.finishedAt).not.toBeNull();
      for (const step of stored?.steps ?? []) {
        expect(RANK[step.state]).toBe(2);
        // What is called done was done, and what is called not begun was not.
        if (step.state === "succeeded") expect(s.agent.journal.get(step.id)).toMatchObject({ state: "succeeded" });
        if (step.state === "cancelled" || step.state === "expired") expect(s.agent.engine.some((call) => call.step === step.id)).toBe(false);
      }
    }), { numRuns: 40 });
  }, 120_000);
});
