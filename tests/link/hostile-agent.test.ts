import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { LIMITS } from "@/protocol/limits";
import { makeIdentity, type LinkIdentity } from "@/protocol/wire/identity";
import type { HostLink } from "@/server/gateway/gateway";
import { answer, dialHub, field, FRAME, frame, goodAnswer, oddAgent, rawAgent, type RawAgent } from "./hostile";
import { helloOf, ID, startAgent, startHub, until, type TestAgent, type TestHub } from "./pair";

let bad: LinkIdentity;
let good: LinkIdentity;
let hubIdentity: LinkIdentity;
let hub: TestHub;
let neighbour: TestAgent;
const leftovers: { terminate(): void }[] = [];

beforeAll(async () => {
  [bad, good, hubIdentity] = await Promise.all([makeIdentity("bad"), makeIdentity("good"), makeIdentity("hub")]);
});
beforeEach(async () => {
  hub = await startHub({ identity: hubIdentity });
  neighbour = startAgent(hub, good, { "container.inspect": () => ({ document: {}, masked: 0 }) });
  await until(() => neighbour.tunnel.state().state === "accepted");
});
afterEach(async () => {
  for (const one of leftovers.splice(0)) one.terminate();
  neighbour.tunnel.stop();
  await hub.close();
});

const linkOfBad = () => until(() => hub.changes.flatMap((c) => (c.state === "up" && !isNeighbour(c.link) ? [c.link] : []))[0], 5_000, "the bad agent's link");
const isNeighbour = (link: HostLink) => hub.changes[0]?.hostId === link.hostId;
const call = (link: HostLink) => link.call("container.inspect", { id: ID }, { deadlineMs: 5_000 });

/** What holds after anything that a bad agent did: it is out, nothing is left of it, and the next host noticed nothing. */
async function expectIsolated() {
  await until(() => hub.gateway.stats().tunnels === 1 && hub.gateway.stats().handshakes === 0, 5_000, "the bad tunnel to end");
  expect(hub.gateway.stats()).toMatchObject({ tunnels: 1, handshakes: 0, openStreams: 0 });
  const link = hub.gateway.link(hub.changes[0]?.hostId ?? "");
  expect(await link?.call("container.inspect", { id: ID })).toEqual({ document: {}, masked: 0 });
  expect(neighbour.states.filter((s) => s.state === "dialling")).toHaveLength(1);
}

