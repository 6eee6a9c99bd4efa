import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { LIMITS, TIMES } from "@/protocol/limits";
import { createTestClock } from "@/protocol/wire/clock";
import { makeIdentity, type LinkIdentity } from "@/protocol/wire/identity";
import type { HostLink } from "@/server/gateway/gateway";
import { dialHub, goodAnswer, oddAgent } from "./hostile";
import { hostIdOf, ID, startAgent, startHub, until, type TestAgent, type TestHub } from "./pair";

let one: LinkIdentity;
let hubIdentity: LinkIdentity;
const cleanUp: (() => unknown)[] = [];
beforeAll(async () => {
  [one, hubIdentity] = await Promise.all([makeIdentity("one"), makeIdentity("hub")]);
});
afterEach(async () => {
  for (const task of cleanUp.splice(0).reverse()) await task();
});

async function hubOf(options: Parameters<typeof startHub>[0] = {}): Promise<TestHub> {
  const hub = await startHub({ identity: hubIdentity, ...options });
  cleanUp.push(() => hub.close());
  return hub;
}
function agentOf(...args: Parameters<typeof startAgent>): TestAgent {
  const agent = startAgent(...args);
  cleanUp.push(() => agent.tunnel.stop());
  return agent;
}
const linkOf = (hub: TestHub, nth = 0) => until(() => hub.changes.flatMap((c) => (c.state === "up" ? [c.link] : []))[nth], 5_000, "a link");

