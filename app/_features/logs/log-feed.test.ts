import { deflateRawSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { logMessageHead } from "@/protocol/log-messages";
import { writeEntry } from "@/protocol/log-text";
import type { LogMessage, LogStart } from "@/protocol/logs";
import type { StreamSocket } from "@/app/_trpc/stream";
import { followLog, type LogFeedState } from "./log-feed";

const encoder = new TextEncoder();
const entry = (text: string) => writeEntry({ text, stream: "stdout", time: "2026-11-28T16:38:53.000000001Z" });
const bytesOf = (message: LogMessage): Uint8Array => Buffer.concat([logMessageHead(message), ...(message.kind === "batch" ? [message.text] : [])]);
const source = () => bytesOf({ kind: "source", head: { from: "files", driver: "json-file", tty: false, mayMiss: false, why: null } });
const batch = (from: string, to: string, text: string, packing: "none" | "deflate" = "none") =>
  bytesOf({ kind: "batch", head: { from, to }, form: "entries", packing, text: packing === "none" ? encoder.encode(text) : deflateRawSync(text) });

/** A server's end of the sockets that a feed dials. */
class Line implements StreamSocket {
  binaryType: BinaryType = "blob";
  onopen: StreamSocket["onopen"] = null;
  onmessage: StreamSocket["onmessage"] = null;
  onclose: StreamSocket["onclose"] = null;
  sent: { ticket?: string; input?: { start: LogStart }; ack?: number }[] = [];
  closed = false;
  send = (text: unknown) => void this.sent.push(JSON.parse(text as string));
  close = () => void (this.closed = true);
  get acks() {
    return this.sent.flatMap((one) => one.ack ?? []);
  }
  open() {
    (this.onopen as () => void)();
    return this;
  }
  give(...parts: Uint8Array[]) {
    const bytes = Buffer.concat(parts);
    (this.onmessage as (event: object) => void)({ data: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) });
    return this;
  }
  fail(code: string) {
    (this.onmessage as (event: object) => void)({ data: JSON.stringify({ error: { code, message: "a reason" } }) });
    this.cut(4500);
  }
  cut(code = 1006) {
    (this.onclose as (event: object) => void)({ code });
  }
}

function follow(options: { busy?: () => Promise<void> | undefined; start?: LogStart } = {}) {
  const lines: Line[] = [];
  const states: LogFeedState[] = [];
  const told: string[] = [];
  const feed = followLog({
    hostId: "h", id: "0123456789ab", follow: true, random: () => 0,
    start: options.start ?? { at: "tail", lines: 100 },
    ticket: async () => ({ ticket: `ticket ${lines.length}` }),
    dial: () => {
      const line = new Line();
      lines.push(line);
      return line;
    },
    handlers: {
      onSource: (head) => void told.push(head.from),
      onBatch: (text) => (told.push(Buffer.from(text).toString()), options.busy?.()),
      onGap: (gap) => void told.push(`gap ${gap.why}`),
      onState: (state) => void states.push(state),
    },
  });
  const line = async (number: number) => (await vi.waitUntil(() => lines[number], { timeout: 5_000 })).open();
  return { feed, line, lines, states, told };
}

