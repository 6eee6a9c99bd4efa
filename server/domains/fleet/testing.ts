/**
 * For tests only. First a gateway without tunnels: it speaks the contract in both directions, checks every
 * input and output against it, and can lose a link at any moment. The real tunnels are tested in tests/lab.
 * Then a fleet that stands on it, with hosts that say what a test makes them say.
 */
import { setMaxListeners } from "node:events";
import { PassThrough } from "node:stream";
import { CONTRACT, type ChangeVerb, type InputOf, type OutputOf, type ReadVerb, type VerbName } from "@/protocol/contract";
import type { ContainerFigures, HostFigures, Sample } from "@/protocol/metrics";
import { Frame, type BlackBox, type Container, type Cursor, type Hello, type OperationHeader, type RuntimeEvent } from "@/protocol/shapes";
import { deriveTarget } from "@/protocol/target";
import { createTestDatabase, type TestDatabase } from "@/server/db/testing";
import { createHostsRepo } from "@/server/domains/hosts/repo";
import { createHostsService, type HostsService } from "@/server/domains/hosts/service";
import type { Gateway, HostLink, LinkChange, Peer } from "@/server/gateway/gateway";
import { createTestClock, type Clock } from "@/server/lib/clock";
import { AppError } from "@/server/lib/errors";
import { silentLogger } from "@/server/lib/logger";
import * as z from "zod/v4/core";
import { createFleetRepo, type FleetRepo } from "./repo";
import type { ContainerView, FleetMessage, HostView } from "./schema";
import { createFleetService, type FleetDeps, type FleetService } from "./service";

/** What answers for one host. A promise that never settles is an engine that hangs. */
export interface TestAgent {
  call?<V extends ReadVerb>(verb: V, input: InputOf<V>): Promise<unknown>;
  change?(verb: ChangeVerb, input: unknown, header: OperationHeader): Promise<unknown>;
  /** Asked when the hub opens the telemetry stream; writes frames into `stream`. */
  telemetry?(after: InputOf<"telemetry.stream">["after"], stream: TestStream): void;
  /** Asked when the hub opens the stream of measurements; `gone` aborts when the hub ends it. */
  live?(stream: TestStream, gone: AbortSignal): void;
}
export interface TestStream {
  send(...frames: Frame[]): void;
  /** Bytes as they are. */
  raw(text: string): void;
  end(): void;
}

export interface TestGateway extends Gateway {
  /** Brings a link up. Returns its loss, as the gateway would report it. */
  connect(hostId: string, agent?: TestAgent, hello?: Partial<Hello>): (why?: string) => void;
  /** Why links were closed by the hub, oldest first. */
  closed: { hostId: string; why: string }[];
  /** Hosts that were disconnected: in a real gateway this also refuses tunnels of theirs that are being admitted. */
  disconnected: string[];
}

export function createTestGateway(clock: Clock): TestGateway {
  const links = new Map<string, { link: HostLink; drop: (why: string) => void }>();
  const listeners = new Set<(change: LinkChange) => void>();
  const heard = new Map<string, number>();
  const closed: { hostId: string; why: string }[] = [];
  const disconnected: string[] = [];
  const tell = (change: LinkChange) => listeners.forEach((listener) => listener(change));

  function connect(hostId: string, agent: TestAgent = {}, over: Partial<Hello> = {}) {
    const ended = new AbortController();
    setMaxListeners(0, ended.signal);
    const lost = () => new AppError("link_lost", "The link ended.");
    const checked = async (verb: VerbName, input: unknown, work: () => Promise<unknown>) => {
      if (ended.signal.aborted) throw new AppError("host_away", "The host is away.");
      z.parse(CONTRACT[verb].input, input);
      const gone = new Promise<never>((_, reject) => ended.signal.addEventListener("abort", () => reject(lost()), { once: true }));
      return z.parse(CONTRACT[verb].output, await Promise.race([work(), gone]));
    };
    const drop = (why = "cut") => {
      if (ended.signal.aborted) return;
      ended.abort();
      links.delete(hostId);
      tell({ state: "down", hostId, why, lastByteAt: clock.now() });
    };
    const link: HostLink = {
      hostId, protocol: 1, address: "192.0.2.7", hello: testHello(over),
      call: (verb, input) => checked(verb, input, async () => agent.call?.(verb, input)) as Promise<OutputOf<typeof verb>>,
      change: (verb, input, header) => checked(verb, input, async () => agent.change?.(verb, input, header)) as Promise<OutputOf<typeof verb>>,
      async stream(verb, input) {
        if (ended.signal.aborted) throw new AppError("host_away", "The host is away.");
        const bytes = new PassThrough();
        ended.signal.addEventListener("abort", () => bytes.destroy(lost()), { once: true });
        const written: TestStream = {
          send: (...frames) => frames.forEach((frame) => bytes.write(`${JSON.stringify(Frame.parse(frame))}\n`)),
          raw: (text) => void bytes.write(text),
          end: () => void bytes.end(),
        };
        if (verb === "telemetry.stream") agent.telemetry?.((input as InputOf<"telemetry.stream">).after, written);
        else {
          const gone = new AbortController();
          bytes.once("close", () => gone.abort());
          agent.live?.(written, gone.signal);
        }
        return bytes;
      },
      close(why) {
        closed.push({ hostId, why });
        drop(why);
      },
    };
    links.get(hostId)?.drop("replaced");
    links.set(hostId, { link, drop });
    heard.set(hostId, clock.now());
    tell({ state: "up", hostId, link });
    return drop;
  }

  return {
    connect, closed, disconnected,
    link: (hostId) => links.get(hostId)?.link,
    heardAt: (hostId) => (links.has(hostId) ? clock.now() : heard.get(hostId)),
    onChange(listener) {
      listeners.add(listener);
      for (const [hostId, { link }] of links) listener({ state: "up", hostId, link });
      return () => void listeners.delete(listener);
    },
    handleUpgrade: () => undefined,
    disconnect(hostId, why) {
      disconnected.push(hostId);
      if (links.has(hostId)) closed.push({ hostId, why });
      links.get(hostId)?.drop(why);
    },
    isOpen: () => true,
    stats: () => ({ tunnels: links.size, handshakes: 0, openStreams: 0, refused: 0, unreadBytes: 0 }),
    async close() {
      for (const { drop } of [...links.values()]) drop("closed");
    },
  };
}

