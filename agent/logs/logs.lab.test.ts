/** Logs of a real engine: over its API through what it does to a reader, and each by the best way there is. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createLogIndex, parseEntries } from "@/protocol/log-text";
import type { LogSearchFrame, LogStart } from "@/protocol/logs";
import { systemClock } from "@/agent/clock";
import { silentLog } from "@/agent/log";
import { makeWitness } from "@/agent/testing";
import { createReflector, type Reflector } from "@/agent/reflector";
import { createDockerRuntime } from "@/agent/runtime/docker/docker";
import type { Runtime } from "@/agent/runtime/runtime";
import { eventually } from "@/tests/lab/eventually";
import { type Lab, LAB_IMAGE, type LabHost, startLab } from "@/tests/lab/lab";
import { createApiLogs } from "./api/api-logs";
import type { LogAccess, LogPiece, LogReader } from "./log-reader";
import { createLogs, type Logs } from "./logs";
import { searchLogs } from "./search/search";

let lab: Lab;
let host: LabHost;
let runtime: Runtime;
let reflector: Reflector;
let api: LogAccess;
let logs: Logs;
const aborts: AbortController[] = [];

beforeAll(async () => {
  lab = await startLab({ hosts: 1 });
  host = lab.host(1);
  runtime = createDockerRuntime({ candidates: () => [{ from: "--docker", address: { kind: "unix", path: host.socket } }], clock: systemClock });
  reflector = createReflector({ runtime, clock: systemClock, log: silentLog, stepAt: () => null, ...makeWitness().options });
  api = createApiLogs({ runtime, clock: systemClock });
  logs = createLogs({ runtime, reflector, clock: systemClock, hostRoot: "" });
  reflector.start();
  await eventually("the engine is followed", () => reflector.status().state === "up");
});
afterAll(async () => {
  logs?.stop();
  reflector?.stop();
  await lab?.down();
});
afterEach(async () => {
  aborts.splice(0).forEach((abort) => abort.abort());
  const ids = (await host.docker(["ps", "-aq"])).split("\n").filter(Boolean);
  if (ids.length > 0) await host.docker(["rm", "-f", ...ids]);
});

const run = (args: string[], command: string[]) => host.docker(["run", "-d", ...args, LAB_IMAGE, ...command]);

interface Following {
  texts: string[];
  kinds: string[];
  pieces: LogPiece[];
  reader: LogReader;
  over: Promise<void>;
}
/** Follows, and keeps the texts of lines. */
async function follow(id: string, start: LogStart = { at: "oldest" }, by: Pick<LogAccess, "open"> = api, isFollowed = true): Promise<Following> {
  const abort = new AbortController();
  aborts.push(abort);
  const reader = await by.open(id, start, { follow: isFollowed, signal: abort.signal });
  if (!("read" in reader)) throw new Error(reader.why);
  const index = createLogIndex();
  const following: Following = { texts: [], kinds: [], pieces: [], reader, over: Promise.resolve() };
  following.over = (async () => {
    try {
      for (;;) {
        const piece = await reader.read();
        following.pieces.push(piece);
        if (piece.what === "text") {
          const chunk = index.push(piece.text, piece.form);
          for (let i = 0; i < chunk.lines; i++) following.texts.push(chunk.line(i).text);
        } else following.kinds.push(piece.what);
        if (piece.what === "end") return;
      }
    } catch (error) {
      if (!abort.signal.aborted) throw error;
    } finally {
      reader.close();
    }
  })();
  return following;
}
/** The numbers with which spew's lines begin. */
const numbers = (texts: readonly string[]) => texts.map((text) => Number.parseInt(text, 10)).filter((number) => !Number.isNaN(number));
const isAll = (found: readonly number[], count: number) => found.length === count && found.every((number, i) => number === i);

