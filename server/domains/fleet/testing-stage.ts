/** For tests only: a hub's fleet on a database of its own, with hosts that say what a test makes them say. */
import type { Container, Cursor, Frame, RuntimeEvent } from "@/protocol/shapes";
import { createTestDatabase, type TestDatabase } from "@/server/db/testing";
import { createHostsRepo } from "@/server/domains/hosts/repo";
import { createHostsService, type HostsService } from "@/server/domains/hosts/service";
import { createTestClock } from "@/server/lib/clock";
import { silentLogger } from "@/server/lib/logger";
import { createFleetRepo, type FleetRepo } from "./repo";
import type { ContainerView, FleetMessage, HostView } from "./schema";
import { createFleetService, type FleetService } from "./service";
import { createTestGateway, testContainer, testPeer, until, type TestAgent, type TestGateway, type TestStream } from "./testing";

export const up = testPeer("x").hello.runtime;
export const list = (...containers: Container[]): Frame => ({ frame: "list", at: 0, part: 0, last: true, containers });
export const changed = (container: Container): Frame => ({ frame: "container", at: 0, container });
export const happened = (seq: number, over: Partial<RuntimeEvent> = {}): RuntimeEvent => ({
  epoch: 1, seq, at: 1_000 * seq, kind: "die", id: testContainer("a").id, target: testContainer("a").target, name: "a", image: "busybox:1",
  exitCode: 1, signal: null, health: null, asked: false, step: null, ...over,
});

export interface FleetStage {
  database: TestDatabase;
  clock: ReturnType<typeof createTestClock>;
  gateway: TestGateway;
  hosts: HostsService;
  fleet: FleetService;
  repo: FleetRepo;
}
export type Stage = Awaited<ReturnType<typeof createFleetStage>>;

export async function createFleetStage() {
  const database = await createTestDatabase();
  const clock = createTestClock();
  // start() sets the rest, now and after each restart of the hub.
  const s = { database, clock } as FleetStage;

  async function start(over: Partial<FleetRepo> = {}): Promise<void> {
    s.gateway = createTestGateway(clock);
    s.hosts = createHostsService({ repo: createHostsRepo(s.database.db), gateway: s.gateway, clock, log: silentLogger, publicUrl: () => "http://hub:1", pin: "A".repeat(43) });
    await s.hosts.load();
    s.repo = { ...createFleetRepo(s.database.db), ...over };
    s.fleet = createFleetService({ repo: s.repo, hosts: s.hosts, gateway: s.gateway, clock, log: silentLogger, random: () => 0.5 });
    await s.fleet.start();
  }
  async function join(name: string): Promise<string> {
    const { token } = await s.hosts.issueJoin({ tags: [], uses: 1, minutes: 15, createdBy: "user_1" });
    const admission = await s.hosts.admit(testPeer(name, { name, token }));
    if (!admission.accepted) throw new Error(admission.message);
    return admission.hostId;
  }
  /** Connects a host whose agent lists these containers at once. */
  function connect(hostId: string, containers: Container[], agent: TestAgent = {}, report?: (after: Cursor | null, stream: TestStream) => void) {
    const opened: { after: Cursor | null; stream: TestStream }[] = [];
    const drop = s.gateway.connect(hostId, {
      telemetry(after, stream) {
        opened.push({ after, stream });
        if (report) report(after, stream);
        else stream.send({ frame: "runtime", at: 0, status: up }, list(...containers));
      },
      ...agent,
    });
    return { drop, opened, send: (...frames: Frame[]) => opened.at(-1)?.stream.send(...frames), raw: (text: string) => opened.at(-1)?.stream.raw(text) };
  }
  const linked = (hostId: string) => until(() => s.fleet.host(hostId)?.link === "up", "the host to be up");
  const stateOf = (hostId: string, name: string) => s.fleet.container(hostId, testContainer(name).id)?.state;

  function page() {
    const held = { hosts: new Map<string, HostView>(), containers: new Map<string, ContainerView>(), messages: [] as FleetMessage[] };
    const stop = new AbortController();
    const done = (async () => {
      for await (const message of s.fleet.live(stop.signal)) {
        held.messages.push(message);
        if (message.type === "snapshot" && message.first) [held.hosts, held.containers] = [new Map(), new Map()];
        for (const host of message.hosts) held.hosts.set(host.id, host);
        for (const container of message.containers) held.containers.set(container.key, container);
        if (message.type === "patch") {
          for (const id of message.goneHosts) held.hosts.delete(id);
          for (const { hostId, id } of message.gone) for (const [key, c] of held.containers) if (c.hostId === hostId && c.id === id) held.containers.delete(key);
        }
      }
    })();
    return Object.assign(held, {
      see: (condition: () => boolean) => until(() => (s.clock.advance(5), condition()), "the page to see it"),
      byName: (name: string) => [...held.containers.values()].find((container) => container.name === name),
      close: () => (stop.abort(), s.clock.advance(50), done),
    });
  }

  async function drop(): Promise<void> {
    await s.fleet.stop();
    await database.drop();
  }
  await start();
  return Object.assign(s, { start, join, connect, linked, stateOf, page, drop });
}
