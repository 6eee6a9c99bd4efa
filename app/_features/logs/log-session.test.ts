import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { writeEntry } from "@/protocol/log-text";
import type { LogPage, LogStart } from "@/protocol/logs";
import type { LogFeedHandlers, LogFeedOptions } from "./log-feed";
import { CREATED_AGAIN, createLogSession, type LogTarget } from "./log-session";
import { createLogStore } from "./log-store";

const stamp = (ms: number) => new Date(Date.UTC(2026, 10, 28) + ms).toISOString();
const entry = (text: string, ms: number) => writeEntry({ text, stream: "stdout", time: stamp(ms) });
const bytes = (text: string) => new TextEncoder().encode(text);
const source = { from: "files" as const, driver: "json-file", tty: false, mayMiss: false, why: null };
const page = (lines: string[], part: Partial<LogPage> = {}): LogPage => ({ source, text: lines.join(""), from: "f:1:0", to: "f:1:9", first: false, gap: null, ...part });

/** Stands for the streams: what was asked for, and their ends to push into. */
function stage(answers: (LogPage | Error)[] = [], startOf: (key: string) => LogStart = () => ({ at: "tail", lines: 100 })) {
  const store = createLogStore({ nextFrame: (paint) => paint() });
  const asked: (LogFeedOptions & { stopped: boolean })[] = [];
  const pages: unknown[] = [];
  const session = createLogSession({
    store, startOf, ticket: () => Promise.resolve({ ticket: "t" }),
    follow: (options) => {
      const one = { ...options, stopped: false };
      asked.push(one);
      return { state: () => ({ state: "connecting" }), stop: () => void (one.stopped = true) };
    },
    page: (input) => {
      pages.push(input);
      const answer = answers.shift() ?? page([], { first: true });
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  });
  const handlers = (index: number): LogFeedHandlers => (asked[index] as LogFeedOptions).handlers;
  const say = (index: number, lines: string[], from = "f:1:100", to = "f:1:200") => handlers(index).onBatch(bytes(lines.join("")), "entries", { from, to });
  const texts = () => Array.from({ length: store.length }, (_, i) => store.row(i)).map((row) => row.line?.text ?? `[${row.gap?.why}]`);
  return { store, session, asked, pages, handlers, say, texts };
}
const target = (key: string, id: string | null = `${key}-id`, isRunning = true): LogTarget => ({ key, hostId: "h1", id, isRunning });

describe("the logs of a view", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("has a stream for each container, begun where the view begins, and ends those that leave with their lines", () => {
    const { session, asked, say, texts } = stage([], (key) => (key === "b" ? { at: "oldest" } : { at: "tail", lines: 100 }));
    session.show([target("a"), target("b")]);
    expect(asked.map(({ id, start, follow }) => [id, start.at, follow])).toEqual([["a-id", "tail", true], ["b-id", "oldest", true]]);
    void say(0, [entry("a1", 1), entry("a2", 3)]);
    void say(1, [entry("b1", 2)]);
    expect(texts()).toEqual(["a1", "b1", "a2"]);
    session.show([target("b")]);
    expect([asked[0]?.stopped, asked[1]?.stopped]).toEqual([true, false]);
    expect(texts()).toEqual(["b1"]);
    session.show([target("b")]);
    expect(asked).toHaveLength(2);
  });

  it("goes on with a container that is created again, from its first line, and says where", () => {
    const { session, asked, say, texts, handlers } = stage();
    session.show([target("a", "one")]);
    void say(0, [entry("old", 1)]);
    handlers(0).onState({ state: "ended", why: "gone", gone: true });
    session.show([target("a", null)]);
    expect(texts()).toEqual(["old"]);
    session.show([target("a", "two")]);
    expect(asked[1]).toMatchObject({ id: "two", start: { at: "oldest" } });
    void say(1, [entry("new", 2)]);
    expect(texts()).toEqual(["old", `[${CREATED_AGAIN}]`, "new"]);
  });

  it("follows a container that was started again after its log had ended, on from that place", () => {
    const { session, asked, say, handlers } = stage();
    session.show([target("a")]);
    void say(0, [entry("x", 1)], "f:1:0", "f:1:50");
    handlers(0).onState({ state: "ended", why: "exited", gone: false });
    session.show([target("a", "a-id", false)]);
    expect(asked).toHaveLength(1);
    session.show([target("a", "a-id", true)]);
    expect(asked[1]?.start).toEqual({ at: "cursor", cursor: "f:1:50" });
  });

  it("waits for a container that is not there yet", () => {
    const { session, asked } = stage();
    session.show([target("a", null, false)]);
    expect([asked.length, session.sources.get()[0]?.feed]).toEqual([0, null]);
    session.show([target("a")]);
    expect(asked[0]?.start.at).toBe("tail");
  });

  it("shows a line that has no end when nothing comes after it", () => {
    const { session, say, texts } = stage();
    session.show([target("a")]);
    void say(0, [`{"log":"Password: ","stream":"stdout","time":"${stamp(1)}"}\n`]);
    expect(texts()).toEqual([]);
    vi.advanceTimersByTime(1_500);
    expect(texts()).toEqual(["Password: "]);
  });

  it("puts a gap where it is, after the line that it cut off", () => {
    const { session, say, texts, handlers } = stage();
    session.show([target("a")]);
    void say(0, [`{"log":"half","stream":"stdout","time":"${stamp(1)}"}\n`]);
    handlers(0).onGap({ at: null, bytes: 10, why: "rotated away" });
    void say(0, [entry("after", 2)]);
    expect(texts()).toEqual(["half", "[rotated away]", "after"]);
  });
});