describe("over the API", () => {
  it("a log is told whole, then live, and says by which driver and that it may miss lines on this engine", async () => {
    const id = await run([], ["spew", "50000", "200"]);
    const log = await follow(id);
    await eventually("all of it", () => numbers(log.texts).length === 50_000);
    expect(isAll(numbers(log.texts), 50_000)).toBe(true);
    expect(log.reader.source).toEqual({ from: "api", driver: "json-file", tty: false, mayMiss: true, why: null });
    await eventually("it is live", () => log.kinds.includes("live"));
    expect(log.kinds).toEqual(["live"]);
  });

  it("no line comes twice through rotations, several a second as well", async () => {
    const id = await run(["--log-opt", "max-size=300k", "--log-opt", "max-file=3"], ["spew", "30000", "200", "3000"]);
    const log = await follow(id);
    await eventually("its last line", () => numbers(log.texts).at(-1) === 29_999, 60_000);
    const found = numbers(log.texts);
    // The engine may have lost some, which nobody can tell; what came, came once and in order.
    expect(found.every((number, i) => i === 0 || number > found[i - 1]!)).toBe(true);
    expect(found.length).toBeGreaterThan(5_000);
    expect(log.kinds.filter((kind) => kind !== "live")).toEqual([]);
  });

  it("any place can be gone on from, without loss or repeat", async () => {
    const id = await run([], ["spew", "3000", "200", "3000"]);
    const log = await follow(id);
    await eventually("all of it", () => numbers(log.texts).length === 3_000);
    const batches = log.pieces.filter((piece) => piece.what === "text");
    for (const piece of [batches[0]!, batches[Math.floor(batches.length / 2)]!, batches.at(-1)!]) {
      const before = createLogIndex();
      const told = batches.slice(0, batches.indexOf(piece) + 1).flatMap(({ text, form }) => {
        const chunk = before.push(text, form);
        return Array.from({ length: chunk.lines }, (_, i) => chunk.line(i).text);
      });
      const rest = await follow(id, { at: "cursor", cursor: piece.to });
      await eventually("it is live", () => rest.kinds.includes("live"));
      expect([...numbers(told), ...numbers(rest.texts)]).toEqual(numbers(log.texts));
      expect(rest.kinds).toEqual(["live"]);
    }
  });

  it("it goes on after the engine was killed and came back, and after the container's restart", async () => {
    const id = await run([], ["sh", "-c", "spew 500 100; sleep 600"]);
    const log = await follow(id);
    await eventually("all of the first run", () => numbers(log.texts).length === 500);
    await host.kill("KILL");
    await host.start();
    await host.docker(["start", id]);
    await eventually("all of the second run", () => numbers(log.texts).length === 1_000, 60_000);
    expect(numbers(log.texts)).toEqual([...Array(500).keys(), ...Array(500).keys()]);
    expect(log.kinds.filter((kind) => kind !== "live")).toEqual([]);
    await host.docker(["rm", "-f", id]);
    await log.over;
    expect(log.pieces.at(-1)).toMatchObject({ what: "end", gone: true });
  });

  it("a TTY, a line of 40,000 bytes and the local driver are read to their end", async () => {
    const tty = await follow(await run(["-t"], ["sh", "-c", "for i in 1 2 3; do echo line $i; done; sleep 600"]));
    await eventually("the lines of a TTY", () => tty.texts.length === 3);
    expect(tty.texts).toEqual(["line 1", "line 2", "line 3"]);
    const long = await follow(await run([], ["sh", "-c", "head -c 40000 /dev/zero | tr '\\0' x; echo; echo end; sleep 600"]));
    await eventually("the long line", () => long.texts.includes("end"));
    expect(long.texts).toEqual(["x".repeat(40_000), "end"]);
    const id = await run(["--log-driver", "local"], ["spew", "20000", "200"]);
    const local = await follow(id);
    await eventually("all of the local driver's", () => numbers(local.texts).length >= 20_000, 60_000);
    expect(isAll(numbers(local.texts), 20_000)).toBe(true);
  });

  it("what the engine does not keep is refused with its own words", async () => {
    const id = await run(["--log-driver", "none"], ["sleep", "600"]);
    const refused = await api.open(id, { at: "oldest" }, { follow: true, signal: new AbortController().signal });
    expect("why" in refused && refused.why).toMatch(/reading/);
    await expect(logs.open(id, { at: "oldest" }, { follow: true, signal: new AbortController().signal })).rejects.toMatchObject({ code: "unsupported" });
  });

  it("pages lead back to the first line without a hole", async () => {
    const id = await run([], ["spew", "2500", "100"]);
    await host.docker(["wait", id]);
    const found: number[] = [];
    for (let before = null as string | null; ; ) {
      const page = await api.page(id, before, 700, new AbortController().signal);
      if (!("text" in page)) throw new Error(page.why);
      found.unshift(...numbers(parseEntries(page.text).map(({ text }) => text)));
      before = page.from;
      if (page.first) break;
    }
    expect(isAll(found, 2_500)).toBe(true);
  });
});

