import { PassThrough, Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { z } from "zod/mini";
import { AppError } from "@/server/lib/errors";
import { SESSION_OVER } from "@/server/live/sockets";
import { startTestHub, type TestHub } from "@/server/http/testing";
import { eventually } from "@/server/http/testing-client";
import { declaredStreams, stream, type StreamKind } from "./kinds";
import { WINDOW_BYTES } from "./outflow";
import { STREAM_FAILED, STREAMS_PER_SESSION } from "./stream-socket";

interface Failure {
  error: { code: string; message: string };
}

/** What one socket heard, and how it was closed. */
function listen(socket: WebSocket) {
  const heard = { bytes: 0, texts: [] as Failure[], code: 0 };
  socket.on("message", (data: Buffer, isBinary) => (isBinary ? (heard.bytes += data.length) : heard.texts.push(JSON.parse(data.toString()) as Failure)));
  socket.on("error", () => undefined);
  const closed = new Promise<number>((resolve) => socket.once("close", (code) => resolve((heard.code = code))));
  return { heard, closed };
}

describe("the stream socket of a page", () => {
  let hub: TestHub;
  let cookie: string;
  let sessionId: string;
  let produced = 0;
  let opened: Readable[] = [];
  let signals: AbortSignal[] = [];
  const kinds = declaredStreams({
    flood: stream("container.logs", z.strictObject({ id: z.string() }), async ({ id }, { signal }) => {
      signals.push(signal);
      if (id !== "known") throw new AppError("not_found", "There is no such container on this host.");
      const source = new Readable({
        read() {
          produced += 16_384;
          setImmediate(() => this.push(Buffer.alloc(16_384, 1)));
        },
      });
      opened.push(source);
      return source;
    }),
    quiet: stream("container.logs", z.strictObject({}), async () => {
      const source = new PassThrough();
      opened.push(source);
      source.write("hello");
      return source;
    }),
    slow: stream("container.logs", z.strictObject({}), (_, { signal }) => new Promise((_resolve, reject) => (signals.push(signal), signal.addEventListener("abort", () => reject(new AppError("link_lost", "cancelled")))))),
    manage: stream("host.manage", z.strictObject({}), async () => new PassThrough()),
    broken: stream("container.logs", z.strictObject({}), async () => {
      throw new Error("secret inner story");
    }),
  });
  beforeEach(async () => {
    [produced, opened, signals] = [0, [], []];
    hub = await startTestHub({ streams: kinds });
    ({ cookie, sessionId } = await hub.client.signIn());
  });
  afterEach(() => hub.close());

  const headers = () => ({ cookie, origin: hub.url });
  const open = async (name: string, input: unknown = {}, ticket?: string) => {
    const socket = await hub.client.dial(headers(), "/stream");
    const listening = listen(socket);
    socket.send(JSON.stringify({ ticket: ticket ?? (await hub.client.ticket(cookie)), stream: name, input }));
    return { socket, ...listening };
  };
  const failsWith = async (code: string, name: string, input?: unknown, ticket?: string) => {
    const { heard, closed } = await open(name, input, ticket);
    expect(await closed).toBe(STREAM_FAILED);
    expect(heard.texts.map(({ error }) => error.code)).toEqual([code]);
    expect(heard.bytes).toBe(0);
    return heard.texts[0]?.error.message ?? "";
  };

  it.each([
    ["no Origin", () => ({ cookie }), "403"],
    ["another port", () => ({ cookie, origin: "http://127.0.0.1:1" }), "403"],
    ["no cookie", () => ({ origin: hub.url }), "401"],
  ])("is refused with %s", async (_, withHeaders, status) => {
    await expect(hub.client.dial(withHeaders(), "/stream")).rejects.toThrow(status);
  });

  it("opens nothing without a ticket, for a made-up one, for a used one, or for bytes", async () => {
    const ticket = await hub.client.ticket(cookie);
    const first = await open("quiet", {}, ticket);
    await eventually(() => first.heard.bytes === 5);
    await failsWith("unauthenticated", "quiet", {}, ticket);
    await failsWith("unauthenticated", "quiet", {}, "x".repeat(32));
    for (const bad of ["{}", "nonsense", "null", Buffer.from([1, 2, 3])]) {
      const socket = await hub.client.dial(headers(), "/stream");
      const { heard, closed } = listen(socket);
      socket.send(bad);
      expect(await closed).toBe(STREAM_FAILED);
      expect(heard.texts[0]?.error.code).toBe("unauthenticated");
    }
    expect(opened).toHaveLength(1);
  });

  it("says what is wrong: no such stream, wrong input, no such container, a bug", async () => {
    await failsWith("bad_input", "nothing");
    await failsWith("bad_input", "toString");
    await failsWith("bad_input", "flood", { id: 3 });
    await failsWith("not_found", "flood", { id: "foreign" });
    expect(await failsWith("internal", "broken")).not.toContain("secret");
  });

  it("lets a role open what it may, and nothing else", async () => {
    await hub.database.db.user.updateMany({ data: { role: "viewer" } });
    ({ cookie, sessionId } = await hub.client.signIn());
    const { heard } = await open("quiet");
    await eventually(() => heard.bytes === 5);
    await failsWith("forbidden", "manage");
    expect(opened).toHaveLength(1);
  });

  it("starts no hub with a kind that names no right", () => {
    const bare = { permission: undefined, input: z.unknown(), open: async () => new PassThrough() } as unknown as StreamKind;
    expect(() => declaredStreams({ ...kinds, bare })).toThrow("bare");
  });

  it("holds a bounded amount for a page that reads or acknowledges nothing, and goes on when it does", async () => {
    const { socket, heard } = await open("flood", { id: "known" });
    await eventually(() => heard.bytes >= WINDOW_BYTES);
    let before = -1;
    await eventually(async () => {
      const seen = produced;
      await pause(50);
      const rests = seen === produced && seen === before;
      before = seen;
      return rests;
    }, 20_000);
    expect(produced).toBeLessThan(WINDOW_BYTES + (1 << 20));
    socket.send(JSON.stringify({ ack: heard.bytes }));
    const from = heard.bytes;
    await eventually(() => heard.bytes >= from + WINDOW_BYTES);
    socket.terminate();
    await eventually(() => opened[0]?.destroyed);
    await eventually(() => hub.streamSocket.size() === 0 && hub.sockets.size() === 0);
  }, 30_000);

  it.each([
    ["goes back", (bytes: number) => [{ ack: bytes }, { ack: bytes - 1 }]],
    ["is of more than was sent", () => [{ ack: 1 << 30 }]],
    ["is none", () => ["hello"]],
  ])("ends a page whose acknowledgement %s", async (_, messages) => {
    const { socket, heard, closed } = await open("flood", { id: "known" });
    await eventually(() => heard.bytes > 100_000);
    for (const message of messages(heard.bytes)) socket.send(JSON.stringify(message));
    expect(await closed).toBe(STREAM_FAILED);
    expect(heard.texts[0]?.error.code).toBe("bad_input");
    expect(opened[0]?.destroyed).toBe(true);
  });

  it("ends on an acknowledgement before anything was opened, and on a message that is too long", async () => {
    const early = await open("slow");
    early.socket.send(JSON.stringify({ ack: 0 }));
    expect(await early.closed).toBe(STREAM_FAILED);
    await eventually(() => signals[0]?.aborted);
    const long = await open("quiet");
    long.socket.send("x".repeat(50_000));
    expect(await long.closed).toBe(1009);
  });

  it("cancels what is still being opened when the page is gone", async () => {
    const { socket } = await open("slow");
    await eventually(() => signals.length === 1);
    socket.terminate();
    await eventually(() => signals[0]?.aborted);
  });

  it("tells how the source ended: by itself, or why the link broke off", async () => {
    const whole = await open("quiet");
    await eventually(() => whole.heard.bytes === 5);
    (opened[0] as PassThrough).end("bye");
    expect(await whole.closed).toBe(1000);
    expect(whole.heard).toMatchObject({ bytes: 8, texts: [] });
    for (const [error, code] of [[new AppError("link_lost", "The link broke off."), "link_lost"], [new Error("reset"), "link_lost"]] as const) {
      const cut = await open("quiet");
      await eventually(() => cut.heard.bytes === 5);
      opened.at(-1)?.destroy(error);
      expect(await cut.closed).toBe(STREAM_FAILED);
      expect(cut.heard.texts.map((one) => one.error.code)).toEqual([code]);
    }
  });

  it("closes within a second when its session ends while data flows, and lets go of the source", async () => {
    const ways: (() => Promise<unknown>)[] = [
      () => hub.accounts.signOut(sessionId),
      async () => (await hub.database.db.user.updateMany({ data: { role: "viewer" } }), hub.accounts.recheckSockets()),
    ];
    for (const end of ways) {
      await hub.database.db.user.updateMany({ data: { role: "administrator" } });
      ({ cookie, sessionId } = await hub.client.signIn());
      const { heard, closed } = await open("flood", { id: "known" });
      await eventually(() => heard.bytes > 100_000);
      const from = performance.now();
      await end();
      expect(await closed).toBe(SESSION_OVER);
      expect(performance.now() - from).toBeLessThan(1_000);
      await eventually(() => opened.at(-1)?.destroyed);
    }
  });

  it("gives one session so many streams and no more", async () => {
    const all = await Promise.all(Array.from({ length: STREAMS_PER_SESSION }, () => open("quiet")));
    await eventually(() => all.every(({ heard }) => heard.bytes === 5));
    const over = listen(await hub.client.dial(headers(), "/stream"));
    expect(await over.closed).toBe(STREAM_FAILED);
    expect(hub.streamSocket.size()).toBe(STREAMS_PER_SESSION);
    all[0]?.socket.terminate();
    await eventually(() => hub.streamSocket.size() < STREAMS_PER_SESSION);
    const again = await open("quiet");
    await eventually(() => again.heard.bytes === 5);
  });
});
