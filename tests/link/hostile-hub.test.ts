import type { ClientHttp2Session } from "node:http2";
import type { TLSSocket } from "node:tls";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { LIMITS, TIMES } from "@/protocol/limits";
import { PROTOCOL_RANGE } from "@/protocol/version";
import { createTestClock, systemClock, type Clock } from "@/protocol/wire/clock";
import { makeIdentity, type LinkIdentity } from "@/protocol/wire/identity";
import { ask, clientOn, frame, FRAME, rawHub } from "./hostile";
import { ID, startAgent, until, type TestAgent } from "./pair";

let one: LinkIdentity;
let hubIdentity: LinkIdentity;
const cleanUp: (() => unknown)[] = [];
beforeAll(async () => {
  [one, hubIdentity] = await Promise.all([makeIdentity("one"), makeIdentity("hub")]);
});
afterEach(async () => {
  for (const task of cleanUp.splice(0).reverse()) await task();
});

/** An agent against a hub whose every tunnel is handed to `onTunnel`. */
async function against(onTunnel: (tls: TLSSocket, ws: WebSocket) => void, clock: Clock = systemClock) {
  const hub = await rawHub(hubIdentity, onTunnel);
  cleanUp.push(() => hub.close());
  let restarts = 0;
  const agent = startAgent(hub, one, {
    "container.inspect": () => ({ document: {}, masked: 0 }),
    "container.restart": () => {
      restarts += 1;
      return { state: "succeeded", error: null, settledBy: "call", startedAt: 1, finishedAt: 2 };
    },
  }, { clock });
  cleanUp.push(() => agent.tunnel.stop());
  return { hub, agent, restarts: () => restarts };
}
const OPEN = JSON.stringify({ input: { hubVersion: "x", protocol: PROTOCOL_RANGE } });
const ACCEPT = JSON.stringify({ input: { protocol: 1, hostId: "h", hostName: "n" } });
async function accepted(onSession: (session: ClientHttp2Session) => void) {
  const made = await against((tls) => {
    const session = clientOn(tls);
    void ask(session, { ":path": "/session.open" }, OPEN)
      .then(() => ask(session, { ":path": "/session.accept" }, ACCEPT))
      .then(() => onSession(session));
  });
  return made;
}
const comesBack = (agent: TestAgent) => until(() => agent.states.filter((state) => state.state === "dialling").length > 1, 10_000, "the agent to dial again");

const header = { step: "step_12345678", operation: "op_12345678", actor: { id: "u", name: "U" }, deadlineAt: 1, sentAt: 1 };
const inspect = { ":path": "/container.inspect" };
const BAD_REQUESTS: [string, Record<string, string>, string | Buffer, number, string][] = [
  ["an unknown verb", { ":path": "/host.reboot" }, "{}", 501, "unsupported"],
  ["a verb of Object.prototype", { ":path": "/constructor" }, "{}", 501, "unsupported"],
  ["a path that climbs", { ":path": "/../container.inspect" }, "{}", 501, "unsupported"],
  ["a GET", { ":method": "GET", ...inspect }, "", 501, "unsupported"],
  ["no body", inspect, "", 400, "bad_input"],
  ["no JSON", inspect, "{", 400, "bad_input"],
  ["no envelope", inspect, JSON.stringify({ id: ID }), 400, "bad_input"],
  ["an array for an envelope", inspect, "[]", 400, "bad_input"],
  ["a wrong id", inspect, JSON.stringify({ input: { id: "../../version" } }), 400, "bad_input"],
  ["a field too many", inspect, JSON.stringify({ input: { id: ID, more: 1 } }), 400, "bad_input"],
  ["JSON nested deep", inspect, `{"input":${"[".repeat(20_000)}${"]".repeat(20_000)}}`, 400, "bad_input"],
  ["a body over the limit", inspect, Buffer.alloc(LIMITS.requestBytes + 1, "x"), 400, "bad_input"],
  ["a change without its header", { ":path": "/container.restart" }, JSON.stringify({ input: { id: ID } }), 400, "bad_input"],
  ["a change with half a header", { ":path": "/container.restart" }, JSON.stringify({ input: { id: ID }, operation: { step: header.step } }), 400, "bad_input"],
  ["a number past 2^53", { ":path": "/container.restart" }, `{"input":{"id":"${ID}","t":9007199254740993},"operation":${JSON.stringify(header)}}`, 400, "bad_input"],
  ["a second introduction", { ":path": "/session.open" }, OPEN, 409, "conflict"],
];