describe("older lines", () => {
  it("join on without loss or repeat, back to the first one, which is said", async () => {
    const { session, say, texts, pages } = stage([page([entry("1", 1), entry("2", 2)], { from: "f:1:50" }), page([entry("0", 0)], { from: "f:1:0", first: true })]);
    session.show([target("a")]);
    expect(await session.loadOlder(), "before the first line is here nobody knows where to begin").toBe(false);
    void say(0, [entry("3", 3)], "f:1:100");
    await session.loadOlder();
    await session.loadOlder();
    expect(texts()).toEqual(["0", "1", "2", "3"]);
    expect(pages).toMatchObject([{ id: "a-id", before: "f:1:100" }, { before: "f:1:50" }]);
    expect(session.sources.get()[0]?.older).toBe("none");
    expect(await session.loadOlder()).toBe(false);
  });

  it("come from the container whose known lines begin last, so that the merged view has no hole", async () => {
    const { session, say, pages } = stage();
    session.show([target("a"), target("b")]);
    void say(0, [entry("a", 10)]);
    void say(1, [entry("b", 90)]);
    await session.loadOlder();
    expect(pages).toMatchObject([{ id: "b-id" }]);
  });

  it("are asked for once at a time, and again after a failure", async () => {
    const failure = new Error("away");
    const { session, say, pages, texts } = stage([failure, page([entry("0", 0)], { first: true })]);
    session.show([target("a")]);
    void say(0, [entry("1", 1)]);
    const first = session.loadOlder();
    expect(await session.loadOlder()).toBe(false);
    await first;
    expect(session.sources.get()[0]).toMatchObject({ older: "failed", olderError: failure });
    await session.loadOlder();
    expect([pages.length, texts()]).toEqual([2, ["0", "1"]]);
  });

  it("before a moment after which nothing was written are read up to that moment", async () => {
    const { session, handlers, pages } = stage([], () => ({ at: "time", since: 5_000 }));
    session.show([target("a")]);
    handlers(0).onState({ state: "live" });
    await session.loadOlder();
    expect(pages).toMatchObject([{ before: { until: 5_000 } }]);
  });

  it("are not asked for ever of a host that always says the same", async () => {
    const { session, say } = stage([page([], { from: "f:1:100" })]);
    session.show([target("a")]);
    void say(0, [entry("1", 1)], "f:1:100");
    await session.loadOlder();
    expect(session.sources.get()[0]?.older).toBe("none");
  });
});
