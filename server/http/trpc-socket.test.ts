import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { STREAMS_PER_SOCKET } from "@/server/trpc/paced";
import { SESSION_OVER } from "@/server/live/sockets";
import { startTestHub, type TestHub } from "./testing";
import { eventually, reply } from "./testing-client";

const CHUNK = "x".repeat(64 * 1024);
const subscribe = (id: number) => JSON.stringify({ id, method: "subscription", params: { path: "flood" } });

describe("the WebSocket of a page", () => {
  let hub: TestHub;
  let cookie: string;
  let sessionId: string;
  let produced = 0;
  beforeEach(async () => {
    produced = 0;
    hub = await startTestHub({
      async *flood(signal) {
        yield "first";
        while (!signal?.aborted) {
          produced += CHUNK.length;
          yield CHUNK;
          if (produced % (64 * CHUNK.length) === 0) await new Promise((resolve) => setImmediate(resolve));
        }
      },
    });
    ({ cookie, sessionId } = await hub.client.signIn());
  });
  afterEach(() => hub.close());

  const headers = () => ({ cookie, origin: hub.url });
  const live = async (): Promise<WebSocket> => {
    const socket = await hub.client.dial(headers());
    socket.send(JSON.stringify({ method: "connectionParams", data: { ticket: await hub.client.ticket(cookie) } }));
    return socket;
  };
  const closed = (socket: WebSocket) => new Promise<number>((resolve) => socket.once("close", resolve));

  it.each([
    ["no Origin", () => ({ cookie }), "403"],
    ["the Origin null", () => ({ cookie, origin: "null" }), "403"],
    ["another port", () => ({ cookie, origin: "http://127.0.0.1:1" }), "403"],
    ["another host", () => ({ cookie, origin: "http://evil.example" }), "403"],
    ["no cookie", () => ({ origin: hub.url }), "401"],
    ["a cookie of another hub", () => ({ origin: hub.url, cookie: "binnacle.session=abc.def" }), "401"],
  ])("is refused with %s", async (_, withHeaders, status) => {
    await expect(hub.client.dial(withHeaders())).rejects.toThrow(status);
  });

  it("is destroyed on any path that is not its own; agents may bring no Origin", async () => {
    await expect(hub.client.dial(headers(), "/elsewhere")).rejects.toThrow(/hang up|reset/);
    await expect(hub.client.dial(headers(), "/trpc/../agent")).rejects.toThrow();
    await expect(hub.client.dial(headers(), "/agent")).rejects.toThrow("403");
    expect(hub.agentUpgrades).toEqual([]);
    await expect(hub.client.dial({}, "/agent")).rejects.toThrow(/hang up|reset/);
    expect(hub.agentUpgrades).toEqual(["/agent"]);
  });

  it("gives live data for a ticket, once", async () => {
    const ticket = await hub.client.ticket(cookie);
    const proof = JSON.stringify({ method: "connectionParams", data: { ticket } });
    const [one, two] = [await hub.client.dial(headers()), await hub.client.dial(headers())];
    one.send(proof);
    one.send(subscribe(1));
    expect((await reply(one, (message) => message.result?.type === "data")).result?.data).toBe("first");
    one.close();
    two.send(proof);
    expect((await reply(two)).error?.data.appCode).toBe("unauthenticated");
    await closed(two);
  });

  it("gives nothing without a ticket, nor for a made-up one, nor for one in the address", async () => {
    const heard: string[] = [];
    const attempt = async (path: string, first?: unknown) => {
      const socket = await hub.client.dial(headers(), path);
      socket.on("message", (data: Buffer) => heard.push(data.toString()));
      if (first !== undefined) socket.send(JSON.stringify(first));
      socket.send(subscribe(1));
      await closed(socket);
    };
    await attempt("/trpc");
    await attempt(`/trpc?ticket=${await hub.client.ticket(cookie)}`);
    await attempt("/trpc?connectionParams=1", { method: "connectionParams", data: { ticket: "x".repeat(32) } });
    await attempt("/trpc?connectionParams=1");
    expect(heard.filter((text) => text.includes('"result"'))).toEqual([]);
    expect(produced).toBe(0);
  });

  it("carries subscriptions only, and so many at once", async () => {
    const socket = await live();
    socket.send(JSON.stringify({ id: 1, method: "query", params: { path: "session.me" } }));
    expect((await reply(socket, (message) => message.id === 1)).error?.data.appCode).toBe("bad_input");
    socket.pause();
    for (let id = 10; id < 10 + STREAMS_PER_SOCKET + 1; id += 1) socket.send(subscribe(id));
    socket.resume();
    expect((await reply(socket, (message) => message.error !== undefined)).error?.data.appCode).toBe("rate_limited");
    socket.terminate();
  });

  it("holds a bounded amount for a tab that reads nothing", async () => {
    const socket = await live();
    socket.send(subscribe(1));
    await reply(socket, (message) => message.result?.type === "data");
    socket.pause();
    // What the two kernels take varies; that the source comes to rest does not.
    let before = -1;
    await eventually(async () => {
      const seen = produced;
      await new Promise((resolve) => setTimeout(resolve, 200));
      const rests = seen === produced && seen === before;
      before = seen;
      return rests;
    }, 20_000);
    expect(produced).toBeLessThan(32 << 20);
    const rest = produced;
    socket.resume();
    await eventually(() => produced > rest + (4 << 20));
    socket.terminate();
    await eventually(() => hub.sockets.size() === 0);
  }, 30_000);

  it("closes within a second when its session ends, in any way", async () => {
    const ways: [string, () => Promise<unknown>][] = [
      ["signed out", () => hub.accounts.signOut(sessionId)],
      ["ended by another process", async () => (await hub.repo.endSession(sessionId), hub.accounts.recheckSockets())],
      ["role changed", async () => (await hub.database.db.user.updateMany({ data: { role: "viewer" } }), hub.accounts.recheckSockets())],
      ["disabled", async () => (await hub.database.db.user.updateMany({ data: { disabledAt: new Date() } }), hub.accounts.recheckSockets())],
    ];
    for (const [, end] of ways) {
      await hub.database.db.user.updateMany({ data: { role: "administrator", disabledAt: null } });
      ({ cookie, sessionId } = await hub.client.signIn());
      const socket = await live();
      socket.send(subscribe(1));
      await reply(socket, (message) => message.result?.type === "data");
      const from = performance.now();
      const end_ = closed(socket);
      await end();
      expect(await end_).toBe(SESSION_OVER);
      expect(performance.now() - from).toBeLessThan(1_000);
    }
  });

  it("cuts a tab that stops reading, too, when its session ends", async () => {
    const socket = await live();
    socket.send(subscribe(1));
    await reply(socket, (message) => message.result?.type === "data");
    socket.pause();
    await hub.accounts.signOut(sessionId);
    await eventually(() => hub.sockets.size() === 0);
    const rest = produced;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(produced - rest).toBeLessThanOrEqual(CHUNK.length);
  });

  it("ends on a message that is too long, on a fragment bomb and on half an upgrade, and the hub stays up", async () => {
    const long = await live();
    long.send("x".repeat(100_000));
    expect(await closed(long)).toBe(1009);
    const bomb = await live();
    bomb.on("error", () => undefined);
    for (let i = 0; i < 1_000 && bomb.readyState === bomb.OPEN; i += 1) bomb.send("x", { fin: false });
    expect(await closed(bomb)).toBe(1008);
    await new Promise<void>((resolve) => {
      const raw = connect(hub.port, "127.0.0.1", () => {
        raw.write(`GET /trpc HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: ${hub.url}\r\n\r\n`);
        raw.destroy();
        resolve();
      });
    });
    expect((await hub.client.send("GET", "/healthz")).status).toBe(200);
  });
});
