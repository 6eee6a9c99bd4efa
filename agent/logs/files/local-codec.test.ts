import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIMITS } from "@/protocol/limits";
import { parseEntries } from "@/protocol/log-text";
import { ENDS, STDERR } from "./codec";
import { local } from "./local-codec";
import { localRecord } from "./testing-engine";

const NANOS = 1_796_000_000_123_456_789n;
/** One record as Docker 20.10 wrote it: "nonl" without an end, with metadata. */
const WRITTEN = Buffer.from("000000600a067374646f757410a197b985efef90f6181a046e6f6e6c20012a44124032376465656132373363333035633835663062343763333536353635363661343765636131633963383735343236393938396465356431316633386334643336180100000060", "hex");
const textsOf = (bytes: Uint8Array) => parseEntries(Buffer.from(local.entries(bytes, LIMITS.logBatchBytes).text).toString());

describe("records of the local driver", () => {
  it("become entries with their time to the nanosecond, stream and text", () => {
    const bytes = Buffer.concat([localRecord("día", { nanos: NANOS }), localRecord("bad", { nanos: NANOS + 1n, stream: "stderr" }), localRecord("", { nanos: 0n })]);
    expect(local.whole(bytes)).toBe(bytes.length);
    expect(textsOf(bytes).map(({ time, stream, text }) => [time, stream, text])).toEqual([
      ["2026-11-30T00:53:20.123456789Z", "stdout", "día"],
      ["2026-11-30T00:53:20.123456790Z", "stderr", "bad"],
      ["1970-01-01T00:00:00.000000000Z", "stdout", ""],
    ]);
    const { count, starts, marks } = local.records(bytes);
    expect([count, ...marks.subarray(0, 3)]).toEqual([3, ENDS, ENDS | STDERR, ENDS]);
    expect(local.timeOf(bytes, 0, starts[1] ?? 0)).toBeCloseTo(Number(NANOS) / 1e6, 3);
  });

  it("are parts where the engine marked them so, but for the last", () => {
    const part = (text: string, last: boolean) => localRecord(text, { nanos: NANOS, partial: { last } });
    const bytes = Buffer.concat([part("a", false), part("b", false), part("c", true), localRecord("d", { nanos: NANOS })]);
    expect(textsOf(bytes).map(({ text }) => text)).toEqual(["abc", "d"]);
  });

  it("are read as a real engine wrote them", () => {
    expect(local.whole(WRITTEN)).toBe(104);
    expect(textsOf(WRITTEN)).toMatchObject([{ text: "nonl", stream: "stdout", time: expect.stringMatching(/^2026-11-28T16:49:2\d\.\d{9}Z$/) }]);
    expect(local.records(WRITTEN).marks[0]).toBe(0);
  });

  it("are cut where a batch is full, and a single long one is given whole", () => {
    const long = localRecord("\0".repeat(16_384), { nanos: NANOS });
    const { text, used } = local.entries(Buffer.concat([long, long, long, long]), 150_000);
    expect(used).toBe(long.length);
    expect(text.length).toBeGreaterThan(6 * 16_384);
  });

  it("are found from the end as from the beginning, however the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 50 }), { minLength: 1, maxLength: 20 }), fc.nat(), (lines, cut) => {
        const records = lines.map((line) => localRecord(line, { nanos: NANOS }));
        const bytes = Buffer.concat(records);
        const begins = records.map((_, i) => Buffer.concat(records.slice(0, i)).length).concat(bytes.length);
        const at = cut % (bytes.length + 1);
        expect(at + local.firstWhole(bytes.subarray(at))).toBe(begins.find((begin) => begin >= at));
        expect(local.whole(bytes.subarray(0, at))).toBe(begins.filter((begin) => begin <= at).at(-1));
      }),
    );
  });

  it("that are damaged are passed over to the next, and one that is only not whole yet is waited for", () => {
    const good = localRecord("x", { nanos: NANOS });
    expect(local.damaged(good.subarray(0, good.length - 1), false)).toBe(0);
    expect(local.damaged(Buffer.concat([Buffer.from([1, 2, 3]), good]), false)).toBe(3);
    expect(local.damaged(Buffer.from([0xff, 0xff, 0xff, 0xff, 1]), false)).toBe(5);
    expect(local.damaged(good.subarray(0, good.length - 1), true)).toBe(good.length - 1);
  });

  it("never throw, whatever they hold", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(noise.length);
        const bytes = Buffer.concat([length, noise, length]);
        local.records(bytes);
        local.timeOf(bytes, 0, bytes.length);
        for (const { text } of textsOf(bytes)) expect(typeof text).toBe("string");
      }),
      { numRuns: 500 },
    );
  });
});