/** A cable between agent and hub that can be pulled. Blackholed: both ends stay open and hear nothing. */
async function cable(port: number) {
  const pairs = new Set<[Socket, Socket]>();
  const server: Server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    for (const [from, to] of [pair, [far, near] as const]) {
      from.on("error", () => undefined);
      from.on("data", (chunk) => to.write(chunk));
      from.on("close", () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUp.push(() => {
    for (const socket of [...pairs].flat()) socket.destroy();
    server.close();
  });
  const blackhole = () => {
    for (const pair of pairs) {
      for (const socket of pair) {
        socket.removeAllListeners("data").removeAllListeners("close");
        socket.pause();
      }
    }
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, blackhole, pairs };
}

/** Lets the real sockets run while a test clock passes. */
async function pass(clock: ReturnType<typeof createTestClock>, ms: number) {
  for (let left = ms; left > 0; left -= 500) {
    clock.advance(Math.min(500, left));
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  }
}

const busy = { "telemetry.stream": async (_input: unknown, { stream }: { stream: { write(value: unknown): Promise<void> } }) => {
  for (;;) await stream.write("x".repeat(10_000));
} };
/** Everything at once on one link: calls that wait, streams that are read, streams that are not. */
async function engage(link: HostLink) {
  const calls = Array.from({ length: 10 }, () => link.call("container.inspect", { id: ID }).then(() => "answered", (error: { code: string }) => error.code));
  const streams = await Promise.all(Array.from({ length: 6 }, () => link.stream("telemetry.stream", { after: null })));
  const ends = streams.map((stream, i) => new Promise<string>((resolve) => {
    if (i % 2) stream.resume();
    stream.on("error", (error) => resolve((error as { code?: string }).code ?? error.message));
    stream.on("end", () => resolve("clean end"));
  }));
  return { calls, ends };
}

const ENDS: Record<string, (at: { hub: TestHub; agent: TestAgent; link: HostLink }) => void> = {
  "the hub closes the link": ({ link }) => link.close("a test"),
  "the hub's socket is destroyed": ({ hub }) => hub.sockets.forEach((socket) => socket.destroy()),
  "the hub's socket is reset": ({ hub }) => hub.sockets.forEach((socket) => socket.resetAndDestroy()),
  "the hub's socket is ended politely": ({ hub }) => hub.sockets.forEach((socket) => socket.end()),
  "the agent stops": ({ agent }) => agent.tunnel.stop(),
  "the gateway closes": ({ hub }) => void hub.gateway.close(),
  "the host is disconnected": ({ hub, link }) => hub.gateway.disconnect(link.hostId, "revoked"),
};

describe("a tunnel in mid-stream", () => {
  it.each(Object.keys(ENDS))("leaves nothing behind and tells every caller when %s", async (name) => {
    const hub = await hubOf();
    let aborted = 0;
    const agent = agentOf(hub, one, { ...busy, "container.inspect": (_input, { signal }) => new Promise(() => signal.addEventListener("abort", () => (aborted += 1))) });
    const link = await linkOf(hub);
    const { calls, ends } = await engage(link);
    await until(() => hub.gateway.stats().openStreams === 16);
    (ENDS[name] as (typeof ENDS)[string])({ hub, agent, link });
    expect(new Set(await Promise.all(calls))).toEqual(new Set(["link_lost"]));
    expect(new Set(await Promise.all(ends))).toEqual(new Set(["link_lost"]));
    await until(() => hub.gateway.stats().openStreams === 0 && aborted === 10, 5_000, "both ends to let go");
    expect(hub.changes.at(1)).toMatchObject({ state: "down" });
    expect(agent.bugs).toEqual([]);
    await expect(link.call("container.inspect", { id: ID })).rejects.toMatchObject({ code: "host_away" });
  });

  it("is found dead on both sides within the bound when the cable carries nothing more", async () => {
    const clock = createTestClock(Date.now());
    const hub = await hubOf({ clock });
    const wire = await cable(hub.port);
    const agent = agentOf({ url: wire.url, pin: hub.pin }, one, busy, { clock });
    const link = await linkOf(hub);
    await until(() => agent.tunnel.state().state === "accepted");
    await pass(clock, 30_000);
    expect(hub.gateway.link(link.hostId)).toBe(link); // the heartbeats keep an idle tunnel alive
    wire.blackhole();
    const heard = hub.gateway.heardAt(link.hostId) as number;
    const call = link.call("container.inspect", { id: ID }, { deadlineMs: 600_000 }).catch((error: { code: string }) => error.code);
    await pass(clock, TIMES.silenceMs - 3_000);
    expect(hub.gateway.link(link.hostId)).toBe(link);
    await pass(clock, 5_000);
    expect(await call).toBe("link_lost");
    expect(hub.changes.at(-1)).toMatchObject({ state: "down", why: "nothing was heard for 15 s" });
    expect(clock.now() - heard).toBeLessThanOrEqual(TIMES.silenceMs + TIMES.heartbeatMs + 2_000);
    expect(agent.states.some((state) => state.state === "waiting")).toBe(true);
  });

  it("is ended when the other side sends bytes but answers no ping", async () => {
    const clock = createTestClock(Date.now());
    const hub = await hubOf({ clock });
    const ws = await oddAgent(hub, one, goodAnswer);
    cleanUp.push(() => ws.terminate());
    await linkOf(hub);
    ws.pause(); // reads nothing, so answers nothing, but still talks
    for (let i = 0; i < 22 && hub.gateway.stats().tunnels; i++) {
      ws.ping();
      await new Promise((resolve) => setTimeout(resolve, 5));
      await pass(clock, 1_000);
    }
    expect(hub.changes.at(-1)).toMatchObject({ state: "down", why: "a ping was not answered for 15 s" });
  });
});

describe("a handshake", () => {
  it.each(["says nothing after the WebSocket opened", "never introduces itself"])("with one who %s ends at its deadline", async (how) => {
    const clock = createTestClock(Date.now());
    const hub = await hubOf({ clock });
    const ws = how.startsWith("says") ? (await dialHub(hub)).ws : await oddAgent(hub, one, () => null);
    expect(hub.gateway.stats().handshakes).toBe(1);
    await pass(clock, TIMES.handshakeMs + 1_000);
    await until(() => ws.readyState === ws.CLOSED);
    expect(hub.gateway.stats()).toMatchObject({ tunnels: 0, handshakes: 0, openStreams: 0 });
  });

  it("that the agent breaks off at any byte leaves nothing", async () => {
    const hub = await hubOf();
    for (let ms = 0; ms < 40; ms++) {
      const agent = startAgent(hub, one);
      await new Promise((resolve) => setTimeout(resolve, ms / 2));
      agent.tunnel.stop();
      expect(agent.bugs).toEqual([]);
    }
    await until(() => hub.gateway.stats().tunnels === 0 && hub.gateway.stats().handshakes === 0 && hub.sockets.size === 0, 5_000, "nothing to be left");
  });

  it("that the hub breaks off at any moment leaves the agent dialling on", async () => {
    const hub = await hubOf();
    const agent = agentOf(hub, one);
    for (let ms = 0; ms < 40; ms++) {
      await until(() => hub.sockets.size > 0);
      await new Promise((resolve) => setTimeout(resolve, ms / 2));
      for (const socket of hub.sockets) socket.resetAndDestroy();
    }
    await until(() => agent.tunnel.state().state === "accepted");
    expect(agent.bugs).toEqual([]);
  });
});

describe("one live tunnel a host", () => {
  it("refuses a second agent with the same key while the first answers", async () => {
    const hub = await hubOf();
    const first = agentOf(hub, one);
    await linkOf(hub);
    const second = agentOf(hub, one);
    const state = await until(() => second.states.find((s) => s.state === "refused"));
    expect(state).toMatchObject({ code: "duplicate", message: expect.stringContaining("same key") });
    expect(first.tunnel.state().state).toBe("accepted");
    expect(hub.changes).toHaveLength(1);
    expect((state as { dialsInMs: number }).dialsInMs).toBeGreaterThan(TIMES.backoffLongestMs / 2);
  });

  it("gives way to the agent's return when the old tunnel cannot prove that it lives", async () => {
    const hub = await hubOf();
    const wire = await cable(hub.port);
    agentOf({ url: wire.url, pin: hub.pin }, one);
    const old = await linkOf(hub);
    wire.blackhole();
    const call = old.call("container.inspect", { id: ID }).catch((error: { code: string }) => error.code);
    agentOf(hub, one);
    const fresh = await linkOf(hub, 1);
    expect(await call).toBe("link_lost");
    expect(fresh.hostId).toBe(old.hostId);
    expect(hub.gateway.link(old.hostId)).toBe(fresh);
    expect(hub.changes.map((c) => c.state)).toEqual(["up", "down", "up"]);
  });

  it("never lets in an agent that was revoked while it was being admitted", async () => {
    let admit: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (admit = resolve));
    let peers = 0;
    const hub = await hubOf({
      authenticate: async ({ fingerprint }) => {
        peers += 1;
        await asked;
        return { accepted: true, hostId: hostIdOf(fingerprint), hostName: "x" };
      },
    });
    agentOf(hub, one);
    await until(() => peers === 1);
    const { X509Certificate } = await import("node:crypto");
    hub.gateway.disconnect(hostIdOf(new X509Certificate(one.certificatePem).fingerprint256), "revoked");
    admit();
    await until(() => hub.gateway.stats().refused === 1);
    expect(hub.changes).toEqual([]);
  });
});

it("a call is cancelled by its signal, on both sides", async () => {
  const hub = await hubOf();
  let begun = 0;
  let aborted = 0;
  agentOf(hub, one, {
    "container.inspect": (_input, { signal }) =>
      new Promise(() => {
        begun += 1;
        signal.addEventListener("abort", () => (aborted += 1));
      }),
  });
  const link = await linkOf(hub);
  const stop = new AbortController();
  const call = link.call("container.inspect", { id: ID }, { signal: stop.signal });
  await until(() => begun === 1);
  stop.abort();
  await expect(call).rejects.toMatchObject({ code: "link_lost" });
  await until(() => aborted === 1 && hub.gateway.stats().openStreams === 0);
});

it("ten thousand dials in a rush are turned away by the door and hurt nobody", async () => {
  const hub = await hubOf();
  const agent = agentOf(hub, one, { "container.inspect": () => ({ document: {}, masked: 0 }) });
  const link = await linkOf(hub);
  const key = "GET /agent HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  let done = 0;
  let slowest = 0;
  const began = performance.now();
  const dial = () =>
    new Promise<void>((resolve) => {
      const socket = connect(hub.port, "127.0.0.1", () => socket.write(key));
      socket.once("data", () => socket.destroy()).on("error", () => undefined).on("close", () => ((done += 1), resolve()));
    });
  const storm = Promise.all(Array.from({ length: 50 }, async () => {
    for (let i = 0; i < 200; i++) await dial();
  }));
  while (done < 10_000) {
    const at = performance.now();
    await link.call("container.inspect", { id: ID });
    slowest = Math.max(slowest, performance.now() - at);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await storm;
  expect(slowest).toBeLessThan(1_000);
  const mayEnter = LIMITS.connectBurst + ((performance.now() - began) / 1_000) * LIMITS.connectsPerSecond;
  expect(hub.gateway.stats().refused).toBeGreaterThanOrEqual(10_000 - Math.ceil(mayEnter));
  expect(agent.states.filter((s) => s.state === "dialling")).toHaveLength(1);
  await until(() => hub.gateway.stats().handshakes === 0 && hub.sockets.size === 1, 5_000, "the storm to leave nothing");
}, 120_000);
