/** What anybody can make an engine say (names, labels), and what a broken or hostile engine says itself. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTcpServer, type Server as TcpServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LIMITS } from "@/protocol/limits";
import { Container } from "@/protocol/shapes";
import { systemClock } from "@/agent/clock";
import { silentLog } from "@/agent/log";
import { createReflector, type Reflector } from "@/agent/reflector";
import { makeWitness, type Witness } from "@/agent/testing";
import type { Runtime } from "../runtime";
import { createDockerRuntime } from "./docker";

const VERSION = { Version: "27.0.1", ApiVersion: "1.46", MinAPIVersion: "1.24", Components: [{ Name: "Engine" }] };
const poll = { timeout: 5_000, interval: 10 };
const ID = "ab".repeat(32);

let scratch: string;
let socket: string;
let server: Server | TcpServer;
const sockets = new Set<Socket>();
let reflector: Reflector | undefined;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "engine-"));
  socket = join(scratch, "engine.sock");
});
afterEach(async () => {
  reflector?.stop();
  for (const open of sockets) open.destroy();
  sockets.clear();
  await new Promise((resolve) => server.close(resolve));
  rmSync(scratch, { recursive: true });
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const json = (value: unknown): Answer => (_, response) => void response.end(JSON.stringify(value));
/** An engine that answers by path; what is not named answers like an empty engine. */
async function engine(answers: Record<string, Answer> = {}, inspect?: (path: string) => unknown): Promise<Runtime> {
  const all: Record<string, Answer> = {
    "/version": json(VERSION),
    "/_ping": (_, response) => void response.end("OK"),
    "/containers/json": json([]),
    "/events": (_, response) => void response.flushHeaders(),
    ...answers,
  };
  server = createHttpServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://engine").pathname.replace(/^\/v1\.\d+/, "");
    const answer = all[path] ?? (inspect && path.startsWith("/containers/") ? json(inspect(path)) : undefined) ?? ((_, reply) => void reply.writeHead(404).end('{"message":"no such container"}'));
    answer(request, response);
  });
  return listen();
}
/** An engine that writes these bytes to whoever connects. */
async function rawEngine(bytes: string | Buffer, thenEnd = true): Promise<Runtime> {
  server = createTcpServer((connection) => {
    connection.on("error", () => {});
    connection.write(bytes);
    if (thenEnd) connection.end();
  });
  return listen();
}
async function listen(): Promise<Runtime> {
  server.on("connection", (connection: Socket) => void sockets.add(connection));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return createDockerRuntime({ candidates: () => [{ from: "--docker", address: { kind: "unix", path: socket } }], clock: systemClock });
}
const entry = (more: object = {}) => ({ Id: ID, Names: ["/web"], Image: "img", ImageID: "sha256:1", Created: 1_700_000_000, State: "running", Status: "Up 1 minute", Labels: {}, ...more });
const document = (more: { Id?: string; Name?: string; Config?: object; State?: object } & object = {}) => ({ Id: ID, Name: "/web", Created: "2026-11-22T10:00:00.5Z", Image: "sha256:1", RestartCount: 0, HostConfig: { RestartPolicy: { Name: "" } }, NetworkSettings: { Ports: {} }, ...more, State: { Status: "running", StartedAt: "2026-11-22T10:00:01.25Z", FinishedAt: "0001-01-01T00:00:00Z", ExitCode: 0, ...more.State }, Config: { Image: "img", Labels: {}, ...more.Config } });
/** The one container of an engine that shows this document. */
async function shown(more: Parameters<typeof document>[0]): Promise<Container> {
  const runtime = await engine({ "/containers/json": json([entry()]), [`/containers/${ID}/json`]: json(document(more)) });
  await runtime.connect();
  const [sighting] = await runtime.list();
  return Container.parse(sighting?.container); // what leaves the host is what the contract allows
}

