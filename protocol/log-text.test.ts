import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIMITS } from "./limits";
import { createLogIndex, type LogChunk, type LogLine, parseEntries, writeEntry } from "./log-text";
import { stampAt } from "./log-entry";
import type { LogForm } from "./logs";

const TIME = "2026-11-28T16:38:55.123456789Z";
const AT = Date.UTC(2026, 10, 28, 16, 38, 55) + 123.456789;
/** As dockerd writes it. */
const entry = (log: string, stream = "stdout", time = TIME, attrs = "") => `{"log":${JSON.stringify(log)},"stream":"${stream}"${attrs},"time":"${time}"}\n`;
const frame = (payload: string | Uint8Array, kind = 1) => {
  const body = Buffer.from(payload);
  const head = Buffer.alloc(8);
  head[0] = kind;
  head.writeUInt32BE(body.length, 4);
  return Buffer.concat([head, body]);
};
const linesOf = (...chunks: (LogChunk | null)[]): LogLine[] => chunks.flatMap((chunk) => (chunk ? Array.from({ length: chunk.lines }, (_, i) => chunk.line(i)) : []));
function read(bytes: Uint8Array, form: LogForm, cuts: readonly number[] = []): LogLine[] {
  const index = createLogIndex();
  const lines: LogLine[] = [];
  let from = 0;
  for (const to of [...[...cuts].sort((a, b) => a - b), bytes.length]) {
    // A copy that is wiped afterwards: an index may keep what it needs, but nothing it was lent.
    const lent = bytes.slice(from, to);
    lines.push(...linesOf(index.push(lent, form)));
    lent.fill(0);
    from = to;
  }
  lines.push(...linesOf(index.flush()));
  return lines;
}
const texts = (bytes: Uint8Array | string, form: LogForm = "entries") => read(Buffer.from(bytes), form).map(({ text }) => text);

