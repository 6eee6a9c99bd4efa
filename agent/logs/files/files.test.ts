import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { LIMITS } from "@/protocol/limits";
import { createLogIndex, parseEntries } from "@/protocol/log-text";
import type { LogStart } from "@/protocol/logs";
import { systemClock } from "../../clock";
import type { LogPiece, LogReader } from "../log-reader";
import { createFileLogs, filesReach, type FileLogs } from "./files";
import { createTestEngine, type EngineOptions, ID, type TestEngine } from "./testing-engine";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
});
function engineWith(options: Partial<EngineOptions> = {}): { engine: TestEngine; logs: FileLogs } {
  const engine = createTestEngine({ maxSize: 2_000, maxFile: 3, ...options });
  ends.push(engine.end);
  const logs = createFileLogs({ inspect: () => Promise.resolve(engine.document()), dataRoot: () => Promise.resolve(engine.root), hostRoot: "", clock: systemClock });
  return { engine, logs };
}
async function open(logs: FileLogs, start: LogStart = { at: "oldest" }, follow = true): Promise<LogReader> {
  const abort = new AbortController();
  const reader = await logs.open(ID, start, { follow, signal: abort.signal });
  if ("why" in reader) throw new Error(reader.why);
  ends.push(() => {
    abort.abort(new Error("the test is over"));
    reader.close();
  });
  return reader;
}
const numbersIn = (piece: LogPiece) => (piece.what === "text" ? parseEntries(Buffer.from(piece.text).toString()).map(({ text }) => Number(text.slice(0, 8))) : []);