export function testHello(over: Partial<Hello> = {}): Hello {
  return {
    protocol: { oldest: 1, newest: 1 }, agentVersion: "0.1.0", capabilities: [], allow: "all", name: "web", token: null, epoch: 1,
    runtime: { state: "up", why: null, engine: "docker", version: "26.1.5", apiVersion: "1.45" },
    host: { hostname: "web", os: "Debian 12", arch: "x64", kernel: "6.1", cpus: 2, memoryBytes: 2 ** 31, bootedAt: 0 },
    ...over,
  };
}

/** An agent that knocks. */
export function testPeer(key: string, hello: Partial<Hello> = {}): Peer {
  return { fingerprint: `FP:${key}`, certificatePem: `PEM ${key}`, address: "192.0.2.9", hello: testHello(hello) };
}

/** A running container called `name`; its id is made from the name unless given. */
export function testContainer(name: string, over: Partial<Container> = {}): Container {
  const labels = over.labels ?? {};
  return {
    id: Buffer.from(name.padEnd(8, "\0")).toString("hex").slice(-64).padStart(12, "0"), target: deriveTarget(name, labels), name, image: "busybox:1", imageId: "sha256:0",
    state: "running", health: "none", exitCode: null, oomKilled: false, error: null, createdAt: 0, startedAt: 1, finishedAt: null,
    restartCount: 0, restartPolicy: "no", autoRemove: false, ports: [], labels, labelsCut: 0, ...over,
  };
}

/** Lets everything that is ready run, until `settled` is true. Fails after ten seconds. */
export async function until(settled: () => boolean | Promise<boolean>, what = "the condition"): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await settled())) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

// —— a hub's fleet on a database of its own

export const up = testPeer("x").hello.runtime;
export const list = (...containers: Container[]): Frame => ({ frame: "list", at: 0, part: 0, last: true, containers });
export const changed = (container: Container): Frame => ({ frame: "container", at: 0, container });
export const happened = (seq: number, over: Partial<RuntimeEvent> = {}): RuntimeEvent => ({
  epoch: 1, seq, at: 1_000 * seq, kind: "die", id: testContainer("a").id, target: testContainer("a").target, name: "a", image: "busybox:1",
  exitCode: 1, signal: null, health: null, asked: false, step: null, ...over,
});

const figures = { cpu: null, cpuLimit: null, throttled: null, memory: null, memoryLimit: null, received: null, sent: null, read: null, written: null, pids: null };
/** What these containers and their host used at `at`. */
export const measured = (at: number, containers: (Partial<ContainerFigures> & { id: string })[] = [], host: Partial<HostFigures> | null = {}): Sample => ({
  at, spanMs: 10_000,
  host: host && { cpu: 1, cpus: 2, load: [0.5, 0.4, 0.3], memory: 2 ** 30, memoryTotal: 2 ** 31, swap: 0, swapTotal: 0, disks: [{ mount: "/", used: 1, total: 2 }], received: 1, sent: 1, read: 1, written: 1, ...host },
  containers: containers.map((its) => ({ ...figures, ...its })),
});
export const sampled = (seq: number, sample: Sample, epoch = 1): Frame => ({ frame: "sample", epoch, seq, sample });
/** The black box of the event before it. */
export const boxed = (seq: number, over: Partial<BlackBox> = {}, epoch = 1): Frame => ({ frame: "box", epoch, seq, box: {
  event: { epoch, seq: seq - 1 }, at: 1_000 * seq, id: testContainer("a").id, target: testContainer("a").target,
  lines: '{"log":"the end\\n","stream":"stderr","time":"2026-01-01T00:00:00Z"}\n', linesCut: 3, linesWhy: null, inspect: { Id: "x" }, inspectWhy: null,
  window: [{ at: 1_000, cpu: 0.5, memory: 1, memoryLimit: null }], ...over,
} });

export interface FleetStage {
  database: TestDatabase;
  clock: ReturnType<typeof createTestClock>;
  gateway: TestGateway;
  hosts: HostsService;
  fleet: FleetService;
  repo: FleetRepo;
  /** What hears of outcomes. */
  onOutcome: FleetDeps["outcome"];
}
export type Stage = Awaited<ReturnType<typeof createFleetStage>>;

export async function createFleetStage() {
  const database = await createTestDatabase();
  const clock = createTestClock();
  // start() sets the rest, now and after each restart of the hub.
  const s = { database, clock, onOutcome: () => Promise.resolve() } as unknown as FleetStage;

  async function start(over: Partial<FleetRepo> = {}): Promise<void> {
    s.gateway = createTestGateway(clock);
    s.hosts = createHostsService({ repo: createHostsRepo(s.database.db), gateway: s.gateway, clock, log: silentLogger, publicUrl: () => "http://hub:1", pin: "A".repeat(43) });
    await s.hosts.load();
    s.repo = { ...createFleetRepo(s.database.db), ...over };
    s.fleet = createFleetService({ repo: s.repo, hosts: s.hosts, gateway: s.gateway, clock, log: silentLogger, outcome: (...told) => s.onOutcome(...told), random: () => 0.5 });
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