describe("an agent", () => {
  it("answers each bad request with a typed error, does nothing, and stays", async () => {
    let session: ClientHttp2Session | null = null;
    const { agent, restarts } = await accepted((made) => (session = made));
    const link = await until(() => session);
    for (const [what, headers, body, status, code] of BAD_REQUESTS) {
      const answer = await ask(link, headers, body);
      expect(answer, what).toMatchObject({ status, body: { error: { code } } });
    }
    expect(await ask(link, inspect, JSON.stringify({ input: { id: ID } }))).toEqual({ status: 200, body: { document: {}, masked: 0 } });
    expect(await ask(link, { ":path": "/container.restart" }, JSON.stringify({ input: { id: ID }, operation: header }))).toMatchObject({ status: 200 });
    expect(restarts()).toBe(1);
    expect(agent.bugs).toEqual([]);
    expect(agent.states.map((s) => s.state)).toEqual(["dialling", "handshake", "waiting for accept", "accepted"]);
  });

  it("does nothing for a hub that has not accepted it", async () => {
    const answers: unknown[] = [];
    const { restarts } = await against((tls) => {
      const session = clientOn(tls);
      void ask(session, { ":path": "/container.restart" }, JSON.stringify({ input: { id: ID }, operation: header })).then((answer) => answers.push(answer));
    });
    await until(() => answers.length);
    expect(answers[0]).toMatchObject({ status: 403, body: { error: { code: "not_allowed" } } });
    expect(restarts()).toBe(0);
  });

  it.each<[string, (tls: TLSSocket, ws: WebSocket) => void]>([
    ["sends garbage", (tls) => tls.write(Buffer.alloc(4_096, 0x5a))],
    ["sends GOAWAY", (tls) => tls.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(FRAME.settings, 0, 0), frame(FRAME.goaway, 0, 0, Buffer.alloc(8))]))],
    ["floods settings", (tls) => tls.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), ...Array.from({ length: 5_000 }, () => frame(FRAME.settings, 0, 0))]))],
    ["floods pings", (tls) => tls.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(FRAME.settings, 0, 0), ...Array.from({ length: 5_000 }, () => frame(FRAME.ping, 0, 0, Buffer.alloc(8)))]))],
    ["sends text on the WebSocket", (_tls, ws) => ws.send("hello")],
    ["sends a message over the limit", (_tls, ws) => ws.send(Buffer.alloc(LIMITS.messageBytes + 1))],
    ["resets the connection", (_tls, ws) => ws.terminate()],
    ["closes the WebSocket politely", (_tls, ws) => ws.close()],
    ["ends TLS", (tls) => tls.end()],
  ])("lets go of a hub that %s, and dials again", async (_what, misdeed) => {
    const { agent } = await against(misdeed);
    await comesBack(agent);
    expect(agent.bugs).toEqual([]);
  });

  it("waits for no hub longer than the handshake may take", async () => {
    const clock = createTestClock();
    let tunnels = 0;
    const { agent } = await against(() => (tunnels += 1), clock);
    await until(() => tunnels === 1 && agent.tunnel.state().state === "handshake" || agent.tunnel.state().state === "waiting for accept");
    for (let i = 0; i < 40 && !agent.states.some((state) => state.state === "waiting"); i++) {
      clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(agent.states.some((state) => state.state === "waiting")).toBe(true);
    expect(clock.monotonic()).toBeLessThanOrEqual(TIMES.handshakeMs + 2_000);
  });

  it("says what is wrong when no hub is at the address", async () => {
    const agent = startAgent({ url: "http://127.0.0.1:9", pin: "x" }, one);
    cleanUp.push(() => agent.tunnel.stop());
    const state = await until(() => agent.states.find((s) => s.state === "waiting"));
    expect(state).toMatchObject({ why: expect.stringMatching(/ECONNREFUSED|ended/) });
  });
});