describe("a log's feed", () => {
  it("proves itself in its first message and asks for what it was told to", async () => {
    const { line, feed } = follow();
    const first = await line(0);
    expect(first.binaryType).toBe("arraybuffer");
    expect(first.sent).toEqual([{ ticket: "ticket 0", stream: "logs.follow", input: { hostId: "h", id: "0123456789ab", start: { at: "tail", lines: 100 }, follow: true } }]);
    feed.stop();
    expect(first.closed).toBe(true);
  });

  it("gives every batch once, in order, however the bytes are cut, packed or not", async () => {
    const { line, told, feed, states } = follow();
    const first = await line(0);
    const all = Buffer.concat([source(), batch("f:1:0", "f:1:9", entry("one")), batch("f:1:9", "f:1:20", entry("two"), "deflate"), batch("f:1:20", "f:1:30", entry("three")), bytesOf({ kind: "live", head: { at: 5 } })]);
    for (let i = 0; i < all.length; i += 7) first.give(all.subarray(i, i + 7));
    await vi.waitUntil(() => feed.state().state === "live");
    expect(told).toEqual(["files", entry("one"), entry("two"), entry("three")]);
    expect(states.map(({ state }) => state)).toEqual(["reading", "live"]);
  });

  it("goes on after a lost link behind the last line it gave, with a new ticket", async () => {
    const { line, lines, told, states, feed } = follow();
    (await line(0)).give(source(), batch("f:1:0", "f:1:9", entry("one")), bytesOf({ kind: "gap", head: { at: null, bytes: 7, why: "rotated away", to: "f:2:0" } })).cut();
    const second = await line(1);
    expect(second.sent[0]).toMatchObject({ ticket: "ticket 1", input: { start: { at: "cursor", cursor: "f:2:0" } } });
    second.give(source(), batch("f:2:0", "f:2:5", entry("two"))).fail("host_away");
    expect(states.at(-1)).toMatchObject({ state: "waiting", code: "host_away", why: "a reason" });
    expect((await line(2)).sent[0]).toMatchObject({ input: { start: { at: "cursor", cursor: "f:2:5" } } });
    expect(told).toEqual(["files", entry("one"), "gap rotated away", "files", entry("two")]);
    feed.stop();
    lines[2]?.cut();
    expect(lines).toHaveLength(3);
  });

  it("misses no line of a log that was empty when the link went", async () => {
    const { line, feed } = follow();
    (await line(0)).give(source(), bytesOf({ kind: "live", head: { at: 1_000 } })).cut();
    expect((await line(1)).sent[0]).toMatchObject({ input: { start: { at: "time", since: 1_000 } } });
    feed.stop();
  });

  it("does not try again what would be refused again, nor what is over", async () => {
    const refused = follow();
    (await refused.line(0)).fail("forbidden");
    expect(refused.feed.state()).toEqual({ state: "refused", code: "forbidden", why: "a reason" });
    const over = follow();
    (await over.line(0)).give(source(), bytesOf({ kind: "end", head: { why: "The container is gone.", gone: true } })).cut(1000);
    expect(over.feed.state()).toEqual({ state: "ended", why: "The container is gone.", gone: true });
    const garbage = follow();
    (await garbage.line(0)).give(Buffer.from([0, 0, 0, 6, 99, 0, 0, 0, 0, 0]));
    expect(garbage.feed.state()).toMatchObject({ state: "refused", code: "internal" });
    expect(garbage.lines[0]?.closed).toBe(true);
    const bomb = follow();
    (await bomb.line(0)).give(source(), batch("f:1:0", "f:1:9", "x".repeat(8 << 20), "deflate"));
    await vi.waitUntil(() => bomb.feed.state().state === "refused");
    expect(bomb.told).toEqual(["files"]);
    for (const { lines } of [refused, over, garbage, bomb]) expect(lines).toHaveLength(1);
  });

  it("says what it has dealt with, and nothing while its reader is busy", async () => {
    let release: () => void = () => undefined;
    let isBusy = false;
    const { line, told, feed } = follow({ busy: () => (isBusy ? new Promise<void>((resolve) => (release = resolve)) : undefined) });
    const first = await line(0);
    const big = (from: number) => batch(`f:1:${from}`, `f:1:${from + 1}`, entry("x".repeat(200_000)));
    first.give(source()).give(big(0));
    const sofar = source().length + big(0).length;
    expect(first.acks).toEqual([sofar]);
    isBusy = true;
    first.give(big(1)).give(big(2));
    await Promise.resolve();
    expect(told).toHaveLength(3);
    expect(first.acks).toEqual([sofar]);
    isBusy = false;
    release();
    await vi.waitUntil(() => told.length === 4);
    await vi.waitUntil(() => first.acks.at(-1) === sofar + big(1).length + big(2).length);
    feed.stop();
  });
});