describe("by the best way", () => {
  it("files are read where they can be, and the API is said with the reason where not", async () => {
    const id = await run([], ["spew", "100", "100"]);
    const direct = await follow(id, { at: "tail", lines: 10 }, logs);
    await eventually("the lines", () => direct.texts.length >= 10);
    expect(direct.reader.source).toMatchObject({ from: "files", why: null });
    const elsewhere = createLogs({ runtime, reflector, clock: systemClock, hostRoot: "/nowhere" });
    const indirect = await follow(id, { at: "tail", lines: 10 }, elsewhere);
    await eventually("the lines", () => indirect.texts.length >= 10);
    expect(indirect.reader.source).toMatchObject({ from: "api", why: expect.stringMatching(/./) });
    await eventually("files are in reach", () => logs.reach().direct);
    expect(logs.reach()).toEqual({ direct: true, why: null });
    elsewhere.stop();
  });

  it("a search finds the lines, and the place of each leads to it", async () => {
    const ids = await Promise.all([run([], ["sh", "-c", "spew 3000 100; echo ERROR: the needle-17 lies here; spew 3000 100"]), run([], ["sh", "-c", "echo nothing; sleep 600"])]);
    await host.docker(["wait", ids[0]]);
    for (const by of [logs, createLogs({ runtime, reflector, clock: systemClock, hostRoot: "/nowhere" })]) {
      const frames: LogSearchFrame[] = [];
      await searchLogs({ ids, query: { pattern: "needle-\\d+", ignoreCase: false, level: "error", since: null, until: null }, hits: 10 }, { logs: by, clock: systemClock, signal: new AbortController().signal, write: async (frame) => void frames.push(frame) });
      const hits = frames.filter((frame) => frame.frame === "hit");
      expect(hits).toMatchObject([{ id: ids[0], level: "error", text: "ERROR: the needle-17 lies here", cut: false }]);
      expect(frames.at(-1)).toEqual({ frame: "done", hits: 1, more: false });
      const there = await follow(ids[0], { at: "cursor", cursor: hits[0]!.cursor }, by, false);
      await there.over;
      expect(there.texts[0]).toBe("ERROR: the needle-17 lies here");
      expect(numbers(there.texts)).toHaveLength(3_000);
    }
  });

  it("the last lines of a container are there also when the engine removed it as it ended", async () => {
    const kept = await run([], ["spew", "500", "100"]);
    await host.docker(["wait", kept]);
    const last = await logs.lastLines(kept, 200);
    expect(parseEntries(last.lines)).toHaveLength(200);
    const id = await run(["--rm"], ["sh", "-c", "echo begun; sleep 2; spew 300 100; echo the last words"]);
    await eventually("it is gone", () => !reflector.containers().has(id) && host.docker(["ps", "-aq", "--no-trunc"]).then((ids) => !ids.includes(id)), 30_000);
    const removed = await logs.lastLines(id, 200);
    expect(removed.why).toBeNull();
    const texts = parseEntries(removed.lines).map(({ text }) => text);
    expect(texts).toContain("the last words");
    expect(texts.length).toBe(200);
  });
});
