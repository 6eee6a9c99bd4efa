import { describe, expect, it } from "vitest";
import { createLatestChannel } from "@/server/live/channel";
import { createTestClock } from "@/server/lib/clock";
import { PACE_BYTES, paced, STALL_MS, STREAMS_PER_SOCKET } from "./paced";

const createSocket = () => ({
  bufferedAmount: 0,
  open: true,
  streams: 0,
  terminated: false,
  terminate() {
    this.terminated = true;
  },
});
/** Lets what is ready run; the clock moves only by hand. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("a paced source", () => {
  const start = () => {
    const [clock, socket, channel] = [createTestClock(), createSocket(), createLatestChannel<string, number>({ keys: 10 })];
    const ending = new AbortController();
    const stream = paced({ socket, clock }, channel.subscribe(ending.signal), ending.signal);
    return { clock, socket, channel, ending, stream };
  };

  it("waits for the socket, and then gives the latest of what came meanwhile", async () => {
    const { clock, socket, channel, stream } = start();
    socket.bufferedAmount = PACE_BYTES + 1;
    let got: unknown = null;
    const next = stream.next().then((result) => (got = result.value));
    for (let i = 0; i < 5; i += 1) {
      channel.publish("a", i);
      clock.advance(100);
      await settle();
    }
    expect(got).toBeNull();
    socket.bufferedAmount = 0;
    clock.advance(100);
    await next;
    expect(got).toEqual({ entries: [["a", 4]], overflowed: false });
  });

  it("ends a socket that takes nothing for too long, and only then", async () => {
    const { clock, socket, stream, channel } = start();
    socket.bufferedAmount = PACE_BYTES * 2;
    const next = stream.next();
    for (let passed = 0; passed < STALL_MS; passed += 1_000) {
      clock.advance(1_000);
      await settle();
      if (passed === 30_000) socket.bufferedAmount -= 1; // slow is not stalled
    }
    expect(socket.terminated).toBe(false);
    for (let passed = 0; passed < STALL_MS; passed += 1_000) {
      clock.advance(1_000);
      await settle();
    }
    expect(socket.terminated).toBe(true);
    expect((await next).done).toBe(true);
    expect(channel.readers()).toBe(0);
  });

  it("asks nothing more for a socket that closes, though it looks drained", async () => {
    const { clock, socket, stream, channel } = start();
    socket.bufferedAmount = PACE_BYTES + 1;
    const next = stream.next();
    channel.publish("a", 1);
    await settle();
    Object.assign(socket, { bufferedAmount: 0, open: false });
    clock.advance(1_000);
    expect((await next).done).toBe(true);
    expect([channel.readers(), socket.streams]).toEqual([0, 0]);
  });

  it("lets go of its source however it ends, and gives its place back", async () => {
    for (const end of ["abort", "return"] as const) {
      const { socket, channel, ending, stream } = start();
      expect([channel.readers(), socket.streams]).toEqual([1, 1]);
      const waiting = stream.next();
      await settle();
      if (end === "abort") ending.abort();
      else await stream.return?.();
      expect((await waiting).done).toBe(true);
      expect([channel.readers(), socket.streams]).toEqual([0, 0]);
    }
  });

  it("passes the source's error on, once", async () => {
    const socket = createSocket();
    async function* broken(): AsyncGenerator<number> {
      throw new Error("gone");
    }
    const stream = paced({ socket, clock: createTestClock() }, broken(), undefined);
    await expect(stream.next()).rejects.toThrow("gone");
    expect((await stream.next()).done).toBe(true);
    expect(socket.streams).toBe(0);
  });

  it("is refused past the bound of one socket", () => {
    const [socket, clock] = [createSocket(), createTestClock()];
    const open = () => paced({ socket, clock }, createLatestChannel<string, number>({ keys: 1 }).subscribe(), undefined);
    for (let i = 0; i < STREAMS_PER_SOCKET; i += 1) open();
    expect(open).toThrow(/at once/);
  });
});