describe("a container", () => {
  it.each(["--help", "a%2f..%2fb", "\u202Egnp.exe", "🐳🐳🐳", "x".repeat(255), "<img src=x onerror=alert(1)>", "a\u0000b\n\u001B[31m", "", "/", "__proto__", "\uD800 lone"])("may be called %j", async (name) => {
    const container = await shown({ Name: `/${name}` });
    expect(container.target.workload.length).toBeGreaterThan(0);
    expect(container.name.length).toBeGreaterThan(0);
    expect(JSON.parse(JSON.stringify(container))).toEqual(container);
  });

  it("with a label of 1 MB, or 10,000 labels, keeps its identity and is cut to the limits", async () => {
    const labels = { ...Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`a${i}`, "v"])), big: "é".repeat(1 << 19), "com.docker.compose.project": "shop", "com.docker.compose.service": "web", __proto__x: "kept?" };
    const container = await shown({ Config: { Image: "x".repeat(5_000), Labels: labels } });
    expect(container.target).toEqual({ namespace: "shop", workload: "web", replica: null });
    expect(Object.keys(container.labels)).toHaveLength(LIMITS.labels);
    expect(container.labels["com.docker.compose.service"]).toBe("web");
    expect(container.labelsCut).toBe(Object.keys(labels).length - LIMITS.labels);
    expect(container.image).toHaveLength(LIMITS.textChars);
  });

  it("cannot reach an object's prototype by a label", async () => {
    const labels: unknown = JSON.parse('{"__proto__":"evil","constructor":"fine"}');
    const container = await shown({ Config: { Labels: labels as object } });
    expect(container.labels).toEqual({ constructor: "fine" });
    expect(Object.getPrototypeOf(container.labels)).toBe(Object.prototype);
  });

  it("of which nothing has the right type is read as not known, never as zero or a crash", async () => {
    const container = await shown({ Name: 7 as never, Config: { Labels: ["x"], ExposedPorts: "80" }, State: { Status: {}, StartedAt: "soon", FinishedAt: 9, ExitCode: 1e400, Health: "yes", OOMKilled: "true" } });
    expect(container).toMatchObject({ state: "dead", health: "none", exitCode: null, startedAt: null, finishedAt: null, oomKilled: false, ports: [], labels: {} });
  });

  it("keeps the fraction of its times, which tells two runs in one second apart", async () => {
    expect((await shown({})).startedAt).toBe(Date.UTC(2026, 10, 22, 10, 0, 1, 250));
  });

  it("whose id is none is left out, and others stay", async () => {
    const runtime = await engine({ "/containers/json": json([entry({ Id: "../../etc" }), null, 7, entry()]), [`/containers/${ID}/json`]: json(document()) });
    await runtime.connect();
    expect((await runtime.list()).map(({ container }) => container.id)).toEqual([ID]);
  });

  it("that the engine cannot inspect is shown as the list has it, and hides nobody", async () => {
    const other = "cd".repeat(32);
    const runtime = await engine({
      "/containers/json": json([entry(), entry({ Id: other, Names: ["/broken"] })]),
      [`/containers/${ID}/json`]: json(document()),
      [`/containers/${other}/json`]: (_, response) => void response.writeHead(500).end('{"message":"layer does not exist"}'),
    });
    await runtime.connect();
    expect((await runtime.list()).map(({ container }) => container.name).sort()).toEqual(["broken", "web"]);
  });
});

describe("an engine's events", () => {
  const event = (action: string, seconds: number, name = "web") => Buffer.from(`${JSON.stringify({ Type: "container", Action: action, Actor: { ID, Attributes: { name, image: "img" } }, timeNano: seconds * 1e9 })}\n`);
  /** What a reflector read from a stream of these chunks, each sent alone. */
  async function told(chunks: Buffer[]): Promise<Witness> {
    const runtime = await engine({
      "/events": (_, response) => {
        const send = () => {
          const chunk = chunks.shift();
          if (chunk) response.write(chunk, () => setImmediate(send));
        };
        response.flushHeaders();
        send();
      },
    });
    const witness = makeWitness();
    reflector = createReflector({ runtime, clock: systemClock, log: silentLog, stepAt: () => null, ...witness.options });
    reflector.start();
    await expect.poll(() => reflector?.status().state, poll).toBe("up");
    return witness;
  }
  /** The names in the order told, and the gaps. */
  const read = async (chunks: Buffer[]) => {
    const { events, gaps } = await told(chunks);
    await expect.poll(() => chunks.length, poll).toBe(0);
    await expect.poll(() => events.at(-1)?.name, poll).toBe("last");
    return { names: events.map(({ name }) => name), gaps };
  };
  const names = async (chunks: Buffer[]) => (await read(chunks)).names;

  it("survive any place where the network cuts them, also inside a character", async () => {
    const bytes = Buffer.concat([event("start", 1, "고래🐳"), event("stop", 2, "é"), event("start", 3, "last")]);
    expect(await names([...bytes].map((byte) => Buffer.from([byte])))).toEqual(["고래🐳", "é", "last"]);
  });

  it("that are no events are passed over, and the place is marked as not known", async () => {
    const chunks = [Buffer.from("garbage\n"), event("start", 1), Buffer.from("\n\n[]\n{\"Type\":\"container\",\"Action\":\"start\"}\n7\n"), Buffer.from([0xff, 0xfe, 0x0a]), event("start", 2, "last")];
    const { names, gaps } = await read(chunks);
    expect(names).toEqual(["web", "last"]);
    expect(gaps[0]).toMatchObject({ why: expect.stringContaining("could not read") as string });
  });

  it("longer than the limit are dropped as they come, and the next is read", async () => {
    const huge = [Buffer.from('{"Type":"container","Action":"'), ...Array.from({ length: 20 }, () => Buffer.alloc(1 << 20, "x")), Buffer.from('"}\n')];
    const before = process.memoryUsage().rss;
    expect(await names([event("start", 1), ...huge, event("start", 2, "last")])).toEqual(["web", "last"]);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 << 20);
  });

  it("told twice are taken once", async () => {
    expect(await names([event("start", 1), event("start", 1), event("start", 2, "last")])).toEqual(["web", "last"]);
  });
});