describe("entries of a json-file", () => {
  it("are one line each, with time, stream and text", () => {
    expect(read(Buffer.from(entry("día\n") + entry("bad\n", "stderr", "2026-11-28T16:38:55Z")), "entries")).toEqual([
      { at: AT, time: TIME, stream: "stdout", text: "día" },
      { at: Math.floor(AT / 1000) * 1000, time: "2026-11-28T16:38:55Z", stream: "stderr", text: "bad" },
    ]);
  });

  it("without a newline go on in the next entry of the same stream, whatever the other says in between", () => {
    const lines = read(Buffer.from(entry("a1") + entry("b1", "stderr") + entry("b2\n", "stderr") + entry("a2\n", "stdout", "2026-11-28T16:38:56Z") + entry("c\n")), "entries");
    expect(lines.map(({ text, stream, time }) => [text, stream, time])).toEqual([["b1b2", "stderr", TIME], ["a1a2", "stdout", TIME], ["c", "stdout", TIME]]);
  });

  it.each([
    ["a backslash and an n, which is no newline", "path\\n", false],
    ["a backslash and a newline", "path\\\n", true],
    ["two backslashes and an n", "path\\\\n", false],
    ["nothing but a newline", "\n", true],
    ["quotes and what looks like the rest of an entry", `","stream":"stderr","time":"${TIME}"}\n`, true],
    ["the same without a newline", `x","stream":"stderr","time":"${TIME}"}`, false],
  ])("that end with %s are told apart", (_what, log, whole) => {
    for (const attrs of ["", `,"attrs":{"stream":"stdout","a":"\\"b"}`]) {
      const lines = texts(entry(log, "stdout", TIME, attrs) + entry("next\n"));
      expect(lines).toEqual(whole ? [log.slice(0, -1), "next"] : [`${log}next`]);
    }
  });

  it("with attributes keep their stream and time", () => {
    const [line] = read(Buffer.from(entry("x\n", "stderr", TIME, `,"attrs":{"env":"a","stream":"stdout"}`)), "entries");
    expect(line).toEqual({ at: AT, time: TIME, stream: "stderr", text: "x" });
  });

  it("that cannot be read are shown as they are", () => {
    const odd = [`{"log":"cut off`, `\0\0\0{"x":1}`, `{"log":7,"stream":"stdout","time":"${TIME}"}`, `nothing","stream":"stdout","time":"${TIME}"}`, "[".repeat(100_000), `{"__proto__":{"log":"x"}}`];
    expect(texts(`${odd.join("\n")}\n\n${entry("fine\n")}`)).toEqual([...odd, "fine"]);
  });

  it("hold what a program wrote: bytes that are no UTF-8, NUL, half a surrogate pair, CR LF, a byte order mark", () => {
    const bad = Buffer.concat([Buffer.from(`{"log":"a`), Buffer.from([0xff, 0xfe]), Buffer.from(`\\n","stream":"stdout","time":"${TIME}"}\n`)]);
    expect(texts(bad)).toEqual(["a\ufffd\ufffd"]);
    expect(texts(entry("a\0b\n"))).toEqual(["a\0b"]);
    expect(texts(`{"log":"\\ud800\\n","stream":"stdout","time":"${TIME}"}\n`)).toEqual(["\ud800"]);
    expect(texts(entry("crlf\r\n") + entry("\ufeffmark\n"))).toEqual(["crlf", "\ufeffmark"]);
  });

  it("of a line that never ends come in pieces of a bounded size, and nothing of it is lost", () => {
    const part = entry("x".repeat(16_384));
    const index = createLogIndex();
    const lines: LogLine[] = [];
    for (let i = 0; i < 640; i++) lines.push(...linesOf(index.push(Buffer.from(part), "entries")));
    lines.push(...linesOf(index.push(Buffer.from(entry("end\n") + entry("next\n")), "entries")));
    expect(Math.max(...lines.map(({ text }) => text.length))).toBeLessThanOrEqual(LIMITS.logLineBytes + 2);
    expect(lines.at(-1)?.text).toBe("next");
    expect(lines.slice(0, -1).map(({ text }) => text).join("").replaceAll("…", "")).toBe(`${"x".repeat(640 * 16_384)}end`);
    expect(lines.slice(1, -2).every(({ text }) => text.startsWith("…") && text.endsWith("…"))).toBe(true);
    expect(lines.at(-2)?.text.endsWith("…")).toBe(false);
  });

  it("without any newline for 10 MB are held with a bound", () => {
    const index = createLogIndex();
    const megabyte = Buffer.alloc(1 << 20, "y");
    let seen = 0;
    for (let i = 0; i < 10; i++) for (const { text } of linesOf(index.push(megabyte, "entries"))) seen += text.replaceAll("…", "").length;
    const [rest] = linesOf(index.flush());
    expect(rest?.text.length).toBeLessThanOrEqual(LIMITS.logLineBytes + 1);
    expect(seen + (rest?.text.replaceAll("…", "").length ?? 0)).toBe(10 << 20);
  });

  it("tell a line whose end never came when they are asked to", () => {
    const index = createLogIndex();
    expect(index.push(Buffer.from(entry("panic: no newline", "stderr")), "entries").lines).toBe(0);
    expect(linesOf(index.flush())).toEqual([{ at: AT, time: TIME, stream: "stderr", text: "panic: no newline" }]);
    expect(index.flush()).toBeNull();
    expect(linesOf(index.push(Buffer.from(entry("next\n", "stderr")), "entries"))[0]?.text).toBe("next");
  });
});

