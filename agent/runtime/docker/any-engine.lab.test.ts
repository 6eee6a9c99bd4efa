/**
 * What must hold on whatever engine is there, and needs no program in an image: so `npm test` can run it
 * where it may not make hosts of its own. BINNACLE_TEST_ENGINE names that engine; without it, one is made.
 */
import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { systemClock } from "@/agent/clock";
import { eventually } from "@/tests/lab/eventually";
import { type Lab, startLab } from "@/tests/lab/lab";
import type { EngineEvent, EventSubscription, Runtime } from "../runtime";
import { type EngineAddress, parseEngineAddress } from "./address";
import { createDockerRuntime } from "./docker";

const given = process.env["BINNACLE_TEST_ENGINE"];
/** Ours alone on an engine that may be somebody's. */
const NAME = `binnacle-test-${randomBytes(6).toString("hex")}`;
/** A tar without a file: the smallest image there is. */
const EMPTY_TAR = Buffer.alloc(1_024);

let lab: Lab | undefined;
let address: EngineAddress;
let runtime: Runtime;
let following: EventSubscription;
let id = "";
const events: EngineEvent[] = [];

/** One call that the agent itself never makes; its status and body. */
function engine(method: string, path: string, body?: Buffer | object): Promise<{ status: number; text: string }> {
  const to = address.kind === "unix" ? { socketPath: address.path } : { host: address.host, port: address.port };
  const bytes = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const headers = bytes ? { "content-type": Buffer.isBuffer(body) ? "application/x-tar" : "application/json", "content-length": bytes.length } : {};
  return new Promise((resolve, reject) => {
    const call = request({ ...to, method, path, headers, agent: false }, (answer) => {
      let text = "";
      answer.on("data", (part: Buffer) => (text += part.toString())).on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    call.on("error", reject).end(bytes);
  });
}

beforeAll(async () => {
  if (given === undefined) lab = await startLab({ hosts: 1, bare: true });
  const parsed = parseEngineAddress(given ?? `unix://${lab!.host(1).socket}`);
  if ("problem" in parsed) throw new Error(parsed.problem);
  address = parsed;
  runtime = createDockerRuntime({ candidates: () => [{ from: "--docker", address }], clock: systemClock });
});
afterAll(async () => {
  following?.close();
  if (address) {
    if (id) await engine("DELETE", `/containers/${id}?force=1`);
    await engine("DELETE", `/images/${NAME}?force=1`);
  }
  await lab?.down();
});

it("agrees on a version and lists what is there", async () => {
  expect(await runtime.connect()).toMatchObject({ state: "up", why: null });
  expect(Array.isArray(await runtime.list())).toBe(true);
});

it("tells of a container that is created, cannot start, and is removed", async () => {
  following = await runtime.follow({ since: null, onEvent: (event) => events.push(event), onDoubt: () => undefined });
  expect((await engine("POST", `/images/create?fromSrc=-&repo=${NAME}`, EMPTY_TAR)).status).toBe(200);
  const made = await engine("POST", `/containers/create?name=${NAME}`, { Image: NAME, Cmd: ["/no-such-program"], Labels: { "com.docker.compose.project": "p", "com.docker.compose.service": "s" } });
  ({ Id: id } = JSON.parse(made.text) as { Id: string });
  expect((await runtime.look(id))?.container).toMatchObject({ name: NAME, state: "created", startedAt: null, target: { namespace: "p", workload: "s" } });
  await eventually("its creation is told", () => events.some((event) => event.id === id && event.kind === "create"));

  const started = await runtime.perform("container.start", { id });
  expect(started.state).toBe("refused");
  expect((await runtime.look(id))?.container.error).toContain("no-such-program");
  expect(await runtime.loss(id)).toMatchObject({ running: false, anonymousVolumes: [] });

  expect(await runtime.perform("container.remove", { id })).toEqual({ state: "done" });
  await eventually("its removal is told", () => events.some((event) => event.id === id && event.kind === "destroy"));
  expect(await runtime.look(id)).toBeNull();
});