describe("an engine that", () => {
  const connected = async (runtime: Runtime) => (await runtime.connect()).why ?? "up";

  it("is too old, or too new, is refused with both versions named", async () => {
    expect(await connected(await engine({ "/version": json({ ...VERSION, Version: "19.03", ApiVersion: "1.40" }) }))).toMatch(/19\.03.*1\.40.*too old.*1\.41/);
    await new Promise((resolve) => server.close(resolve));
    expect(await connected(await engine({ "/version": json({ ...VERSION, ApiVersion: "2.9", MinAPIVersion: "2.1" }) }))).toMatch(/no longer speaks/);
  });

  it("is newer is spoken to in the newest version that both know", async () => {
    const runtime = await engine({ "/version": json({ ...VERSION, ApiVersion: "1.52", MinAPIVersion: "1.44" }) });
    expect(await runtime.connect()).toMatchObject({ state: "up", apiVersion: "1.47" });
  });

  it.each([
    ["says nothing sensible", "hello\r\n\r\n"],
    ["ends at once", ""],
    ["answers with a page", "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>"],
    ["breaks off in the middle", 'HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{"Version"'],
    ["sends endless headers", `HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(20_000)}`],
    ["claims a huge answer", `HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n${"x".repeat(200_000)}`],
  ])("%s is down, with why", async (_, bytes) => {
    const runtime = await rawEngine(bytes);
    expect(await runtime.connect()).toMatchObject({ state: "down", why: expect.stringMatching(/\S/) as string });
  });

  it("nests its answer 100,000 deep is an error of that answer alone", async () => {
    const runtime = await engine({ "/containers/json": (_, response) => void response.end("[".repeat(100_000)) });
    await runtime.connect();
    await expect(runtime.list()).rejects.toMatchObject({ name: "AgentFailure" });
    await runtime.ping();
  });

  it("keeps 10,000 stopped containers is asked about a bounded number a list, and about each once", async () => {
    const stopped = (n: number) => n.toString(16).padStart(64, "0");
    const asked: string[] = [];
    const list = [entry(), ...Array.from({ length: 10_000 }, (_, n) => entry({ Id: stopped(n), Names: [`/old-${n}`], State: "exited", Status: "Exited (3) 2 days ago" }))];
    const runtime = await engine({ "/containers/json": json(list) }, (path) => {
      const id = path.split("/")[2] ?? "";
      asked.push(id);
      return document(id === ID ? {} : { Id: id, State: { Status: "exited", ExitCode: 3 } });
    });
    await runtime.connect();
    const first = await runtime.list();
    expect(first).toHaveLength(10_001);
    expect(first.filter(({ container }) => container.state === "exited" && container.exitCode !== 3)).toEqual([]);
    expect(asked).toHaveLength(1_001);
    await runtime.list();
    expect(asked).toHaveLength(2_001);
    expect(new Set(asked).size).toBe(2_001);
  });

  it("breaks off after a change was sent leaves that change unknown, and is not asked again", async () => {
    let calls = 0;
    const runtime = await engine({
      [`/containers/${ID}/restart`]: (request) => {
        calls++;
        request.socket.destroy();
      },
    });
    await runtime.connect();
    expect(await runtime.perform("container.restart", { id: ID })).toMatchObject({ state: "unknown", error: { code: "engine_unavailable" } });
    expect(calls).toBe(1);
  });

  it("is not reached at all leaves a change refused: nothing was done", async () => {
    const runtime = await engine();
    await runtime.connect();
    await new Promise((resolve) => server.close(resolve));
    expect(await runtime.perform("container.restart", { id: ID })).toMatchObject({ state: "refused", error: { code: "engine_unavailable" } });
  });
});