describe("frames of the log API", () => {
  it("begin with a header and a time stamp", () => {
    expect(read(Buffer.concat([frame(`${TIME} out\n`), frame(`${TIME} err\n`, 2), frame(`${TIME} \n`)]), "multiplexed")).toEqual([
      { at: AT, time: TIME, stream: "stdout", text: "out" },
      { at: AT, time: TIME, stream: "stderr", text: "err" },
      { at: AT, time: TIME, stream: "stdout", text: "" },
    ]);
  });

  it("of one long line are joined, without the time stamps in mid-line", () => {
    const lines = read(Buffer.concat([frame(`${TIME} ${"a".repeat(16_384)}`), frame(`${TIME} e\n`, 2), frame(`2026-11-28T16:38:56.000000001Z ${"b".repeat(16_384)}`), frame("c\n")]), "multiplexed");
    expect(lines.map(({ text }) => text)).toEqual(["e", `${"a".repeat(16_384)}${"b".repeat(16_384)}c`]);
    expect(lines[1]?.time).toBe(TIME);
  });

  it("heal a character that was cut in two", () => {
    const [head, tail] = [Buffer.from("é").subarray(0, 1), Buffer.from("é").subarray(1)];
    expect(texts(Buffer.concat([frame(Buffer.concat([Buffer.from(`${TIME} caf`), head])), frame(Buffer.concat([tail, Buffer.from("\n")]))]), "multiplexed")).toEqual(["café"]);
  });

  it("take whole seconds and an offset, as Podman writes them", () => {
    expect(read(frame("2026-11-28T17:38:55+01:00 x\n"), "multiplexed")[0]).toMatchObject({ at: Math.floor(AT / 1000) * 1000, text: "x" });
  });

  it.each([
    ["claims 4 GB", Buffer.from([1, 0, 0, 0, 255, 255, 255, 255])],
    ["is of no known kind", Buffer.from([9, 0, 0, 0, 0, 0, 0, 1])],
    ["is not zero where it must be", Buffer.from([1, 7, 0, 0, 0, 0, 0, 1])],
  ])("after a header that %s are shown as they are, and the next batch is read again", (_what, head) => {
    const index = createLogIndex();
    const lines = linesOf(index.push(Buffer.concat([frame(`${TIME} before\n`), head, Buffer.from("noise\nmore")]), "multiplexed"), index.push(frame(`${TIME} after\n`), "multiplexed"));
    expect(lines.map(({ text }) => text)).toEqual(["before", `${head.toString("utf8")}noise`, "more", "after"]);
  });
});

describe("lines of a TTY", () => {
  it("begin with a time stamp and end with CR LF", () => {
    expect(read(Buffer.from(`${TIME} one\r\n${TIME} \r\nno stamp\n`), "stamped")).toEqual([
      { at: AT, time: TIME, stream: "stdout", text: "one" },
      { at: AT, time: TIME, stream: "stdout", text: "" },
      { at: null, time: "", stream: "stdout", text: "no stamp" },
    ]);
  });

  it("that are long lose the time stamps in mid-line, and only those", () => {
    const inner = "2026-11-28T16:38:55.123456999Z ";
    const said = `${"a".repeat(100)}${inner}${"é".repeat((16_384 - 131) / 2 | 0)}a`;
    expect(Buffer.byteLength(said)).toBe(16_384);
    expect(texts(`${TIME} ${said}${inner}${said}${inner}${inner}end\r\n`, "stamped")).toEqual([`${said}${said}${inner}end`]);
  });
});

