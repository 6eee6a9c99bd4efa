import { X509Certificate } from "node:crypto";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { AgentFailure } from "@/agent/errors";
import { systemClock } from "@/protocol/wire/clock";
import { makeIdentity, pinOf, type LinkIdentity } from "@/protocol/wire/identity";
import { readLines } from "@/server/lib/lines";
import { ID, startAgent, startHub, until, type TestAgent, type TestHub } from "./pair";

let one: LinkIdentity;
let two: LinkIdentity;
const cleanUp: (() => unknown)[] = [];
beforeAll(async () => {
  one = await makeIdentity("agent");
  two = await makeIdentity("agent");
});
afterEach(async () => {
  for (const task of cleanUp.splice(0).reverse()) await task();
});

async function hubOf(options: Parameters<typeof startHub>[0] = {}): Promise<TestHub> {
  const hub = await startHub(options);
  cleanUp.push(() => hub.close());
  return hub;
}
function agentOf(...args: Parameters<typeof startAgent>): TestAgent {
  const agent = startAgent(...args);
  cleanUp.push(() => agent.tunnel.stop());
  return agent;
}
const linkOf = (hub: TestHub) => until(() => hub.changes.flatMap((c) => (c.state === "up" ? [c.link] : [])).at(-1), 5_000, "a link");
const inspect = { document: { Name: "/web" }, masked: 2 };

describe("a tunnel", () => {
  it("carries a call, an error of the agent and a stream", async () => {
    const hub = await hubOf();
    const agent = agentOf(hub, one, {
      "container.inspect": () => inspect,
      "container.look": () => {
        throw new AgentFailure("not_found", "It is gone.");
      },
      "telemetry.stream": async (_input, { stream }) => {
        for (let i = 0; i < 50_000; i++) await stream.write({ i, text: "ein Wörtchen 語" });
      },
    });
    const link = await linkOf(hub);
    expect(await link.call("container.inspect", { id: ID })).toEqual(inspect);
    await expect(link.call("container.look", { id: ID })).rejects.toMatchObject({ code: "not_found", message: "It is gone." });
    let lines = 0;
    for await (const line of readLines(await link.stream("telemetry.stream", { after: null }))) {
      expect(JSON.parse(line)).toEqual({ i: lines, text: "ein Wörtchen 語" });
      lines += 1;
    }
    expect(lines).toBe(50_000);
    await until(() => agent.tunnel.state().state === "accepted");
    expect(agent.states.map((s) => s.state)).toEqual(["dialling", "handshake", "waiting for accept", "accepted"]);
    expect(hub.gateway.stats()).toMatchObject({ tunnels: 1, handshakes: 0, openStreams: 0, unreadBytes: 0 });
    expect(agent.bugs).toEqual([]);
  });

  it("is not made with a hub of another pin", async () => {
    const hub = await hubOf();
    const agent = agentOf({ url: hub.url, pin: pinOf(two.certificatePem) }, one);
    const state = await until(() => agent.states.find((s) => s.state === "waiting"));
    expect(state).toMatchObject({ why: expect.stringContaining("not the hub that this agent was enrolled with") });
    expect(agent.states.some((s) => s.state === "waiting for accept")).toBe(false);
    expect(hub.gateway.stats().tunnels).toBe(0);
  });

  it("is not made with an agent whose certificate is not the enrolled one, though it claims the same name", async () => {
    const enrolled = new X509Certificate(two.certificatePem).fingerprint256;
    const hub = await hubOf({
      authenticate: async ({ fingerprint }) =>
        fingerprint === enrolled ? { accepted: true, hostId: "host_two", hostName: "two" } : { accepted: false, code: "token_unknown", message: "Enrol this host first." },
    });
    const stranger = agentOf(hub, one, { "container.inspect": () => inspect });
    const state = await until(() => stranger.states.find((s) => s.state === "refused"));
    expect(state).toMatchObject({ code: "token_unknown", message: "Enrol this host first." });
    expect(stranger.states.some((s) => s.state === "accepted")).toBe(false);
    expect(hub.gateway.stats()).toMatchObject({ tunnels: 0, handshakes: 0, refused: 1 });
    expect(hub.changes).toEqual([]);
    agentOf(hub, two, { "container.inspect": () => inspect });
    expect((await linkOf(hub)).hostId).toBe("host_two");
  });

  it("is not made with an agent whose certificate has expired", async () => {
    const clock = { ...systemClock, now: () => Date.now() + 11 * 365 * 86_400_000 };
    const hub = await hubOf({ clock });
    const agent = agentOf(hub, one);
    const state = await until(() => agent.states.find((s) => s.state === "refused"));
    expect(state).toMatchObject({ code: "revoked", message: expect.stringContaining("expired") });
    expect(hub.changes).toEqual([]);
  });
});
