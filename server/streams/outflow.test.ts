import { PassThrough, Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createOutflow, UNSENT_BYTES, WINDOW_BYTES } from "./outflow";

function setUp(options: { takes?: boolean } = {}) {
  const sent: Uint8Array[] = [];
  const callbacks: (() => void)[] = [];
  const ends: (Error | null)[] = [];
  const socket = {
    bufferedAmount: 0,
    send(bytes: Uint8Array, done: () => void) {
      sent.push(bytes);
      if (options.takes === false) {
        socket.bufferedAmount += bytes.length;
        callbacks.push(done);
      } else done();
    },
  };
  let produced = 0;
  const endless = new Readable({
    highWaterMark: 64 * 1024,
    read() {
      produced += 16_000;
      this.push(Buffer.alloc(16_000, 1));
    },
  });
  const total = () => sent.reduce((sum, bytes) => sum + bytes.length, 0);
  return { sent, socket, callbacks, ends, endless, total, produced: () => produced, onEnd: (error: Error | null) => void ends.push(error) };
}
const rest = async () => {
  for (let i = 0; i < 200; i++) await turn();
};

describe("the flow of a stream to its page", () => {
  it("stops reading the source a window past what the page has dealt with, and goes on when it has", async () => {
    const { endless, socket, total, produced, onEnd } = setUp();
    const flow = createOutflow(endless, socket, onEnd);
    await rest();
    const first = total();
    expect(first).toBeGreaterThanOrEqual(WINDOW_BYTES);
    expect(produced()).toBeLessThan(WINDOW_BYTES + 512 * 1024);
    expect(flow.acknowledge(first - WINDOW_BYTES / 4)).toBe(true);
    await rest();
    expect(total()).toBeGreaterThan(first);
    expect(total() - first).toBeLessThan(WINDOW_BYTES);
    flow.end();
    expect(endless.destroyed).toBe(true);
  });

  it("stops as well while the socket has not taken what was sent", async () => {
    const { endless, socket, total, callbacks, onEnd } = setUp({ takes: false });
    const flow = createOutflow(endless, socket, onEnd);
    await rest();
    const held = total();
    expect(held).toBeLessThan(UNSENT_BYTES + 512 * 1024);
    socket.bufferedAmount = 0;
    callbacks.splice(0).forEach((done) => done());
    await rest();
    expect(total()).toBeGreaterThan(held);
    flow.end();
  });

  it("refuses an acknowledgement that goes back, or is of more than was sent, or is no number of bytes", async () => {
    const { endless, socket, total, onEnd } = setUp();
    const flow = createOutflow(endless, socket, onEnd);
    await rest();
    expect(flow.acknowledge(1_000)).toBe(true);
    for (const bad of [999, -1, 1_000.5, Number.NaN, Infinity, total() + 1]) expect(flow.acknowledge(bad)).toBe(false);
    expect(flow.acknowledge(1_000)).toBe(true);
    flow.end();
  });

  it("sends what comes in one turn as one message, each byte once, before it tells the end", async () => {
    const { socket, sent, ends, onEnd } = setUp();
    const source = new PassThrough();
    createOutflow(source, socket, onEnd);
    for (const part of ["one ", "two ", "three "]) source.write(part);
    await rest();
    expect(sent.map((bytes) => Buffer.from(bytes).toString())).toEqual(["one two three "]);
    source.end("last");
    await rest();
    expect(sent.map((bytes) => Buffer.from(bytes).toString()).join("")).toBe("one two three last");
    expect(ends).toEqual([null]);
  });

  it("tells once how a source failed, and one that closed without an end as a failure", async () => {
    for (const destroy of [(source: Readable) => source.destroy(new Error("cut")), (source: Readable) => source.destroy()]) {
      const { socket, ends, onEnd } = setUp();
      const source = new PassThrough();
      createOutflow(source, socket, onEnd);
      source.write("x");
      destroy(source);
      await rest();
      expect(ends).toHaveLength(1);
      expect(ends[0]).toBeInstanceOf(Error);
    }
  });

  it("tells the end of a source that was gone before it was read", async () => {
    const { socket, ends, onEnd } = setUp();
    const source = new PassThrough();
    source.destroy();
    await rest();
    createOutflow(source, socket, onEnd);
    await rest();
    expect(ends).toHaveLength(1);
  });
});
