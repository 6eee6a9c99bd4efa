import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ChangeVerb } from "@/protocol/contract";
import type { Container, OperationHeader, Outcome } from "@/protocol/shapes";
import { formatTarget } from "@/protocol/target";
import { createTestDatabase, type TestDatabase } from "@/server/db/testing";
import type { ContainerView, HostView } from "@/server/domains/fleet/schema";
import { createTestGateway, testContainer, testHello, until, type TestAgent, type TestGateway } from "@/server/domains/fleet/testing";
import { createTestClock } from "@/server/lib/clock";
import { AppError } from "@/server/lib/errors";
import { silentLogger } from "@/server/lib/logger";
import { createOperationsRepo, type OperationsRepo } from "./repo";
import type { OperationView, RunInput, StepState } from "./schema";
import { createOperationsService, type OperationsService } from "./service";

const ana = { id: "user_ana", name: "Ana", role: "operator" } as const;
const WAITING = 0;
const RANK: Record<StepState, number> = { waiting: WAITING, running: 1, checking: 1, succeeded: 2, failed: 2, unknown: 2, skipped: 2, cancelled: 2, expired: 2 };
let serial = 0;
const newKey = () => `key-${String((serial += 1)).padStart(20, "0")}`;

/** A fleet that holds what a test puts into it. */
function createTestFleet() {
  const containers = new Map<string, ContainerView>();
  const hosts = new Map<string, HostView>();
  const listeners = new Set<(hostId: string, ids: Iterable<string>) => void>();
  return {
    put(hostId: string, container: Container, confirmedAt = 0) {
      containers.set(`${hostId}/${container.id}`, { ...container, hostId, key: formatTarget({ scope: hostId, ...container.target }), confirmedAt });
      listeners.forEach((listener) => listener(hostId, [container.id]));
    },
    host_(id: string, over: Partial<HostView> = {}) {
      const { runtime, host } = testHello();
      hosts.set(id, { id, name: id, tags: [], joinedAt: 0, link: "up", linkWhy: null, confirmedAt: 0, runtime, agentVersion: "1", allow: "all", address: null, host, ...over });
    },
    forget: (id: string) => void hosts.delete(id),
    host: (id: string) => hosts.get(id),
    container: (hostId: string, id: string) => containers.get(`${hostId}/${id}`),
    stack: (hostId: string, name: string) => [...containers.values()].filter((c) => c.hostId === hostId && c.target.namespace === name),
    onContainers(listener: (hostId: string, ids: Iterable<string>) => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** An agent with a journal, as the contract asks for: one step id is one engine call. Answers when told to. */
function createTestAgent(now: () => number) {
  const journal = new Map<string, "running" | Outcome>();
  const engine: { step: string; verb: ChangeVerb; id: string }[] = [];
  const open: { finish: (state?: Outcome["state"]) => void; step: string }[] = [];
  const waiters = new Map<string, ((outcome: Outcome) => void)[]>();
  const agent: TestAgent & { journal: typeof journal; engine: typeof engine; open: typeof open; finishAll(state?: Outcome["state"]): void } = {
    journal, engine, open,
    finishAll: (state) => open.splice(0).forEach((call) => call.finish(state)),
    async call(verb, input) {
      if (verb !== "operation.outcome") throw new AppError("not_found", "?");
      return { outcomes: (input as { steps: string[] }).steps.map((step) => journal.get(step) ?? null) };
    },
    async change(verb: ChangeVerb, input: unknown, header: OperationHeader) {
      const known = journal.get(header.step);
      if (known && known !== "running") return { ...known, settledBy: "record" };
      if (!known) {
        if (now() >= header.deadlineAt) throw new AppError("deadline", "Too late.");
        journal.set(header.step, "running");
        engine.push({ step: header.step, verb, id: (input as { id: string }).id });
        const startedAt = now();
        open.push({ step: header.step, finish(state = "succeeded") {
          const outcome: Outcome = { state, error: state === "succeeded" ? null : { code: "engine_error", message: "The engine said no." }, settledBy: "call", startedAt, finishedAt: startedAt + 25 };
          journal.set(header.step, outcome);
          (waiters.get(header.step) ?? []).forEach((tell) => tell(outcome));
        } });
      }
      return new Promise<Outcome>((resolve) => waiters.set(header.step, [...(waiters.get(header.step) ?? []), resolve]));
    },
  };
  return agent;
}

describe("operations", () => {
  let database: TestDatabase;
  let clock: ReturnType<typeof createTestClock>;
  let gateway: TestGateway;
  let fleet: ReturnType<typeof createTestFleet>;
  let agent: ReturnType<typeof createTestAgent>;
  let operations: OperationsService;
  let repo: OperationsRepo;
  const a = testContainer("a");
  const b = testContainer("b");

  async function start(over: Partial<OperationsRepo> = {}): Promise<void> {
    repo = { ...createOperationsRepo(database.db), ...over };
    operations = createOperationsService({ repo, fleet, gateway, clock, log: silentLogger });
    await operations.start();
  }
  const run = (input: Partial<RunInput> & Pick<RunInput, "action">) => operations.run(ana, { key: newKey(), ...input });
  const restart = (container = a, hostId = "h1") => run({ action: "restart", containers: [{ hostId, id: container.id }] });
  const state = async (id: string) => (await operations.get(id)).state;
  const steps = async (id: string) => (await operations.get(id)).steps.map((step) => step.state);
  const reach = (id: string, wanted: string) => until(async () => (await state(id)) === wanted, `the operation to be ${wanted}`);
  const stepsReach = (id: string, ...wanted: StepState[]) => until(async () => (await steps(id)).join() === wanted.join(), `the steps to be ${wanted.join()}`);
  const sent = (count: number) => until(() => agent.engine.length === count, `${count} engine calls`);

  beforeEach(async () => {
    database = await createTestDatabase();
    clock = createTestClock();
    gateway = createTestGateway(clock);
    fleet = createTestFleet();
    fleet.host_("h1");
    fleet.put("h1", a);
    fleet.put("h1", b);
    agent = createTestAgent(() => clock.now());
    await start();
  });
  afterEach(async () => {
    await operations.stop();
    await gateway.close();
    await database.drop();
  });

  it("are recorded before anything is sent", async () => {
    const inDatabase: string[] = [];
    gateway.connect("h1", { ...agent, change: async (verb, input, header) => {
      const row = await database.db.operationStep.findUniqueOrThrow({ where: { id: header.step } });
      inDatabase.push(row.state);
      return agent.change?.(verb, input, header);
    } });
    const { id } = await restart();
    await sent(1);
    agent.finishAll();
    await reach(id, "succeeded");
    expect(inDatabase).toEqual(["running"]);
    expect((await operations.get(id)).steps[0]).toMatchObject({ state: "succeeded", spanMs: 25, target: "h1/-/a/-" });
    await until(async () => (await repo.byId(id))?.state === "succeeded");
  });
  it("are not sent while they cannot be recorded, and are when they can", async () => {
    await operations.stop();
    let full = true;
    const real = createOperationsRepo(database.db);
    await start({ save: (operation, changed) => (full ? Promise.reject(new Error("database or disk is full")) : real.save(operation, changed)) });
    gateway.connect("h1", agent);
    const { id } = await restart();
    for (let i = 0; i < 20; i += 1) await until(() => (clock.advance(200), true));
    expect(agent.engine).toEqual([]);
    full = false;
    await until(() => (clock.advance(1_000), agent.engine.length === 1));
    agent.finishAll();
    await reach(id, "succeeded");
  });
  it("are one operation for one key: a double click, a retry, a race of two hubs' pages", async () => {
    gateway.connect("h1", agent);
    const input: RunInput = { key: newKey(), action: "restart", containers: [{ hostId: "h1", id: a.id }] };
    const [first, second] = await Promise.all([operations.run(ana, input), operations.run(ana, input)]);
    const third = await operations.run(ana, input);
    expect([second.id, third.id]).toEqual([first.id, first.id]);
    await sent(1);
    agent.finishAll();
    await reach(first.id, "succeeded");
    expect((await operations.run(ana, input)).state).toBe("succeeded");
    expect(agent.engine).toHaveLength(1);
    await expect(operations.run({ ...ana, id: "user_bob" }, input)).rejects.toMatchObject({ code: "conflict" });
    const other = createOperationsService({ repo, fleet, gateway, clock, log: silentLogger });
    const key = newKey();
    const raced = await Promise.all([operations, other].map((service) => service.run(ana, { ...input, key })));
    expect(raced[0]?.id).toBe(raced[1]?.id);
    await other.stop();
  });
  it("are refused for a container that is not on that host", async () => {
    fleet.host_("h2");
    for (const [hostId, id] of [["h2", a.id], ["host_foreign", a.id], ["h1", "f".repeat(12)]] as const) {
      await expect(run({ action: "stop", containers: [{ hostId, id: a.id }, { hostId, id }] })).rejects.toMatchObject({ code: "not_found" });
    }
    await expect(run({ action: "stop", stack: { hostId: "h1", name: "nothing" } })).rejects.toMatchObject({ code: "not_found" });
    await expect(run({ action: "stop" })).rejects.toMatchObject({ code: "bad_input" });
    expect(await database.db.operation.count()).toBe(0);
  });

  describe("a host that is away", () => {
    it("gets its step when it is back within ten minutes", async () => {
      const { id } = await restart();
      clock.advance(9 * 60_000);
      expect(await steps(id)).toEqual(["waiting"]);
      gateway.connect("h1", agent);
      await sent(1);
      agent.finishAll();
      await reach(id, "succeeded");
    });
    it("gets nothing any more after ten minutes", async () => {
      const { id, deadlineAt, createdAt } = await restart();
      expect(deadlineAt - createdAt).toBe(600_000);
      clock.advance(601_000);
      await reach(id, "expired");
      gateway.connect("h1", agent);
      clock.advance(5_000);
      expect(agent.engine).toEqual([]);
      expect((await operations.get(id)).steps[0]?.error?.message).toContain("did not come back in time");
    });
    it("gets nothing once it is revoked or forgotten", async () => {
      const one = await restart();
      fleet.host_("h1", { link: "revoked" });
      await expect(restart()).rejects.toMatchObject({ code: "conflict" });
      clock.advance(1_000);
      await reach(one.id, "failed");
    });
  });

  describe("a link lost in mid-call", () => {
    it("is answered by the agent's record, and nothing is done twice", async () => {
      const drop = gateway.connect("h1", agent);
      const { id } = await restart();
      await sent(1);
      drop();
      await stepsReach(id, "checking");
      agent.finishAll();
      gateway.connect("h1", agent);
      await reach(id, "succeeded");
      expect(agent.engine).toHaveLength(1);
    });
    it("is asked about again while the agent is still at it", async () => {
      const drop = gateway.connect("h1", agent);
      const { id } = await restart();
      await sent(1);
      drop();
      gateway.connect("h1", agent);
      for (let i = 0; i < 10; i += 1) await until(() => (clock.advance(3_000), true));
      expect(await steps(id)).toEqual(["checking"]);
      agent.finishAll();
      await until(async () => (clock.advance(3_000), (await state(id)) === "succeeded"));
      expect(agent.engine).toHaveLength(1);
    });
    it("leads to the same step being sent again when it never arrived", async () => {
      const ids: string[] = [];
      const drop = gateway.connect("h1", { ...agent, change: (_verb, _input, header) => (ids.push(header.step), new Promise(() => undefined)) });
      const { id } = await restart();
      await until(() => ids.length === 1);
      drop();
      await stepsReach(id, "checking");
      gateway.connect("h1", agent);
      await sent(1);
      expect(agent.engine[0]?.step).toBe(ids[0]);
      agent.finishAll();
      await reach(id, "succeeded");
    });
    it("ends as expired when it never arrived and the time is over", async () => {
      const drop = gateway.connect("h1", { ...agent, change: () => new Promise(() => undefined) });
      const { id } = await restart();
      await stepsReach(id, "running");
      drop();
      await stepsReach(id, "checking");
      clock.advance(700_000);
      gateway.connect("h1", agent);
      await until(async () => (clock.advance(1_000), (await state(id)) === "expired"));
      expect(agent.engine).toEqual([]);
    });
    it("ends as unknown when the host does not come back while it remembers", async () => {
      const drop = gateway.connect("h1", agent);
      const { id } = await restart();
      await sent(1);
      drop();
      await stepsReach(id, "checking");
      clock.advance(23 * 3_600_000);
      expect(await steps(id)).toEqual(["checking"]);
      clock.advance(2 * 3_600_000);
      await reach(id, "unknown");
    });
    it("ends as unknown when the host is forgotten", async () => {
      const drop = gateway.connect("h1", agent);
      const { id } = await restart();
      await sent(1);
      drop();
      await stepsReach(id, "checking");
      fleet.forget("h1");
      clock.advance(1_000);
      await reach(id, "unknown");
    });
  });

  it("go on after a restart of the hub, and nothing is done twice", async () => {
    gateway.connect("h1", agent);
    const one = await restart(a);
    await sent(1);
    await operations.stop(); // as a kill would: what was sent is recorded as sent, and nothing more
    agent.finishAll();
    await gateway.close();
    await start();
    expect(await steps(one.id)).toEqual(["checking"]);
    gateway.connect("h1", agent);
    await reach(one.id, "succeeded");
    expect(agent.engine).toHaveLength(1);
  });
  it("that waited for their host wait on after a restart of the hub", async () => {
    const { id } = await restart();
    await operations.stop();
    await start();
    expect(await steps(id)).toEqual(["waiting"]);
    gateway.connect("h1", agent);
    await sent(1);
    agent.finishAll();
    await reach(id, "succeeded");
  });

  it("say what the host's own policy said", async () => {
    gateway.connect("h1", { ...agent, change: () => Promise.reject(new AppError("refused_by_host", "This host allows view only.")) });
    const { id } = await restart();
    await reach(id, "failed");
    expect((await operations.get(id)).steps[0]?.error).toEqual({ code: "refused_by_host", message: "This host allows view only." });
  });
  it("ask again when the agent itself does not know", async () => {
    let first = true;
    gateway.connect("h1", { ...agent, change: (verb, input, header) => {
      if (!first) return agent.change?.(verb, input, header) ?? Promise.reject(new Error());
      first = false;
      return Promise.reject(new AppError("refused_by_host", "Its journal broke.", { cause: { code: "internal" } }));
    } });
    const { id } = await restart();
    await until(() => (clock.advance(1_000), agent.engine.length === 1));
    agent.finishAll();
    await reach(id, "succeeded");
  });

  describe("in bulk", () => {
    const many = Array.from({ length: 12 }, (_, i) => testContainer(`m${i}`));
    const all = many.map((container) => ({ hostId: "h1", id: container.id }));
    beforeEach(() => many.forEach((container) => fleet.put("h1", container)));
    it("run four at once on one host", async () => {
      gateway.connect("h1", agent);
      const { id } = await run({ action: "stop", containers: all });
      for (let done = 4; done <= 12; done += 4) {
        await sent(done);
        expect(agent.open).toHaveLength(4);
        agent.finishAll();
      }
      await reach(id, "succeeded");
    });
    it("go on with the others when one fails", async () => {
      gateway.connect("h1", agent);
      const { id } = await run({ action: "stop", containers: all });
      await sent(4);
      agent.finishAll("failed");
      await until(async () => (agent.finishAll(), (await state(id)) === "partly"));
      expect((await steps(id)).filter((step) => step === "failed")).toHaveLength(4);
    });
    it("cancel what has not begun, and let the rest end", async () => {
      gateway.connect("h1", agent);
      const { id } = await run({ action: "stop", containers: all });
      await sent(4);
      const cancelled = await operations.cancel({ ...ana, name: "Bo" }, id);
      expect(cancelled).toMatchObject({ cancelledBy: "Bo", state: "running" });
      agent.finishAll();
      await reach(id, "cancelled");
      expect(agent.engine).toHaveLength(4);
      expect((await steps(id)).filter((step) => step === "cancelled")).toHaveLength(8);
      expect((await operations.cancel(ana, id)).cancelledBy).toBe("Bo");
      await expect(operations.cancel(ana, "op_foreign")).rejects.toMatchObject({ code: "not_found" });
    });
  });

  describe("of a stack", () => {
    const part = (name: string, dependsOn: string, over: Partial<Container> = {}) => testContainer(`shop-${name}-1`, {
      labels: { "com.docker.compose.project": "shop", "com.docker.compose.service": name, "com.docker.compose.container-number": "1", "com.docker.compose.depends_on": dependsOn }, ...over,
    });
    const [db, web] = [part("db", "", { state: "exited" }), part("web", "db:service_healthy:true", { state: "exited" })];
    beforeEach(() => {
      fleet.put("h1", db);
      fleet.put("h1", web);
      gateway.connect("h1", agent);
    });
    const startStack = () => run({ action: "start", stack: { hostId: "h1", name: "shop" } });
    it("wait until what they depend on is healthy", async () => {
      const { id } = await startStack();
      await sent(1);
      agent.finishAll();
      await stepsReach(id, "succeeded", "waiting");
      fleet.put("h1", { ...db, state: "running", health: "starting" });
      clock.advance(60_000);
      expect(agent.engine).toHaveLength(1);
      fleet.put("h1", { ...db, state: "running", health: "healthy" });
      await sent(2);
      agent.finishAll();
      await reach(id, "succeeded");
    });
    it("are skipped, and say why, when it does not become healthy in time", async () => {
      const { id } = await startStack();
      await sent(1);
      agent.finishAll();
      await stepsReach(id, "succeeded", "waiting");
      fleet.put("h1", { ...db, state: "running", health: "unhealthy" });
      clock.advance(121_000);
      await reach(id, "partly");
      expect((await operations.get(id)).steps[1]).toMatchObject({ state: "skipped", error: { message: expect.stringContaining("did not become healthy") as string } });
    });
    it("are skipped when a step before them fails", async () => {
      const { id } = await run({ action: "restart", stack: { hostId: "h1", name: "shop" } });
      await sent(1);
      expect(agent.engine[0]).toMatchObject({ verb: "container.stop", id: web.id });
      agent.finishAll("failed");
      await reach(id, "failed");
      expect(await steps(id)).toEqual(["failed", "skipped", "skipped", "skipped"]);
    });
    it("do not take the end of an earlier run for the completion they wait for", async () => {
      const job = part("job", "", { state: "exited", exitCode: 0 });
      const app = part("app", "job:service_completed_successfully:false");
      fleet.put("h1", job, 5);
      fleet.put("h1", app);
      const { id } = await startStack();
      await sent(2); // db and job
      agent.finishAll();
      await until(async () => (await steps(id)).filter((step) => step === "succeeded").length === 2);
      clock.advance(2_000);
      expect(agent.engine).toHaveLength(2);
      fleet.put("h1", { ...db, state: "running", health: "healthy" });
      fleet.put("h1", job, clock.now());
      await sent(4);
      agent.finishAll();
      await reach(id, "succeeded");
    });
  });

  it("are seen by every page, as they change", async () => {
    gateway.connect("h1", agent);
    const seen = new Map<string, OperationView>();
    const stop = new AbortController();
    const done = (async () => {
      for await (const message of operations.live(stop.signal)) for (const operation of message.operations) seen.set(operation.id, operation);
    })();
    const { id } = await restart();
    await sent(1);
    agent.finishAll();
    await until(() => (clock.advance(50), seen.get(id)?.state === "succeeded"));
    stop.abort();
    clock.advance(50);
    await done;
    expect(operations.stats().readers).toBe(0);
    const first = await operations.live().next();
    expect(first.value).toMatchObject({ type: "snapshot", operations: [{ id, state: "succeeded" }] });
  });

  it("end, call the engine at most once a step, and never go back, whatever gets lost when", async () => {
    await operations.stop();
    type Move = { what: "drop" | "connect" | "finish" | "fail" | "late" | "lose" | "hub" | "cancel" | "wait"; ms: number };
    const move = fc.record({ what: fc.constantFrom<Move["what"][]>("drop", "connect", "finish", "fail", "late", "lose", "hub", "cancel", "wait"), ms: fc.constantFrom(0, 700, 5_000, 200_000) });
    const breathe = async () => {
      for (let i = 0; i < 12; i += 1) await new Promise((resolve) => setImmediate(resolve));
    };
    await fc.assert(fc.asyncProperty(fc.array(move, { maxLength: 25 }), fc.boolean(), async (moves, bulk) => {
      gateway = createTestGateway(clock);
      agent = createTestAgent(() => clock.now());
      const was = new Map<string, StepState>();
      const backwards: string[] = [];
      const real = createOperationsRepo(database.db);
      const watched: OperationsRepo["save"] = async (operation, changed) => {
        for (const step of changed) {
          const before = was.get(step.id) ?? "waiting";
          if (RANK[step.state] < RANK[before] || (RANK[before] === 2 && step.state !== before)) backwards.push(`${before} → ${step.state}`);
          was.set(step.id, step.state);
        }
        await real.save(operation, changed);
      };
      await start({ save: watched });
      /** Requests on their way to the agent: they may arrive late, after the link is gone, or never. */
      let underWay: (() => void)[] = [];
      const wire: TestAgent = { ...agent, change: (verb, input, header) => new Promise((resolve, reject) => {
        underWay.push(() => void agent.change?.(verb, input, header).then(resolve, reject));
      }) };
      const arrive = () => underWay.splice(0).forEach((deliver) => deliver());
      let drop = gateway.connect("h1", wire);
      const { id } = await run({ action: "restart", containers: (bulk ? [a, b] : [a]).map((container) => ({ hostId: "h1", id: container.id })) });
      for (const { what, ms } of moves) {
        if (what === "drop") drop();
        else if (what === "connect") {
          // An agent ends its old tunnel before it dials again: what came through that is taken up at once or never.
          const old = underWay.splice(0);
          clock.after(500, () => old.forEach((deliver) => deliver()));
          drop = gateway.connect("h1", wire);
        }
        else if (what === "finish" || what === "fail") (arrive(), await breathe(), agent.finishAll(what === "fail" ? "failed" : "succeeded"));
        else if (what === "late") arrive();
        else if (what === "lose") underWay = [];
        else if (what === "cancel") await operations.cancel(ana, id);
        else if (what === "hub") {
          await operations.stop();
          drop();
          await start({ save: watched });
        }
        clock.advance(ms);
        await breathe();
      }
      drop();
      arrive();
      drop = gateway.connect("h1", wire);
      await until(async () => {
        arrive();
        agent.finishAll();
        clock.advance(1_000);
        return (await operations.get(id)).finishedAt !== null;
      }, "the operation to end");
      await operations.stop();
      drop();
      expect(backwards).toEqual([]);
      const perStep = new Map<string, number>();
      for (const { step } of agent.engine) perStep.set(step, (perStep.get(step) ?? 0) + 1);
      expect(Math.max(0, ...perStep.values())).toBeLessThanOrEqual(1);
      const stored = await real.byId(id);
      expect(stored?.finishedAt).not.toBeNull();
      for (const step of stored?.steps ?? []) {
        expect(RANK[step.state]).toBe(2);
        // What is called done was done, and what is called not begun was not.
        if (step.state === "succeeded") expect(agent.journal.get(step.id)).toMatchObject({ state: "succeeded" });
        if (step.state === "cancelled" || step.state === "expired") expect(agent.engine.some((call) => call.step === step.id)).toBe(false);
      }
    }), { numRuns: 40 });
  }, 120_000);
});