/** What a reader said, as numbers and the places of its gaps. */
async function collect(reader: LogReader, until: (piece: LogPiece, last: number) => boolean): Promise<{ said: (number | "gap")[]; cursor: string | null; pieces: LogPiece[] }> {
  const said: (number | "gap")[] = [];
  const pieces: LogPiece[] = [];
  let cursor: string | null = null;
  for (;;) {
    const piece = await reader.read();
    pieces.push(piece);
    if (piece.what === "gap") said.push("gap");
    said.push(...numbersIn(piece));
    if (piece.what === "text" || piece.what === "gap") cursor = piece.to ?? cursor;
    const last = said.at(-1);
    if (until(piece, typeof last === "number" ? last : -1) || piece.what === "end") return { said, cursor, pieces };
  }
}
const upTo = (number: number) => (_: LogPiece, last: number) => last >= number;
const toLive = (piece: LogPiece) => piece.what === "live";
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe.each(["json-file", "local"] as const)("a reader of the %s driver", (driver) => {
  it("tells what is there, then what comes, over rotations", async () => {
    const { engine, logs } = engineWith({ driver });
    engine.lines(20);
    const reader = await open(logs);
    expect(reader.source).toMatchObject({ from: "files", driver, mayMiss: false, why: null });
    const before = await collect(reader, toLive);
    expect(before.said).toEqual(range(0, 20));
    for (let turn = 1; turn <= 8; turn++) {
      engine.lines(15);
      expect((await collect(reader, upTo(20 + turn * 15 - 1))).said).toEqual(range(5 + turn * 15, 20 + turn * 15));
    }
    expect(engine.rotations()).toBeGreaterThan(3);
  });

  it("reads compressed files first, oldest first", async () => {
    const { engine, logs } = engineWith({ driver, compress: true, maxFile: 4 });
    engine.lines(500);
    expect(readdirSync(engine.directory).filter((name) => name.endsWith(".gz"))).toHaveLength(3);
    const { said } = await collect(await open(logs), toLive);
    expect(said).toEqual(range(said[0] as number, 500));
    expect(said.length).toBeGreaterThan(60);
  });

  it("goes on from a cursor without loss or repeat, also when its file was rotated and compressed meanwhile", async () => {
    for (const compress of [false, true]) {
      const { engine, logs } = engineWith({ driver, compress, maxFile: 5 });
      engine.lines(10);
      const first = await open(logs);
      const { cursor } = await collect(first, upTo(9));
      first.close();
      engine.lines(60);
      expect(engine.rotations()).toBeGreaterThan(0);
      const { said } = await collect(await open(logs, { at: "cursor", cursor: cursor ?? "" }), toLive);
      expect(said).toEqual(range(10, 70));
    }
  });

  it("says a gap where its place was rotated away, and goes on with the oldest that is there", async () => {
    const { engine, logs } = engineWith({ driver });
    engine.lines(5);
    const first = await open(logs);
    const { cursor } = await collect(first, upTo(4));
    first.close();
    engine.lines(400);
    const { said, pieces } = await collect(await open(logs, { at: "cursor", cursor: cursor ?? "" }), toLive);
    expect(said[0]).toBe("gap");
    expect(said[1]).toBeGreaterThan(5);
    expect(said.slice(1)).toEqual(range(said[1] as number, 405));
    expect(pieces[0]).toMatchObject({ what: "gap", why: expect.stringMatching(/rotated/) });
  });

  it("begins so many lines before the end, or at a time", async () => {
    const { engine, logs } = engineWith({ driver, compress: true, maxFile: 4 });
    engine.lines(50);
    const time = engine.now();
    engine.lines(30);
    expect((await collect(await open(logs, { at: "tail", lines: 45 }), toLive)).said).toEqual(range(35, 80));
    expect((await collect(await open(logs, { at: "tail", lines: 0 }), toLive)).said).toEqual([]);
    expect((await collect(await open(logs, { at: "time", since: time }), toLive)).said[0]).toBeLessThanOrEqual(49);
    expect((await collect(await open(logs, { at: "time", since: time }), toLive)).said).toContain(50);
    expect((await collect(await open(logs, { at: "time", since: engine.now() + 60_000 }), toLive)).said).toEqual([]);
    expect((await collect(await open(logs, { at: "time", since: 5 }), toLive)).said).toEqual((await collect(await open(logs), toLive)).said);
  });

  it("ends where it does not follow, and when the container is removed", async () => {
    const { engine, logs } = engineWith({ driver });
    engine.lines(3);
    const still = await collect(await open(logs, { at: "oldest" }, false), () => false);
    expect(still.pieces.at(-1)).toMatchObject({ what: "end", gone: false });
    const reader = await open(logs);
    await collect(reader, toLive);
    engine.lines(2);
    engine.remove();
    const { said, pieces } = await collect(reader, () => false);
    expect(said).toEqual([3, 4]);
    expect(pieces.at(-1)).toMatchObject({ what: "end", gone: true });
  });

  it("pages backwards to the very first line, over rotated and compressed files, without loss or repeat", async () => {
    const { engine, logs } = engineWith({ driver, compress: true, maxFile: 6, maxSize: 4_000 });
    engine.lines(230);
    const pages: number[][] = [];
    let before: string | null = null;
    for (;;) {
      const page = await logs.page(ID, before, 37, new AbortController().signal);
      if ("why" in page) throw new Error(page.why);
      pages.unshift(parseEntries(page.text).map(({ text }) => Number(text.slice(0, 8))));
      expect(page.gap).toBeNull();
      before = page.from;
      if (page.first) break;
    }
    expect(pages.flat()).toEqual(range(pages.flat()[0] ?? -1, 230));
    expect(pages.slice(1).every((page) => page.length === 37)).toBe(true);
    expect(pages.flat()).toEqual((await collect(await open(logs), toLive)).said);
  });

  it("pages back from a time, and says so when the place is gone", async () => {
    const { engine, logs } = engineWith({ driver });
    engine.lines(10);
    const until = engine.now();
    engine.lines(20);
    const page = await logs.page(ID, { until }, 5, new AbortController().signal);
    expect("text" in page && parseEntries(page.text).map(({ text }) => Number(text.slice(0, 8)))).toEqual(range(5, 10));
    const { cursor } = await collect(await open(logs), toLive);
    engine.lines(500);
    expect(await logs.page(ID, cursor, 5, new AbortController().signal)).toMatchObject({ text: "", first: false, gap: { why: expect.stringMatching(/rotated/) } });
  });

  it("scans everything in a span, and knows how much that is", async () => {
    const { engine, logs } = engineWith({ driver, compress: true, maxFile: 12 });
    engine.lines(30);
    const since = engine.now();
    engine.lines(60);
    const until = engine.now();
    engine.lines(30);
    const numbers = async (span: { since: number | null; until: number | null }) => {
      const scan = await logs.scan(ID, span, new AbortController().signal);
      if ("why" in scan) throw new Error(scan.why);
      const found: number[] = [];
      let bytes = 0;
      for await (const { text } of scan.pieces) {
        bytes += text.length;
        found.push(...parseEntries(Buffer.from(text).toString()).map(({ text: line }) => Number(line.slice(0, 8))));
      }
      if (driver === "json-file") expect(bytes).toBe(scan.bytes);
      return found;
    };
    const all = await numbers({ since: null, until: null });
    expect(all).toEqual(range(all[0] ?? -1, 120));
    expect(await numbers({ since: since + 0.5, until })).toEqual(range(30, 90));
  });
});