describe("any text", () => {
  const program = fc.string({ unit: fc.oneof(fc.constantFrom("\\", "n", "\"", "\0", "é", "😀", "\ud800", "{", ":", "…", "\r", "x"), fc.string({ unit: "binary", minLength: 1, maxLength: 1 })), maxLength: 40 });
  const said = fc.array(fc.record({ text: program.map((t) => t.replaceAll("\n", "")), ends: fc.boolean(), stream: fc.constantFrom("stdout", "stderr"), attrs: fc.boolean() }), { minLength: 1, maxLength: 12 });
  const cuts = fc.array(fc.nat(3_000), { maxLength: 12 });
  type Said = { text: string; ends: boolean; stream: string; attrs: boolean }[];

  /** What must come out, told without any of the code under test. */
  function expected(parts: Said): string[] {
    const lines: string[] = [];
    const open: Record<string, string | undefined> = {};
    for (const { text, ends, stream } of parts) {
      open[stream] = (open[stream] ?? "") + text;
      if (!ends) continue;
      lines.push(`${stream} ${open[stream]}`);
      delete open[stream];
    }
    for (const stream of ["stdout", "stderr"]) if (open[stream] !== undefined) lines.push(`${stream} ${open[stream]}`);
    return lines.map((line) => line.replace(/\r$/, ""));
  }

  it("comes out of entries as it went in, wherever the batches are cut", () => {
    fc.assert(
      fc.property(said, cuts, (parts, at) => {
        const bytes = Buffer.from(parts.map(({ text, ends, stream, attrs }) => entry(text + (ends ? "\n" : ""), stream, TIME, attrs ? `,"attrs":{"k":"v"}` : "")).join(""));
        const lines = read(bytes, "entries", at.map((c) => c % (bytes.length + 1))).map(({ stream, text }) => `${stream} ${text}`);
        expect(lines).toEqual(expected(parts));
      }),
      { numRuns: 300 },
    );
  });

  it("comes out of frames as it went in, wherever the batches are cut", () => {
    fc.assert(
      fc.property(said, cuts, (parts, at) => {
        // What is no UTF-16 cannot go into a frame, which is bytes; an empty part is sent by nobody.
        const sent = parts.map((part) => ({ ...part, text: Buffer.from(`.${part.text}`).toString() }));
        const bytes = Buffer.concat(sent.map(({ text, ends, stream }) => frame(`${TIME} ${text}${ends ? "\n" : ""}`, stream === "stderr" ? 2 : 1)));
        const lines = read(bytes, "multiplexed", at.map((c) => c % (bytes.length + 1))).map(({ stream, text }) => `${stream} ${text}`);
        expect(lines).toEqual(expected(sent));
      }),
      { numRuns: 300 },
    );
  });

  it("never throws, whatever the bytes, the form and the cuts", () => {
    const noise = fc.array(fc.oneof(fc.uint8Array({ maxLength: 30 }), fc.constantFrom(`{"log":"`, `","stream":"std`, `"}\n`, `\\n`, TIME, "\n", entry("x\n")).map((t) => Buffer.from(t)), fc.constant(Buffer.from([1, 0, 0, 0, 0, 0, 0, 3]))), { maxLength: 20 });
    fc.assert(
      fc.property(noise, fc.constantFrom<LogForm>("entries", "multiplexed", "stamped"), cuts, (pieces, form, at) => {
        const bytes = Buffer.concat(pieces);
        const index = createLogIndex();
        for (const chunk of [index.push(bytes, form), index.flush()]) for (let i = 0; chunk && i < chunk.lines; i++) chunk.at(i);
        for (const line of read(bytes, form, at.map((c) => c % (bytes.length + 1)))) expect(typeof line.text).toBe("string");
      }),
      { numRuns: 500 },
    );
  });

  it("survives being written as an entry", () => {
    const lines: LogLine[] = ["", "a\\n", "\ud800", "\0", `","stream":"x`].map((text) => ({ text, stream: "stderr", time: TIME, at: AT }));
    expect(parseEntries(lines.map(writeEntry).join(""))).toEqual(lines);
  });
});

it("the time of a line is the same, parsed or only looked at", () => {
  for (const [form, bytes] of [["entries", Buffer.from(entry("x\n") + entry("y\n", "stdout", "2026-11-28T16:38:55Z") + "odd\n")], ["stamped", Buffer.from(`${TIME} x\nodd\n`)], ["multiplexed", frame(`${TIME} x\n`)]] as const) {
    const chunk = createLogIndex().push(bytes, form);
    for (let i = 0; i < chunk.lines; i++) expect(chunk.at(i)).toBe(chunk.line(i).at);
    expect(() => chunk.line(chunk.lines)).toThrow(RangeError);
  }
});

it("a time stamp is read as the calendar has it", () => {
  const read = (text: string) => stampAt(Buffer.from(text), 0, text.length);
  fc.assert(fc.property(fc.date({ min: new Date(0), max: new Date(253_402_300_799_999), noInvalidDate: true }), (date) => read(date.toISOString()) === date.getTime()));
  expect(read("2026-03-01T00:30:00.5-01:30")).toBe(Date.parse("2026-03-01T02:00:00.500Z"));
  for (const odd of ["", "2026-11-28", "2026-11-28T16:38:55", "2O26-11-28T16:38:55Z", "2026-11-28T16:38:55.1x", "1969-12-31T23:59:59Z"]) expect(read(odd)).toBeNull();
});
