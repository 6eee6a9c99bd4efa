/** 500 tunnels come, are used, and end abruptly in mid-call: nothing of them is left on either side. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeIdentity, type LinkIdentity } from "@/protocol/wire/identity";
import type { HostLink } from "@/server/gateway/gateway";
import { ID, startAgent, startHub, until, type TestHub } from "./pair";

const ROUNDS = 10;
const AT_ONCE = 50;
/** Far under what 400 tunnels hold while they live (about 100 KiB each), far over a garbage collector's mood. */
const GROWTH_BYTES = 8 << 20;

let hub: TestHub;
let identities: LinkIdentity[];
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const handles = () => process.getActiveResourcesInfo().filter((name) => /TCP|TLS|HTTP2|Pipe/i.test(name)).length;

beforeAll(async () => {
  hub = await startHub();
  identities = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => makeIdentity(`agent-${i}`)));
});
afterAll(() => hub.close());

/** One round: every agent in, a call to each under way, every connection destroyed. */
async function round(): Promise<void> {
  hub.changes.length = 0;
  const links = () => hub.changes.flatMap((change): HostLink[] => (change.state === "up" ? [change.link] : []));
  const never = () => new Promise<never>(() => undefined);
  const agents = identities.map((identity) => startAgent(hub, identity, { "container.look": never }, { random: () => 0.99 }));
  await until(() => links().length === AT_ONCE, 20_000, "all are in");
  const calls = links().map((link) => link.call("container.look", { id: ID }).then(() => "answered", (error: { code?: string }) => error.code));
  for (const socket of hub.sockets) socket.destroy();
  expect(new Set(await Promise.all(calls)), "every waiting caller is told").toEqual(new Set(["link_lost"]));
  for (const { tunnel, bugs } of agents) {
    tunnel.stop();
    expect(bugs).toEqual([]);
  }
  await until(() => hub.sockets.size === 0 && hub.gateway.stats().tunnels === 0, 10_000, "all are gone");
}

it("leaves no session, stream, handle or memory behind", async () => {
  const before = handles();
  let settled = 0;
  for (let i = 1; i <= ROUNDS; i++) {
    await round();
    if (i !== 2 && i !== ROUNDS) continue;
    await until(() => handles() <= before, 10_000, "the handles of the round are closed");
    collect();
    const { heapUsed, external } = process.memoryUsage();
    if (i === 2) settled = heapUsed + external; // code is compiled and pools are filled by now
    else expect(heapUsed + external - settled).toBeLessThan(GROWTH_BYTES);
  }
  expect(hub.gateway.stats()).toMatchObject({ tunnels: 0, handshakes: 0, openStreams: 0, unreadBytes: 0 });
}, 120_000);