describe("a file that is cut or replaced under its reader", () => {
  it.each(["rename", "unlink"] as const)("loses nothing with a single file that is followed (%s)", async (single) => {
    const { engine, logs } = engineWith({ maxFile: 1, single });
    const reader = await open(logs);
    await collect(reader, toLive);
    let told = 0;
    for (let turn = 0; turn < 10; turn++) {
      engine.lines(12);
      const { said } = await collect(reader, upTo(engine.written() - 1));
      expect(said).toEqual(range(told, engine.written()));
      told = engine.written();
    }
    expect(engine.rotations()).toBeGreaterThan(4);
  });

  it.each(["rename", "unlink"] as const)("says a gap when a single file was replaced more often than it was read (%s)", async (single) => {
    const { engine, logs } = engineWith({ maxFile: 1, single });
    const reader = await open(logs);
    engine.lines(5);
    await collect(reader, upTo(4));
    engine.lines(200);
    const { said } = await collect(reader, upTo(204));
    const gap = said.indexOf("gap");
    expect(gap).toBeGreaterThan(0);
    expect(said.filter((one) => one === "gap")).toHaveLength(1);
    expect(said.slice(0, gap)).toEqual(range(5, 5 + gap));
    expect(said.slice(gap + 1)).toEqual(range(said[gap + 1] as number, 205));
  });

  it.each([
    ["shorter than what was read", 1],
    ["longer again by the time it is looked at", 30],
  ])("says a gap and begins anew when the file was cut and is %s", async (_what, more) => {
    const { engine, logs } = engineWith({ maxSize: 1e9 });
    const reader = await open(logs);
    engine.lines(10);
    const { cursor } = await collect(reader, upTo(9));
    engine.cut();
    engine.lines(more);
    expect((await collect(reader, upTo(9 + more))).said).toEqual(["gap", ...range(10, 10 + more)]);
    const { said } = await collect(await open(logs, { at: "cursor", cursor: cursor ?? "" }), toLive);
    expect(said).toEqual(["gap", ...range(10, 10 + more)]);
  });

  it("passes over the hole that a writer leaves in a file that was cut", async () => {
    const { engine, logs } = engineWith({ maxSize: 1e9 });
    engine.cut(3_000_000);
    engine.lines(3);
    expect((await collect(await open(logs), toLive)).said).toEqual([0, 1, 2]);
    expect((await collect(await open(logs, { at: "tail", lines: 2 }), toLive)).said).toEqual([1, 2]);
  });

  it("tells no line before it is whole", async () => {
    const { engine, logs } = engineWith();
    const reader = await open(logs);
    engine.lines(1);
    engine.raw(`{"log":"00000001 half`);
    expect((await collect(reader, toLive)).said).toEqual([0]);
    engine.raw(` and half\\n","stream":"stdout","time":"2026-11-28T16:38:55Z"}\n`);
    expect((await collect(reader, upTo(1))).said).toEqual([1]);
  });

  it("tells what a crash left half written, as it is, when the file is done", async () => {
    const { engine, logs } = engineWith();
    engine.lines(1);
    engine.raw(`{"log":"half`);
    engine.rotate();
    engine.lines(1);
    const { pieces } = await collect(await open(logs), toLive);
    const index = createLogIndex();
    const texts = pieces.flatMap((piece) => {
      const chunk = piece.what === "text" ? index.push(piece.text, piece.form) : null;
      return Array.from({ length: chunk?.lines ?? 0 }, (_, i) => chunk?.line(i).text.slice(0, 12));
    });
    expect(texts).toEqual(["00000000 xxx", `{"log":"half`, "00000001 xxx"]);
  });

  it("says what is damaged in a compressed file, and goes on behind it", async () => {
    const { engine, logs } = engineWith({ compress: true, maxFile: 4, maxSize: 20_000 });
    engine.lines(500, 400);
    truncateSync(`${engine.path}.2.gz`, 300);
    const { said } = await collect(await open(logs), toLive);
    expect(said.filter((one) => one === "gap")).toHaveLength(1);
    expect(said.slice(-10)).toEqual(range(490, 500));
    const page = await logs.page(ID, null, 2_000, new AbortController().signal);
    expect("text" in page && parseEntries(page.text).at(-1)?.text.slice(0, 8)).toBe("00000499");
  });

  it("says what is damaged between the records of the local driver, with its size", async () => {
    const { engine, logs } = engineWith({ driver: "local", maxSize: 1e9 });
    engine.lines(2);
    engine.raw(Buffer.from([0, 0, 0, 9, 1, 2, 3]));
    engine.lines(2);
    const { said, pieces } = await collect(await open(logs), toLive);
    expect(said).toEqual([0, 1, "gap", 2, 3]);
    expect(pieces.find(({ what }) => what === "gap")).toMatchObject({ bytes: 7 });
  });
});

