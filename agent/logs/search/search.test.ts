import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIMITS } from "@/protocol/limits";
import { writeEntry, type LogLine } from "@/protocol/log-text";
import type { LogForm, LogQuery, LogSearchFrame } from "@/protocol/logs";
import { systemClock } from "../../clock";
import { AgentFailure } from "../../errors";
import { frame, stamp } from "../api/testing";
import type { Logs } from "../logs";
import { compileQuery } from "./line-test";
import { requiredLiteral } from "./literal";
import { createScanner } from "./scanner";
import { searchLogs } from "./search";

const query = (more: Partial<LogQuery>): LogQuery => ({ pattern: null, ignoreCase: false, level: null, since: null, until: null, ...more });
/** json-file text as dockerd writes it: more is escaped than JSON needs, and long lines are parts. */
function goEntry(text: string, at = 1): string {
  const json = JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `{"log":${json},"stream":"stdout","time":"${stamp(at)}"}\n`;
}
function asEntries(text: string): Buffer[] {
  const bytes = Buffer.from(`${text}\n`);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 16_384) parts.push(Buffer.from(goEntry(bytes.subarray(at, at + 16_384).toString("utf8"))));
  return parts;
}
function asFrames(text: string): Buffer[] {
  const bytes = Buffer.from(`${text}\n`);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 16_384) parts.push(frame(Buffer.concat([Buffer.from(`${stamp(1)} `), bytes.subarray(at, at + 16_384)])));
  return parts;
}
async function scan(batches: Buffer[], form: LogForm, asked: LogQuery): Promise<string[]> {
  const scanner = createScanner(await compileQuery(asked));
  const found: string[] = [];
  const onHit = (line: LogLine) => void found.push(line.text);
  for (const batch of batches) scanner.scan(batch, form, onHit);
  scanner.finish(onHit);
  return found;
}

describe("what a pattern needs", () => {
  it.each([
    ["needle", "needle"], ["^error: disk$", "error: disk"], ["user=(alice|bob) failed", " failed"], ["colou?r scheme", "r scheme"], ["a+bc", "bc"],
    ["ab*cde", "cde"], ["id=[0-9]+ timeout", " timeout"], ["10\\.0\\.0\\.1", "10.0.0.1"], ["say \"hello there\"", "hello there"], ["<b>bold</b>", "bold"], ["x{3}yz", "yz"],
    ["ab{0,2}cdef", "cdef"], ["(?:foo)?barbaz", "barbaz"], ["[]a]xyz", "xyz"], ["[[:digit:]]abc", "abc"], ["오류가 났다", "오류가 났다"], ["abc\\d+defg", "defg"], ["a.c.defg", "defg"],
  ])("%s must contain %s", (pattern, literal) => {
    expect(requiredLiteral(pattern, false)).toBe(literal);
  });
  it.each(["a|b", "foo|bar", "(foo|bar)", ".*", "[a-z]+", "(?i)needle", "\\x41\\x42", "\\Qa|b\\E", "a", "(a+)+$", "(abc", "[abc", "\\pL+", "<>&\"", ""])("%s needs nothing that is sure", (pattern) => {
    expect(requiredLiteral(pattern, false)).toBeNull();
  });
  it("is plain letters where case is ignored", () => {
    expect(requiredLiteral("오류 error", true)).toBe(" error");
  });
});

describe("a search", () => {
  const line = fc.oneof(
    fc.string({ unit: fc.constantFrom("a", "b", "k", "s", "K", "S", "ſ", "\u212a", " ", "\"", "\\", "<", "&", "é", "가", "\u2028", "\t", "1"), maxLength: 12 }),
    fc.constant("x".repeat(16_380) + "abk" + "y".repeat(20)),
  );
  const pattern = fc.constantFrom("ab", "a+b", "^ab", "abk", "ks", "S1", "a.b", "a\"b", "<&", "(ab|ks)1", "ab|ks", "가a", "é", "\\tab", "[ab]{2}s", "(?i)ks", "b$", "a?bs1*k");
  it("finds the same lines by their bytes as by reading each, in every form and however it is cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 12 }), pattern, fc.boolean(), fc.integer({ min: 1, max: 4 }), async (lines, pattern, ignoreCase, size) => {
        const asked = query({ pattern, ignoreCase });
        const test = await compileQuery(asked);
        const expected = lines.filter((text) => test.test({ at: 1, time: "", stream: "stdout", text }));
        for (const [form, write] of [["entries", asEntries], ["multiplexed", asFrames]] as const) {
          const units = lines.flatMap(write);
          const batches = Array.from({ length: Math.ceil(units.length / size) }, (_, i) => Buffer.concat(units.slice(i * size, (i + 1) * size)));
          expect(await scan(batches, form, asked)).toEqual(expected);
        }
      }),
      { numRuns: 100 },
    );
  });
  it("finds a needle in haystacks of many batches, where it lies at their very ends too", async () => {
    const batches = Array.from({ length: 40 }, (_, i) => Buffer.from([goEntry(i % 10 === 0 ? "needle-1 first\n" : "hay\n"), ...Array.from({ length: 500 }, () => goEntry("hay needl e\n")), goEntry(i % 10 === 9 ? "last needle-2\n" : "hay\n")].join("")));
    expect(await scan(batches, "entries", query({ pattern: "needle-\\d" }))).toEqual(Array.from({ length: 4 }, () => ["needle-1 first", "last needle-2"]).flat());
  });
  it("tells lines by level and time", async () => {
    const text = Buffer.from([goEntry("level=info a\n", 1), goEntry("level=warn b\n", 2e9), goEntry("level=error c\n", 4e9), goEntry("d\n", 5e9)].join(""));
    expect(await scan([text], "entries", query({ level: "warn" }))).toEqual(["level=warn b", "level=error c"]);
    const noon = Date.UTC(2026, 10, 28, 12);
    expect(await scan([text], "entries", query({ since: noon + 1_000, until: noon + 4_000 }))).toEqual(["level=warn b", "level=error c"]);
  });
  it("takes time that grows with the line, whatever the pattern", async () => {
    const test = await compileQuery(query({ pattern: "(a+)+$" }));
    const from = performance.now();
    expect(test.test({ at: null, time: "", stream: "stdout", text: `${"a".repeat(65_536)}b` })).toBeNull();
    expect(performance.now() - from).toBeLessThan(5_000);
  });
  it.each(["(", "a{1001}", "(?=a)", "\\1", "[z-a]"])("refuses what is no RE2 pattern: %s", async (pattern) => {
    await expect(compileQuery(query({ pattern }))).rejects.toMatchObject({ code: "bad_input" });
  });
});