const repeat = (one: Buffer, bytes: number) => Buffer.concat(Array.from({ length: Math.ceil(bytes / one.length) }, () => one));
const informational = (status: string) => frame(FRAME.headers, 4, 5, field(":status", status));
/** Many small writes, as long as the hub takes them. */
async function pour(agent: RawAgent, chunk: Buffer, times: number) {
  for (let i = 0; i < times && !agent.ended(); i++) {
    if (!agent.tls.write(chunk)) await new Promise<void>((resolve) => (agent.tls.once("drain", resolve), agent.tls.once("close", resolve)));
    if (i % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

const MISDEEDS: Record<string, (agent: RawAgent, streamId: number) => unknown> = {
  "sends garbage": ({ tls }) => tls.write(Buffer.alloc(4_096, 0x5a)),
  "says goodbye with GOAWAY": ({ tls }) => tls.write(frame(FRAME.goaway, 0, 0, Buffer.alloc(8))),
  "sends 100 Continue": ({ tls }) => tls.write(informational("100")),
  "sends 103 Early Hints": ({ tls }) => tls.write(informational("103")),
  "pushes": ({ tls }, id) => tls.write(frame(FRAME.pushPromise, 4, id, Buffer.concat([Buffer.from([0, 0, 0, 2]), Buffer.from([0x82, 0x87, 0x84])]))),
  "sends ALTSVC": ({ tls }) => tls.write(frame(FRAME.altsvc, 0, 0, Buffer.concat([Buffer.from([0, 13]), Buffer.from("https://agent"), Buffer.from('h2=":1"')]))),
  "sends ORIGIN": ({ tls }) => tls.write(frame(FRAME.origin, 0, 0, Buffer.concat([Buffer.from([0, 13]), Buffer.from("https://agent")]))),
  "sends trailers": ({ tls }, id) => tls.write(Buffer.concat([frame(FRAME.headers, 4, id, Buffer.from([0x88])), frame(FRAME.headers, 5, id, field("x", "y"))])),
  "answers with a thousand headers": ({ tls }, id) => tls.write(frame(FRAME.headers, 5, id, Buffer.concat([Buffer.from([0x88]), ...Array.from({ length: 1_000 }, (_, i) => field(`h${i}`, "v"))]))),
  "never ends its header block": ({ tls }, id) => tls.write(Buffer.concat([frame(FRAME.headers, 0, id, Buffer.from([0x88])), repeat(frame(FRAME.continuation, 0, id, field("x", "y".repeat(100))), 1 << 20)])),
  "floods settings": (agent) => pour(agent, repeat(frame(FRAME.settings, 0, 0), 9 * 50), 200),
  "sends a settings frame of a thousand entries": ({ tls }) => tls.write(frame(FRAME.settings, 0, 0, Buffer.concat(Array.from({ length: 1_000 }, () => Buffer.from([0, 3, 0, 0, 0, 64]))))),
  "floods pings": (agent) => pour(agent, repeat(frame(FRAME.ping, 0, 0, Buffer.alloc(8)), 17 * 50), 200),
  "floods window updates": (agent) => pour(agent, repeat(frame(FRAME.windowUpdate, 0, 0, Buffer.from([0, 0, 0, 1])), 13 * 1_000), 2_000),
  "floods frames of an unknown type": (agent) => pour(agent, repeat(frame(99, 0, 0, Buffer.alloc(1_000)), 15_000), 2_000),
  "floods padding": async (agent, id) => {
    agent.tls.write(frame(FRAME.headers, 4, id, Buffer.from([0x88])));
    await pour(agent, repeat(frame(FRAME.data, 8, id, Buffer.concat([Buffer.from([255]), Buffer.alloc(255)])), 15_000), 2_000);
  },
  "announces a frame of 16 MB": ({ tls }) => tls.write(Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 5])),
  "sends 100,000 fragments of one byte": async ({ ws }) => {
    for (let i = 0; i < 100_000 && ws.readyState === ws.OPEN; i++) {
      ws.send(Buffer.from([i & 255]), { fin: false, binary: true }, () => undefined);
      if (i % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  },
  "sends 100,000 messages of one byte": async (agent) => {
    await pour(agent, frame(FRAME.ping, 1, 0, Buffer.alloc(8)), 100_000);
  },
  "sends a WebSocket message over the limit": ({ ws }) => ws.send(Buffer.alloc(LIMITS.messageBytes + 1), () => undefined),
  "sends text": ({ ws }) => ws.send("hello", () => undefined),
  "sends bytes beside TLS": ({ ws }) => ws.send(Buffer.alloc(100), () => undefined),
  "floods WebSocket pings": async ({ ws }) => {
    for (let i = 0; i < 200_000 && ws.readyState === ws.OPEN; i++) {
      ws.ping(Buffer.alloc(100), undefined, () => undefined);
      if (i % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  },
};

describe("an agent that", () => {
  it.each(Object.keys(MISDEEDS))("%s loses its tunnel, its callers get an error, and no other host notices", async (name) => {
    const agent = await rawAgent(hub, bad, (streamId, self) => void (MISDEEDS[name] as (typeof MISDEEDS)[string])(self, streamId));
    leftovers.push(agent.ws);
    await expect(call(await linkOfBad())).rejects.toMatchObject({ name: "AppError", code: "link_lost" });
    await expectIsolated();
  });

  it.each([
    ["is no JSON", "{"],
    ["is nested 100,000 deep", `{"document":${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)},"masked":0}`],
    ["holds 1e400", '{"document":{},"masked":1e400}'],
    ["holds NaN", '{"document":{},"masked":NaN}'],
    ["holds 2^53+1", '{"document":{},"masked":9007199254740993}'],
    ["lacks a field", '{"document":{}}'],
    ["is over the limit", `{"document":{"a":"${"x".repeat(LIMITS.answerBytes)}"},"masked":0}`],
    ["is empty", ""],
  ])("answers with what %s fails that call alone", async (_what, body) => {
    const ws = await oddAgent(hub, bad, (verb) => goodAnswer(verb) ?? body);
    leftovers.push(ws);
    const link = await linkOfBad();
    await expect(call(link)).rejects.toMatchObject({ name: "AppError", code: "link_lost" });
    expect(hub.gateway.link(link.hostId)).toBe(link);
    ws.terminate();
    await expectIsolated();
  });

  it("answers with a key __proto__ changes no prototype", async () => {
    const ws = await oddAgent(hub, bad, (verb) => goodAnswer(verb) ?? '{"document":{"__proto__":{"admin":true},"\\u005f_proto__":{"admin":true},"a":1},"masked":0}');
    leftovers.push(ws);
    const { document } = await call(await linkOfBad());
    expect(document["admin"]).toBeUndefined();
    expect(Object.getPrototypeOf(document)).toBe(Object.prototype);
    expect(document).toEqual({ a: 1 });
    ws.terminate();
    await expectIsolated();
  });

  it.each([-1, 999])("speaks only protocol %d is refused with a sentence", async (version) => {
    const said: string[] = [];
    const ws = await oddAgent(hub, bad, (verb, stream) => {
      if (verb === "session.open") return JSON.stringify({ ...helloOf(), protocol: { oldest: version, newest: version } });
      stream.setEncoding("utf8").on("data", (body: string) => said.push(`${verb} ${body}`));
      return "{}";
    });
    leftovers.push(ws);
    await expectIsolated();
    expect(said).toEqual([expect.stringMatching(/^session\.refuse .*"code":"version"/)]);
  });

  it("answers one byte at a time is stopped by the call's deadline", async () => {
    const ws = await oddAgent(hub, bad, (verb, stream) => {
      if (goodAnswer(verb)) return goodAnswer(verb);
      stream.respond({ ":status": 200 });
      const timer = setInterval(() => stream.write(" "), 50);
      stream.on("close", () => clearInterval(timer));
      return null;
    });
    leftovers.push(ws);
    const link = await linkOfBad();
    await expect(link.call("container.inspect", { id: ID }, { deadlineMs: 300 })).rejects.toMatchObject({ code: "deadline" });
    await until(() => hub.gateway.stats().openStreams === 0);
    ws.terminate();
    await expectIsolated();
  });

  it("never reads makes each call end at its deadline", async () => {
    const ws = await oddAgent(hub, bad, goodAnswer);
    leftovers.push(ws);
    const link = await linkOfBad();
    ws.pause();
    const ends = await Promise.allSettled(Array.from({ length: 200 }, () => link.call("container.inspect", { id: ID }, { deadlineMs: 300 })));
    expect(ends.every((end) => end.status === "rejected" && (end.reason as { code: string }).code === "deadline")).toBe(true);
    expect(hub.gateway.stats().openStreams).toBe(0);
    ws.terminate();
    await expectIsolated();
  });

  it("comes without TLS is out at once", async () => {
    const { ws } = await dialHub(hub);
    ws.send(Buffer.from("GET / HTTP/1.1\r\n\r\n"));
    await until(() => ws.readyState === ws.CLOSED, 5_000, "the hub to hang up");
    await expectIsolated();
  });
});

describe("a tunnel's budget", () => {
  it("lets an honest agent stream at full speed", async () => {
    const line = "x".repeat(200);
    const big = startAgent(hub, bad, {
      "telemetry.stream": async (_input, { stream }) => {
        for (let i = 0; i < 200_000; i++) await stream.write(line);
      },
    });
    leftovers.push({ terminate: () => big.tunnel.stop() });
    const stream = await (await linkOfBad()).stream("telemetry.stream", { after: null });
    let bytes = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) bytes += chunk.length;
    expect(bytes).toBe(200_000 * 203);
    big.tunnel.stop();
    await expectIsolated();
  });

  it("lets a reader cancel streams in their middle again and again", async () => {
    const line = "x".repeat(10_000);
    const big = startAgent(hub, bad, {
      "telemetry.stream": async (_input, { stream, signal }) => {
        while (!signal.aborted) await stream.write(line).catch(() => undefined);
      },
    });
    leftovers.push({ terminate: () => big.tunnel.stop() });
    const link = await linkOfBad();
    for (let i = 0; i < 100; i++) {
      const stream = await link.stream("telemetry.stream", { after: null });
      await new Promise((resolve) => stream.once("readable", resolve));
      stream.destroy();
    }
    await until(() => hub.gateway.stats().openStreams === 0);
    expect(hub.gateway.link(link.hostId)).toBe(link);
    expect(big.bugs).toEqual([]);
    big.tunnel.stop();
    await expectIsolated();
  });
});

it("answers built by hand are understood, so the misdeeds above fail for what they do", async () => {
  const agent = await rawAgent(hub, bad, (streamId, self) => void self.tls.write(answer(streamId, '{"document":{"a":1},"masked":0}')));
  leftovers.push(agent.ws);
  expect(await call(await linkOfBad())).toEqual({ document: { a: 1 }, masked: 0 });
});