describe("lines in parts", () => {
  const half = "a".repeat(16_384);
  it("are not cut by a page, nor by where a reader begins, also over a rotation and between two streams", async () => {
    const { engine, logs } = engineWith({ maxSize: 100_000, maxFile: 3 });
    for (let i = 0; i < 12; i++) {
      engine.say(half);
      engine.say(`err ${i}\n`, "stderr");
      engine.say(`${half} ${i}\n`);
    }
    expect(engine.rotations()).toBeGreaterThan(2);
    for (let lines = 1; lines <= 9; lines++) {
      const page = await logs.page(ID, null, lines, new AbortController().signal);
      const read = "text" in page ? parseEntries(page.text) : [];
      expect(read.length).toBeLessThanOrEqual(lines + 1); // two that are woven into each other
      expect(read.length).toBeGreaterThan(lines / 2);
      for (const { text, stream } of read) expect(text).toMatch(stream === "stderr" ? /^err \d+$/ : /^a{32768} \d+$/);
    }
    const { pieces } = await collect(await open(logs, { at: "tail", lines: 4 }), toLive);
    const text = pieces.map((piece) => (piece.what === "text" ? Buffer.from(piece.text).toString() : "")).join("");
    expect(parseEntries(text).every((line) => /^(err \d+|a{32768} \d+)$/.test(line.text))).toBe(true);
  });

  it("of the local driver are joined as the engine marked them, whatever bytes they hold", async () => {
    const { engine, logs } = engineWith({ driver: "local", maxSize: 1e9 });
    engine.say("one ");
    engine.say("line \0\\\"\n");
    const { pieces } = await collect(await open(logs), toLive);
    const text = pieces.map((piece) => (piece.what === "text" ? Buffer.from(piece.text).toString() : "")).join("");
    expect(parseEntries(text).map((line) => line.text)).toEqual([`one line \0\\"`]);
  });

  it("that never end come in batches of a bounded size", async () => {
    const { engine, logs } = engineWith({ maxSize: 1e9 });
    engine.raw("z".repeat(3 << 20));
    const reader = await open(logs);
    const { pieces } = await collect(reader, toLive);
    const texts = pieces.flatMap((piece) => (piece.what === "text" ? [piece.text.length] : []));
    expect(Math.max(...texts)).toBeLessThanOrEqual(LIMITS.logBatchBytes);
    expect(texts.reduce((sum, length) => sum + length, 0)).toBe(3 << 20);
    const page = await logs.page(ID, null, 10, new AbortController().signal);
    expect("text" in page && page.text.length).toBeLessThanOrEqual(LIMITS.logPageBytes);
  });
});

