import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "@/server/domains/fleet/testing";
import { A, createStage, type Stage } from "./testing";

describe("operations when something is lost:", () => {
  let s: Stage;
  beforeEach(async () => {
    s = await createStage();
  });
  afterEach(() => s.drop());

  describe("a host that is away", () => {
    it("gets its step when it is back within ten minutes", async () => {
      const { id } = await s.restart();
      s.clock.advance(9 * 60_000);
      expect(await s.steps(id)).toEqual(["waiting"]);
      s.gateway.connect("h1", s.agent);
      await s.sent(1);
      s.agent.finishAll();
      await s.reach(id, "succeeded");
    });
    it("gets nothing any more after ten minutes", async () => {
      const { id, deadlineAt, createdAt } = await s.restart();
      expect(deadlineAt - createdAt).toBe(600_000);
      s.clock.advance(601_000);
      await s.reach(id, "expired");
      s.gateway.connect("h1", s.agent);
      s.clock.advance(5_000);
      expect(s.agent.engine).toEqual([]);
      expect((await s.operations.get(id)).steps[0]?.error?.message).toContain("did not come back in time");
    });
    it("gets nothing once it is revoked or forgotten", async () => {
      const one = await s.restart();
      s.fleet.putHost("h1", { link: "revoked" });
      await expect(s.restart()).rejects.toMatchObject({ code: "conflict" });
      s.clock.advance(1_000);
      await s.reach(one.id, "failed");
    });
  });

  describe("a link lost in mid-call", () => {
    it("is answered by the agent's record, and nothing is done twice", async () => {
      const drop = s.gateway.connect("h1", s.agent);
      const { id } = await s.restart();
      await s.sent(1);
      drop();
      await s.stepsReach(id, "checking");
      s.agent.finishAll();
      s.gateway.connect("h1", s.agent);
      await s.reach(id, "succeeded");
      expect(s.agent.engine).toHaveLength(1);
    });
    it("is asked about again while the agent is still at it", async () => {
      const drop = s.gateway.connect("h1", s.agent);
      const { id } = await s.restart();
      await s.sent(1);
      drop();
      s.gateway.connect("h1", s.agent);
      for (let i = 0; i < 10; i += 1) await until(() => (s.clock.advance(3_000), true));
      expect(await s.steps(id)).toEqual(["checking"]);
      s.agent.finishAll();
      await until(async () => (s.clock.advance(3_000), (await s.state(id)) === "succeeded"));
      expect(s.agent.engine).toHaveLength(1);
    });
    it("leads to the same step being sent again when it never arrived", async () => {
      const ids: string[] = [];
      const drop = s.gateway.connect("h1", { ...s.agent, change: (_verb, _input, header) => (ids.push(header.step), new Promise(() => undefined)) });
      const { id } = await s.restart();
      await until(() => ids.length === 1);
      drop();
      await s.stepsReach(id, "checking");
      s.gateway.connect("h1", s.agent);
      await s.sent(1);
      expect(s.agent.engine[0]?.step).toBe(ids[0]);
      s.agent.finishAll();
      await s.reach(id, "succeeded");
    });
    it("ends as expired when it never arrived and the time is over", async () => {
      const drop = s.gateway.connect("h1", { ...s.agent, change: () => new Promise(() => undefined) });
      const { id } = await s.restart();
      await s.stepsReach(id, "running");
      drop();
      await s.stepsReach(id, "checking");
      s.clock.advance(700_000);
      s.gateway.connect("h1", s.agent);
      await until(async () => (s.clock.advance(1_000), (await s.state(id)) === "expired"));
      expect(s.agent.engine).toEqual([]);
    });
    it("ends as unknown when the host does not come back while it remembers", async () => {
      const drop = s.gateway.connect("h1", s.agent);
      const { id } = await s.restart();
      await s.sent(1);
      drop();
      await s.stepsReach(id, "checking");
      s.clock.advance(23 * 3_600_000);
      expect(await s.steps(id)).toEqual(["checking"]);
      s.clock.advance(2 * 3_600_000);
      await s.reach(id, "unknown");
    });
    it("ends as unknown when the host is forgotten", async () => {
      const drop = s.gateway.connect("h1", s.agent);
      const { id } = await s.restart();
      await s.sent(1);
      drop();
      await s.stepsReach(id, "checking");
      s.fleet.forget("h1");
      s.clock.advance(1_000);
      await s.reach(id, "unknown");
    });
  });

  it("go on after a restart of the hub, and nothing is done twice", async () => {
    s.gateway.connect("h1", s.agent);
    const one = await s.restart(A);
    await s.sent(1);
    await s.operations.stop(); // as a kill would: what was sent is recorded as sent, and nothing more
    s.agent.finishAll();
    await s.gateway.close();
    await s.start();
    expect(await s.steps(one.id)).toEqual(["checking"]);
    s.gateway.connect("h1", s.agent);
    await s.reach(one.id, "succeeded");
    expect(s.agent.engine).toHaveLength(1);
  });
  it("that waited for their host wait on after a restart of the hub", async () => {
    const { id } = await s.restart();
    await s.operations.stop();
    await s.start();
    expect(await s.steps(id)).toEqual(["waiting"]);
    s.gateway.connect("h1", s.agent);
    await s.sent(1);
    s.agent.finishAll();
    await s.reach(id, "succeeded");
  });
});
