import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseEntries } from "@/protocol/log-text";
import { ID } from "./testing-engine";
import { collect, engineWith, open, range, toLive, upTo } from "./testing-reader";

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