describe("what is not a log file beneath the engine's directory", () => {
  const refusal = async (logs: FileLogs) => {
    const opened = await logs.open(ID, { at: "oldest" }, { follow: false, signal: new AbortController().signal });
    return "why" in opened ? opened.why : (ends.push(() => opened.close()), "opened");
  };
  it.each([
    ["a link", /link/, (path: string) => symlinkSync("/etc/passwd", path)],
    ["a link that leads nowhere", /link/, (path: string) => symlinkSync("/nowhere", path)],
    ["a directory", /directory/, (path: string) => mkdirSync(path)],
    ["a FIFO", /pipe/, (path: string) => execFileSync("mkfifo", [path])],
  ])("is refused: %s", async (_what, why, make) => {
    for (const suffix of ["", ".1"]) {
      const { engine, logs } = engineWith();
      rmSync(engine.path + suffix, { force: true });
      make(engine.path + suffix);
      expect(await refusal(logs)).toMatch(why);
      expect(await logs.page(ID, null, 5, new AbortController().signal)).toMatchObject({ why: expect.stringMatching(why) });
      expect(await logs.scan(ID, { since: null, until: null }, new AbortController().signal)).toMatchObject({ why: expect.stringMatching(why) });
    }
  });

  it("is refused also where the container's directory is a link, or a file on the way", async () => {
    const { engine, logs } = engineWith();
    renameSync(engine.directory, `${engine.root}/elsewhere`);
    symlinkSync(`${engine.root}/elsewhere`, engine.directory);
    expect(await refusal(logs)).toMatch(/link/);
  });

  it("is refused when it takes the place of a file that is followed", async () => {
    const { engine, logs } = engineWith();
    const reader = await open(logs);
    engine.lines(2);
    await collect(reader, upTo(1));
    renameSync(engine.path, `${engine.path}.1`);
    symlinkSync("/etc/passwd", engine.path);
    const { pieces } = await collect(reader, () => false);
    expect(pieces.at(-1)).toMatchObject({ what: "end", gone: false, why: expect.stringMatching(/link/) });
  });

  it.each([
    ["another driver", { HostConfig: { LogConfig: { Type: "journald" } } }, /journald/],
    ["no driver", { HostConfig: { LogConfig: { Type: "none" } } }, /no log files/],
    ["a path outside", { LogPath: "/etc/passwd" }, /place of its own/],
    ["a path that goes up", { LogPath: `/x/containers/../containers/${ID}/${ID}-json.log` }, /place of its own/],
    ["an id that is none", { Id: "../../etc" }, /which container/],
  ])("is not even looked at: %s", async (_what, change, why) => {
    const { engine } = engineWith();
    const logs = createFileLogs({ inspect: () => Promise.resolve({ ...engine.document(), ...change }), dataRoot: () => Promise.resolve(engine.root), hostRoot: "", clock: systemClock });
    expect(await refusal(logs)).toMatch(why);
  });
});

describe("whether files can be read at all", () => {
  it("is told with what would change it", () => {
    const { engine } = engineWith();
    expect(filesReach({ dataRoot: engine.root, hostRoot: "" })).toEqual({ direct: true, why: null });
    expect(filesReach({ dataRoot: "/no/such", hostRoot: "" }).why).toContain("-v /no/such:/host/no/such:ro and --host-root /host");
    expect(filesReach({ dataRoot: "/no/such", hostRoot: "/host" }).why).toContain("-v /no/such:/host/no/such:ro");
    expect(filesReach({ dataRoot: null, hostRoot: "" }).direct).toBe(false);
    writeFileSync(join(engine.root, "file"), "");
    expect(filesReach({ dataRoot: `${engine.root}/file`, hostRoot: "" }).direct).toBe(false);
  });

  it("takes the host's files from where the agent sees them", async () => {
    const { engine } = engineWith();
    engine.lines(3);
    const inside = engine.document();
    const logs = createFileLogs({ inspect: () => Promise.resolve({ ...inside, LogPath: inside.LogPath.slice(4) }), dataRoot: () => Promise.resolve(engine.root.slice(4)), hostRoot: engine.root.slice(0, 4), clock: systemClock });
    expect((await collect(await open(logs), toLive)).said).toEqual([0, 1, 2]);
  });
});

