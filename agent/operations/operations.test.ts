import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TIMES } from "@/protocol/limits";
import type { Container, OperationHeader, RuntimeStatus } from "@/protocol/shapes";
import { systemClock } from "@/agent/clock";
import { AgentFailure } from "@/agent/errors";
import { silentLog } from "@/agent/log";
import type { Performed, Runtime } from "../runtime/runtime";
import { type Journal, openJournal } from "./journal";
import { createOperations, isOverdue, type Operations } from "./operations";
import { shows } from "./settle";

const ID = "ab".repeat(32);
const up: RuntimeStatus = { state: "up", why: null, engine: "docker", version: "1", apiVersion: "1.41" };
const header = (step = "step-0001"): OperationHeader => ({ step, operation: "operation-1", actor: { id: "user_ana", name: "Ana" }, deadlineAt: Date.now() + 60_000, sentAt: Date.now() });

let dir: string;
let journal: Journal;
let calls: number;
let answer: () => Promise<Performed>;
let look: () => Container | null;
let status: RuntimeStatus;
let ended: string[];
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "operations-"));
  journal = await openJournal({ dir, clock: systemClock, onBadLine: () => {} });
  calls = 0;
  ended = [];
  answer = () => Promise.resolve({ state: "done" });
  look = () => null;
  status = up;
});
afterEach(async () => {
  await journal.close();
  rmSync(dir, { recursive: true });
});

/** The runtime's part that operations use; engines themselves are tested in the lab. */
function operations(over: Journal = journal): Operations {
  const unused = () => Promise.reject(new Error("not part of this test"));
  const runtime: Runtime = {
    status: () => status,
    connect: () => Promise.resolve(up),
    ping: unused, list: unused, inspect: unused, loss: unused, usage: unused, follow: unused, openLog: unused, dataRoot: unused,
    look: () => Promise.resolve().then(() => { const container = look(); return container && { container, stopSignal: null, pid: null, hostNetwork: false, cpuLimit: null }; }),
    perform: () => {
      calls++;
      return answer();
    },
  };
  return createOperations({ runtime, journal: over, allow: "all", ended: (step, outcome) => void ended.push(`${step} ${outcome.state}`), clock: systemClock, log: silentLog });
}
const container = (more: Partial<Container>): Container => ({ id: ID, target: { namespace: null, workload: "web", replica: null }, name: "web", image: "i", imageId: "i", state: "running", health: "none", exitCode: null, oomKilled: false, error: null, createdAt: 1, startedAt: 100, finishedAt: null, restartCount: 0, restartPolicy: "no", autoRemove: false, ports: [], labels: {}, labelsCut: 0, ...more });

