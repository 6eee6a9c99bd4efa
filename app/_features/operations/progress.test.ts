import { describe, expect, it } from "vitest";
import type { OperationView, StepState, StepView } from "@/server/domains/operations/schema";
import { canCancel, failedByContainer, pendingByContainer, tally, waves } from "./progress";

const step = (id: string, wave: number, state: StepState, change: Partial<StepView> = {}): StepView => ({
  id, wave, hostId: "h", containerId: id, target: `h/-/${id}/-`, name: id, action: "restart", state, error: null, startedAt: null, finishedAt: null, spanMs: null, ...change,
});
const operation = (id: string, createdAt: number, steps: StepView[], state: OperationView["state"] = "running"): OperationView => ({
  id, key: id, action: "restart", stack: null, actor: { id: "u", name: "U" }, state, createdAt, deadlineAt: createdAt + 600_000, finishedAt: null, cancelledBy: null, note: null, steps,
});

describe("progress of operations", () => {
  it("shows on a row what was asked for last, and nothing once it ended", () => {
    const pending = pendingByContainer([operation("new", 20, [step("a", 0, "running", { startedAt: 25 })]), operation("old", 10, [step("a", 0, "waiting"), step("b", 0, "succeeded")])]);
    expect(pending.get("h/a")).toMatchObject({ operationId: "new", since: 25, state: "running" });
    expect(pending.has("h/b")).toBe(false);
    expect(pendingByContainer([operation("done", 1, [step("a", 0, "succeeded")], "succeeded")]).size).toBe(0);
  });
  it("shows the first open step of a container that has several", () => {
    const steps = [step("s1", 0, "running", { containerId: "a", action: "stop" }), step("s2", 1, "waiting", { containerId: "a", action: "start" })];
    expect(pendingByContainer([operation("o", 1, steps)]).get("h/a")).toMatchObject({ action: "stop", state: "running" });
  });
  it("keeps a failure on its row until it was read or something newer was done", () => {
    const bad = operation("bad", 10, [step("a", 0, "failed", { error: { code: "engine_error", message: "no" } })], "failed");
    expect(failedByContainer([bad], new Set()).get("h/a")).toEqual({ operationId: "bad", action: "restart", why: "no" });
    expect(failedByContainer([bad], new Set(["bad"])).size).toBe(0);
    expect(failedByContainer([operation("new", 20, [step("a", 0, "running")]), bad], new Set()).size).toBe(0);
  });
  it("keeps waves in their order", () => {
    expect(waves([step("c", 2, "waiting"), step("a", 0, "succeeded"), step("b", 0, "failed")]).map((wave) => [wave.wave, wave.steps.length])).toEqual([[0, 2], [2, 1]]);
  });
  it("cancels only what has not begun", () => {
    expect(canCancel(operation("o", 1, [step("a", 0, "running")]))).toBe(false);
    expect(canCancel(operation("o", 1, [step("a", 0, "running"), step("b", 1, "waiting")]))).toBe(true);
    expect(tally(operation("o", 1, [step("a", 0, "succeeded"), step("b", 0, "unknown"), step("c", 1, "skipped")]))).toEqual({ done: 1, failed: 1, open: 0, total: 3 });
  });
});