describe("any history of writing, rotating, reading and beginning again", () => {
  const history = fc.array(fc.oneof(
    fc.record({ write: fc.integer({ min: 1, max: 120 }) }),
    fc.constant("read" as const),
    fc.constant("begin again" as const),
  ), { minLength: 3, maxLength: 14 });
  const options = fc.record({ maxFile: fc.integer({ min: 1, max: 4 }), compress: fc.boolean(), single: fc.constantFrom("rename" as const, "unlink" as const), driver: fc.constantFrom("json-file" as const, "local" as const) });

  it("gives every line once and in order, or says a gap where lines are missing, and only there", async () => {
    await fc.assert(
      fc.asyncProperty(options, history, async (how, steps) => {
        const { engine, logs } = engineWith({ ...how, maxSize: 1_500 });
        // As many files as are kept at once; that many rotations can nobody survive unread.
        const kept = how.maxFile > 1 ? how.maxFile : how.single === "rename" ? 2 : 1;
        let reader = await open(logs);
        let cursor: string | null = null;
        let told = 0;
        let rotationsAtRead = 0;
        const read = async () => {
          if (told === engine.written()) return;
          const { said, cursor: reached } = await collect(reader, upTo(engine.written() - 1));
          cursor = reached ?? cursor;
          let gap = false;
          for (const one of said) {
            if (one === "gap") gap = true;
            else {
              if (gap ? one < told : one !== told) throw new Error(`line ${one} came where ${told} was due`);
              told = one + 1;
              gap = false;
            }
          }
          if (said.includes("gap") && engine.rotations() - rotationsAtRead < kept) throw new Error("a gap where nothing is missing");
          rotationsAtRead = engine.rotations();
        };
        for (const step of steps) {
          if (step === "read") await read();
          else if (step === "begin again") {
            reader.close();
            reader = await open(logs, cursor === null ? { at: "oldest" } : { at: "cursor", cursor });
            if (cursor === null && told === 0 && engine.rotations() >= kept) told = -1; // it began behind what was gone already
            if (told === -1) {
              const { said, cursor: reached } = await collect(reader, upTo(engine.written() - 1));
              told = engine.written();
              cursor = reached;
              rotationsAtRead = engine.rotations();
              expect(said).toEqual(range(said[0] as number, told));
            }
          } else engine.lines(step.write);
        }
        engine.lines(1);
        await read();
        expect(told).toBe(engine.written());
        reader.close();
        engine.end();
      }),
      { numRuns: 25 },
    );
  }, 120_000);
});

it("leaves no descriptor behind", async () => {
  const count = () => readdirSync("/proc/self/fd").filter((fd) => existsSync(`/proc/self/fd/${fd}`)).length;
  const { engine, logs } = engineWith({ compress: true, maxFile: 6 });
  engine.lines(300);
  const before = count();
  for (let i = 0; i < 5; i++) {
    const reader = await open(logs, { at: "oldest" });
    await collect(reader, i % 2 ? toLive : () => true);
    reader.close();
    await logs.page(ID, null, 50, new AbortController().signal);
    const scan = await logs.scan(ID, { since: null, until: null }, new AbortController().signal);
    if ("pieces" in scan) for await (const piece of scan.pieces) if (piece.text.length > 0) break;
  }
  await expect.poll(count, { timeout: 5_000 }).toBeLessThanOrEqual(before);
  expect(readFileSync(engine.path).length).toBeGreaterThan(0);
});