describe("a change", () => {
  it("is called once for a step, whether it is asked at once, later, or by another of this agent's runs", async () => {
    const first = operations();
    const [one, two] = await Promise.all([first.run("container.stop", { id: ID }, header()), first.run("container.stop", { id: ID }, header())]);
    expect(two).toEqual(one);
    expect(await first.run("container.stop", { id: ID }, header())).toEqual({ ...one, settledBy: "record" });
    const reopened = await openJournal({ dir, clock: systemClock, onBadLine: () => {} });
    expect(await operations(reopened).run("container.stop", { id: ID }, header())).toEqual({ ...one, settledBy: "record" });
    await reopened.close();
    expect(calls).toBe(1);
    expect(ended).toEqual(["step-0001 succeeded"]);
  });

  it("is not begun when it cannot be recorded", async () => {
    await journal.close(); // every write fails from here on, as on a disk that is gone
    await expect(operations().run("container.stop", { id: ID }, header())).rejects.toMatchObject({ code: "internal", message: expect.stringMatching(/nothing was changed/) as string });
    expect(calls).toBe(0);
    journal = await openJournal({ dir, clock: systemClock, onBadLine: () => {} });
  });

  it("is refused, not failed, while the engine is away, so that the same step can be sent again", async () => {
    const agent = operations();
    status = { ...up, state: "down", why: "the engine sleeps" };
    await expect(agent.run("container.stop", { id: ID }, header())).rejects.toThrow("the engine sleeps");
    status = up;
    expect(await agent.run("container.stop", { id: ID }, header())).toMatchObject({ state: "succeeded", settledBy: "call" });
  });

  it("whose answer was lost is settled by looking, and never sent again", async () => {
    answer = () => Promise.resolve({ state: "unknown", error: { code: "engine_unavailable", message: "lost" } });
    look = () => container({ startedAt: Date.now() + 1_000 });
    expect(await operations().run("container.restart", { id: ID }, header())).toMatchObject({ state: "succeeded", settledBy: "inspection" });
    expect(calls).toBe(1);
  });

  it("that fails says so with the engine's words, also when asked again", async () => {
    answer = () => Promise.resolve({ state: "refused", error: { code: "conflict", message: "it is being removed" } });
    const agent = operations();
    await agent.run("container.remove", { id: ID }, header());
    expect(await agent.run("container.remove", { id: ID }, header())).toMatchObject({ state: "failed", settledBy: "record", error: { message: "it is being removed" } });
    expect(agent.outcome("step-0001")).toMatchObject({ state: "failed" });
    expect(agent.outcome("step-none")).toBeNull();
  });

  it("is bounded in how many run at once", async () => {
    let release: (done: Performed) => void = () => {};
    const gate = new Promise<Performed>((resolve) => (release = resolve));
    answer = () => gate;
    const agent = operations();
    const started = Array.from({ length: 64 }, (_, i) => agent.run("container.start", { id: ID }, header(`step-bulk-${i}`)));
    await expect(agent.run("container.start", { id: ID }, header("step-more"))).rejects.toMatchObject({ code: "busy" });
    expect(agent.outcome("step-bulk-1")).toBe("running");
    release({ state: "done" });
    await Promise.all(started);
    expect(await agent.run("container.start", { id: ID }, header("step-more"))).toMatchObject({ state: "succeeded" });
  });

  it("explains the events of its container while it runs, and no others", async () => {
    const agent = operations();
    const outcome = await agent.run("container.stop", { id: ID }, header());
    expect(agent.stepAt(ID, outcome.startedAt)).toEqual({ step: "step-0001", ends: true });
    expect(agent.stepAt(ID, outcome.startedAt - 1_000)).toBeNull();
    expect(agent.stepAt(ID, outcome.finishedAt + 1_000)).toBeNull();
    expect(agent.stepAt("cd".repeat(32), outcome.startedAt)).toBeNull();
  });

  it("that an earlier run left open is being looked at, and is not begun again meanwhile", async () => {
    await journal.begin({ step: "step-0001", operation: "operation-1", verb: "container.restart", id: ID, grace: 0, actor: "Ana", at: Date.now() });
    let visible = false;
    look = () => {
      if (!visible) throw new AgentFailure("engine_unavailable", "the engine is away");
      return container({ startedAt: Date.now() + 1 });
    };
    const agent = operations();
    const settled = agent.settleOpen();
    expect(agent.outcome("step-0001")).toBe("running");
    const joined = agent.run("container.restart", { id: ID }, header());
    visible = true;
    await settled;
    expect(await joined).toMatchObject({ state: "succeeded", settledBy: "inspection" });
    expect(agent.outcome("step-0001")).toMatchObject({ state: "succeeded", settledBy: "inspection" });
    expect(calls).toBe(0);
    expect(ended).toEqual(["step-0001 succeeded"]);
  });
});

describe("a deadline", () => {
  const at = (sentAt: number, forMs: number) => ({ ...header(), sentAt, deadlineAt: sentAt + forMs });
  it.each([
    ["in time", 0, 5_000, false],
    ["too late on the way", 6_000, 5_000, true],
    ["over when it was sent", 0, 0, true],
    ["in time on a host whose clock is an hour ahead", 3_600_000, 5_000, false],
    ["in time on a host whose clock is a year behind", -31_536_000_000, 5_000, false],
    ["in time at the edge of what a live tunnel can delay", TIMES.silenceMs, TIMES.silenceMs + 1, false],
  ])("is judged: %s", (_, behindMs, forMs, overdue) => {
    expect(isOverdue(at(1_000_000, forMs), 1_000_000 + behindMs)).toBe(overdue);
  });
});

describe("looking", () => {
  it("claims success only where the container shows it", () => {
    const before = container({ startedAt: 100, finishedAt: 50 });
    const restarted = container({ startedAt: 200, finishedAt: 190 });
    const stopped = container({ state: "exited", startedAt: 100, finishedAt: 190 });
    const cases = [["container.restart", before, restarted], ["container.stop", before, stopped], ["container.kill", before, stopped], ["container.start", container({ state: "exited" }), restarted], ["container.pause", before, container({ state: "paused" })], ["container.unpause", container({ state: "paused" }), before], ["container.remove", before, null]] as const;
    for (const [verb, no, yes] of cases) {
      expect(shows(verb, no, 150), verb).toBe(false);
      expect(shows(verb, yes, 150), verb).toBe(true);
    }
    expect(shows("container.restart", null, 150)).toBe(false);
  });
});