describe("the answer", () => {
  /** Logs of one batch each; a number in place of text fails. */
  const logsOf = (texts: Record<string, string | null>, from = "f:0123456789abcdef:1000"): Logs =>
    ({
      scan: async (id: string) => {
        const text = texts[id];
        if (text === undefined) throw new AgentFailure("not_found", "There is no such container.");
        if (text === null) throw new AgentFailure("unsupported", "This log cannot be read.");
        const bytes = Buffer.from(text);
        return { source: {}, bytes: bytes.length, pieces: (async function* () { yield { text: bytes, form: "entries", from, to: `f:0123456789abcdef:${1_000 + bytes.length}` }; })() };
      },
    }) as unknown as Logs;
  async function ask(logs: Logs, ids: string[], asked: LogQuery, hits = 100, signal = new AbortController().signal): Promise<LogSearchFrame[]> {
    const frames: LogSearchFrame[] = [];
    await searchLogs({ ids, query: asked, hits }, { logs, clock: systemClock, signal, write: async (frame) => void frames.push(frame) });
    return frames;
  }
  it("has hits with the place where their line begins, what was skipped, and an end", async () => {
    const first = goEntry("nothing\n");
    const logs = logsOf({ aaa: `${first}${goEntry("WARN: needle\n")}`, bbb: null });
    const frames = await ask(logs, ["aaa", "bbb", "ccc"], query({ pattern: "needle" }));
    expect(frames.filter(({ frame }) => frame === "hit")).toEqual([{ frame: "hit", id: "aaa", at: Date.UTC(2026, 10, 28, 12) + 1e-6, stream: "stdout", level: "warn", text: "WARN: needle", cut: false, cursor: `f:0123456789abcdef:${1_000 + first.length}` }]);
    expect(frames.filter(({ frame }) => frame === "skipped")).toHaveLength(2);
    expect(frames.at(-1)).toEqual({ frame: "done", hits: 1, more: false });
  });
  it("stops at the bound and says that there is more", async () => {
    const logs = logsOf({ aaa: goEntry("needle\n").repeat(50), bbb: goEntry("needle\n").repeat(50) });
    const frames = await ask(logs, ["aaa", "bbb"], query({ pattern: "needle" }), 60);
    expect(frames.filter(({ frame }) => frame === "hit")).toHaveLength(60);
    expect(frames.at(-1)).toEqual({ frame: "done", hits: 60, more: true });
    const exact = await ask(logs, ["aaa"], query({ pattern: "needle" }), 50);
    expect(exact.at(-1)).toEqual({ frame: "done", hits: 50, more: false });
  });
  it("cuts a long line to what is around its match", async () => {
    const [hit] = await ask(logsOf({ aaa: writeEntry({ text: `${"x".repeat(9_000)}needle${"y".repeat(3_000)}`, stream: "stderr", time: stamp(1) }) }), ["aaa"], query({ pattern: "needle" }));
    expect(hit).toMatchObject({ frame: "hit", cut: true, text: expect.stringContaining("needle") });
    expect(hit?.frame === "hit" && hit.text.length).toBe(LIMITS.logHitChars);
  });
  it("ends when nobody waits for it any more", async () => {
    const abort = new AbortController();
    abort.abort();
    await expect(ask(logsOf({ aaa: goEntry("needle\n") }), ["aaa"], query({ pattern: "needle" }), 100, abort.signal)).rejects.toThrow();
  });
});
