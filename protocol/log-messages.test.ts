import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIMITS } from "./limits";
import type { LogMessage } from "./logs";
import { createLogMessageReader, logMessageHead, LogMessageRefused } from "./log-messages";

const bytesOf = (message: LogMessage) => Buffer.concat([logMessageHead(message), message.kind === "batch" ? message.text : Buffer.alloc(0)]);
const messages: LogMessage[] = [
  { kind: "source", head: { from: "files", driver: "json-file", tty: false, mayMiss: false, why: null } },
  { kind: "batch", head: { from: "f:1:0", to: "f:1:9" }, form: "entries", packing: "none", text: Buffer.from("día\n") },
  { kind: "gap", head: { at: 5, bytes: null, why: "rotated away", to: "f:2:0" } },
  { kind: "batch", head: { from: "f:2:0", to: "f:2:1" }, form: "stamped", packing: "deflate", text: new Uint8Array(0) },
  { kind: "live", head: { at: 6 } },
  { kind: "end", head: { why: "removed", gone: true } },
];

describe("a stream of log messages", () => {
  it("is read the same wherever it is cut", () => {
    const whole = Buffer.concat(messages.map(bytesOf));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (sizes) => {
        const reader = createLogMessageReader();
        const read: LogMessage[] = [];
        for (let offset = 0, i = 0; offset < whole.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          read.push(...reader.push(whole.subarray(offset, offset + size)));
          offset += size;
        }
        const plain = (list: LogMessage[]) => list.map((m) => (m.kind === "batch" ? { ...m, text: Buffer.from(m.text).toString("hex") } : m));
        expect(plain(read)).toEqual(plain(messages));
      }),
    );
  });

  it.each([
    ["a length over the bound", () => Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0])],
    ["a length under the fixed part", () => Buffer.from([0, 0, 0, 2, 0, 0])],
    ["a kind that is not known", () => Buffer.from([0, 0, 0, 8, 99, 0, 0, 0, 0, 2, 0x7b, 0x7d])],
    ["a head that is longer than its message", () => Buffer.from([0, 0, 0, 8, 1, 0, 0, 0, 9, 9, 0x7b, 0x7d])],
    ["a head of another shape", () => Buffer.from([0, 0, 0, 8, 1, 0, 0, 0, 0, 2, 0x7b, 0x7d])],
    ["a form that is not known", () => { const b = bytesOf(messages[1]!); b[5] = 9; return b; }],
  ])("refuses %s", (_what, bytes) => {
    expect(() => createLogMessageReader().push(bytes())).toThrow(LogMessageRefused);
  });

  it("takes a message of the largest size", () => {
    const head: LogMessage = { kind: "batch", head: { from: "a", to: "b" }, form: "entries", packing: "none", text: new Uint8Array(LIMITS.logMessageBytes - 100) };
    expect(createLogMessageReader().push(bytesOf(head))).toHaveLength(1);
  });
});
