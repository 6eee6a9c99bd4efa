import { inflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createLogMessageReader } from "@/protocol/log-messages";
import type { LogMessage } from "@/protocol/logs";
import { systemClock } from "../clock";
import { AgentFailure } from "../errors";
import type { ByteWriter } from "../tunnel/router";
import type { LogPiece, LogReader } from "./log-reader";
import { pumpLog } from "./pump";

const SOURCE = { from: "api" as const, driver: "json-file", tty: false, mayMiss: true, why: null };
const text = (i: number, chars = 9_000) => Buffer.from(`${i} ${"x".repeat(chars)}\n`);
const pieces = (count: number, chars?: number): LogPiece[] => Array.from({ length: count }, (_, i) => ({ what: "text", form: "stamped", text: text(i, chars), from: `t:${i}:0`, to: `t:${i + 1}:0` }));

function readerOf(all: (LogPiece | Error)[], onRead = () => {}): LogReader {
  const left = [...all];
  return {
    source: SOURCE,
    read: async () => {
      onRead();
      const next = left.shift();
      if (next instanceof Error) throw next;
      return next ?? { what: "end", why: "all", gone: false };
    },
    close: () => undefined,
  };
}
/** A link that takes a message each `ms`. */
function linkOf(ms: number): ByteWriter & { sent: Buffer[] } {
  const sent: Buffer[] = [];
  let turn = Promise.resolve();
  return {
    sent,
    waiting: 0,
    write: (...parts) => {
      sent.push(...parts.map((part) => Buffer.from(part)));
      return (turn = turn.then(() => (ms === 0 ? undefined : new Promise((resolve) => setTimeout(resolve, ms)))));
    },
  };
}
const messages = (sent: Buffer[]): LogMessage[] => createLogMessageReader().push(new Uint8Array(Buffer.concat(sent)));
const run = async (reader: LogReader, stream: ByteWriter, signal = new AbortController().signal) => pumpLog({ reader, stream, clock: systemClock, signal });

describe("a log on its way to the link", () => {
  it("is its source, then every piece in its order, and a few lines go as they are", async () => {
    const stream = linkOf(0);
    await run(readerOf([...pieces(20), { what: "gap", at: 5, bytes: 7, why: "w", to: null }, { what: "live" }]), stream);
    const all = messages(stream.sent);
    expect(all.map(({ kind }) => kind)).toEqual(["source", ...Array.from({ length: 20 }, () => "batch"), "gap", "live", "end"]);
    for (const [i, message] of all.slice(1, 21).entries()) expect(message).toMatchObject({ packing: "none", head: { from: `t:${i}:0`, to: `t:${i + 1}:0` }, text: new Uint8Array(text(i)) });
    expect(all[21]?.head).toEqual({ at: 5, bytes: 7, why: "w", to: null });
  });
  it("is packed where there is much of it, in order, and says the same", async () => {
    const stream = linkOf(1);
    await run(readerOf([...pieces(5, 100_000), ...pieces(1), ...pieces(5, 20_000)]), stream);
    const batches = messages(stream.sent).filter((message) => message.kind === "batch");
    expect(batches.map(({ packing }) => packing)).toEqual([...Array<string>(5).fill("deflate"), "none", ...Array<string>(5).fill("deflate")]);
    const expected = [...[0, 1, 2, 3, 4].map((i) => text(i, 100_000)), text(0), ...[0, 1, 2, 3, 4].map((i) => text(i, 20_000))];
    for (const [i, { packing, text: sent }] of batches.entries()) expect(Buffer.from(packing === "none" ? sent : inflateRawSync(sent)).equals(expected[i]!)).toBe(true);
  });
  it("is read no further than two messages ahead of the link", async () => {
    let reads = 0;
    const sent: Buffer[] = [];
    const stuck: ByteWriter = { waiting: 0, write: (...parts) => (sent.push(...parts.map((part) => Buffer.from(part))), new Promise(() => undefined)) };
    void run(readerOf(pieces(100), () => (reads += 1)), stuck);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(reads).toBeLessThanOrEqual(3);
    expect(messages(sent).length).toBeLessThanOrEqual(2);
  });
  it("ends with the reason where the reader fails, and rejects where the link does", async () => {
    const stream = linkOf(0);
    await run(readerOf([...pieces(1), new AgentFailure("engine_error", "It broke.")]), stream);
    expect(messages(stream.sent).at(-1)).toEqual({ kind: "end", head: { why: "It broke.", gone: false } });
    const gone: ByteWriter = { waiting: 0, write: () => Promise.reject(new AgentFailure("internal", "The hub ended the stream.")) };
    await expect(run(readerOf(pieces(10)), gone)).rejects.toThrow("The hub ended the stream.");
  });
});
