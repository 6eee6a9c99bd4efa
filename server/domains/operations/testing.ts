/** For tests only: what the tests of operations stand on. */
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
import type { OperationState, OperationView, RunInput, StepState } from "./schema";
import { createOperationsService, type OperationsService } from "./service";

export const ana = { id: "user_ana", name: "Ana", role: "operator" } as const;
export const A = testContainer("a");
export const B = testContainer("b");
let serial = 0;
export const newKey = () => `key-${String((serial += 1)).padStart(20, "0")}`;

/** A fleet that holds what a test puts into it. */
export function createTestFleet() {
  const containers = new Map<string, ContainerView>();
  const hosts = new Map<string, HostView>();
  const listeners = new Set<(hostId: string, ids: Iterable<string>) => void>();
  return {
    put(hostId: string, container: Container) {
      containers.set(`${hostId}/${container.id}`, { ...container, hostId, key: formatTarget({ scope: hostId, ...container.target }), confirmedAt: 0 });
      listeners.forEach((listener) => listener(hostId, [container.id]));
    },
    putHost(id: string, over: Partial<HostView> = {}) {
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
export function createTestAgent(now: () => number) {
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

/** What a test of operations stands on: a database, a fleet, one agent with a journal, a clock that it moves. */
export interface Stage {
  database: TestDatabase;
  clock: ReturnType<typeof createTestClock>;
  gateway: TestGateway;
  fleet: ReturnType<typeof createTestFleet>;
  agent: ReturnType<typeof createTestAgent>;
  operations: OperationsService;
  repo: OperationsRepo;
  /** Starts the hub's part, again after a stop; `over` replaces parts of its database. */
  start(over?: Partial<OperationsRepo>): Promise<void>;
  run(input: Partial<RunInput> & Pick<RunInput, "action">): Promise<OperationView>;
  restart(container?: Container, hostId?: string): Promise<OperationView>;
  state(id: string): Promise<OperationState>;
  steps(id: string): Promise<StepState[]>;
  reach(id: string, wanted: OperationState): Promise<void>;
  stepsReach(id: string, ...wanted: StepState[]): Promise<void>;
  /** So many engine calls were made. */
  sent(count: number): Promise<void>;
  drop(): Promise<void>;
}

/** A host `h1` with two containers, a and b, and no link yet. */
export async function createStage(): Promise<Stage> {
  const database = await createTestDatabase();
  const clock = createTestClock();
  const fleet = createTestFleet();
  fleet.putHost("h1");
  for (const container of [A, B]) fleet.put("h1", container);
  const s: Stage = {
    database, clock, fleet,
    gateway: createTestGateway(clock),
    agent: createTestAgent(() => clock.now()),
    repo: createOperationsRepo(database.db),
    operations: undefined as unknown as OperationsService, // start() sets it, below
    async start(over = {}) {
      s.repo = { ...createOperationsRepo(database.db), ...over };
      s.operations = createOperationsService({ repo: s.repo, fleet, gateway: s.gateway, clock, log: silentLogger });
      await s.operations.start();
    },
    run: (input) => s.operations.run(ana, { key: newKey(), ...input }),
    restart: (container = A, hostId = "h1") => s.run({ action: "restart", containers: [{ hostId, id: container.id }] }),
    state: async (id) => (await s.operations.get(id)).state,
    steps: async (id) => (await s.operations.get(id)).steps.map((step) => step.state),
    reach: (id, wanted) => until(async () => (await s.state(id)) === wanted, `the operation to be ${wanted}`),
    stepsReach: (id, ...wanted) => until(async () => (await s.steps(id)).join() === wanted.join(), `the steps to be ${wanted.join()}`),
    sent: (count) => until(() => s.agent.engine.length === count, `${count} engine calls`),
    async drop() {
      await s.operations.stop();
      await s.gateway.close();
      await database.drop();
    },
  };
  await s.start();
  return s;
}
