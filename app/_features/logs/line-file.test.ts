import { describe, expect, it, vi } from "vitest";
import { createLogIndex, writeEntry } from "@/protocol/log-text";
import { copyLine, fileLine, fileName, lastLines, shownLines, wholeLog } from "./line-file";
import type { LogFeedOptions } from "./log-feed";
import { createLogStore } from "./log-store";
import { createRowScan } from "./row-scan";

const bytes = (texts: string[]) => new TextEncoder().encode(texts.map((text, i) => writeEntry({ text, stream: "stdout", time: `2026-11-28T10:00:0${i}.000000000Z` })).join(""));
const line = { at: 0, time: "2026-11-28T10:00:00.000000000Z", stream: "stdout" as const, text: "\u001b[31mred\u001b[0m" };

describe("lines as text", () => {
  it("are as they were written in a file, and without colours on the clipboard", () => {
    expect(fileLine(line, null)).toBe("2026-11-28T10:00:00.000000000Z \u001b[31mred\u001b[0m\n");
    expect(copyLine(line, "web")).toBe("2026-11-28T10:00:00.000000000Z web red");
  });

  it("are those that are shown, gaps among them", async () => {
    const store = createLogStore({ nextFrame: (paint) => paint() });
    void store.add("a", createLogIndex().push(bytes(["one", "two"]), "entries"));
    store.addGap("a", { at: null, bytes: 512, why: "rotated away" });
    const view = createRowScan(store, () => null, () => 0).view();
    expect(await shownLines(store, view, () => "web").text()).toBe("2026-11-28T10:00:00.000000000Z web one\n2026-11-28T10:00:01.000000000Z web two\n-- 512 bytes missing: rotated away --\n");
    expect(lastLines(store, view, 1, () => null)).toBe("2026-11-28T10:00:01.000000000Z two");
  });

  it("are saved under a name that every system takes", () => {
    expect(fileName("../we b/한글:1", Date.UTC(2026, 10, 28, 16, 48, 43))).toBe(".._we_b_한글_1_2026-11-28T16-48-43.log");
  });
});

describe("a whole log", () => {
  const begin = (signal = new AbortController().signal) => {
    let options: LogFeedOptions | undefined;
    const stop = vi.fn();
    const onProgress = vi.fn();
    const saved = wholeLog({ hostId: "h", id: "c" }, {
      follow: (asked) => {
        options = asked;
        return { state: () => ({ state: "connecting" }), stop };
      },
      ticket: () => Promise.resolve({ ticket: "t" }), onProgress, signal,
    });
    return { saved, stop, onProgress, handlers: () => (options as LogFeedOptions).handlers, asked: () => options };
  };

  it("is read from its oldest line to the last of now, with progress, and holds the host while it writes", async () => {
    const { saved, handlers, asked, onProgress, stop } = begin();
    expect(asked()).toMatchObject({ start: { at: "oldest" }, follow: false });
    await handlers().onBatch(bytes(["one", "two"]), "entries", { from: "f:1:0", to: "f:1:1" });
    handlers().onGap({ at: null, bytes: null, why: "damaged" });
    await handlers().onBatch(bytes(["three"]), "entries", { from: "f:1:2", to: "f:1:3" });
    handlers().onState({ state: "ended", why: "end", gone: false });
    expect(await (await saved).text()).toBe("2026-11-28T10:00:00.000000000Z one\n2026-11-28T10:00:01.000000000Z two\n-- missing: damaged --\n2026-11-28T10:00:00.000000000Z three\n");
    expect(onProgress).toHaveBeenLastCalledWith({ lines: 3, bytes: expect.any(Number) as number });
    expect(stop).toHaveBeenCalledOnce();
  });

  it("ends when it is called off, and says why it cannot be read", async () => {
    const controller = new AbortController();
    const called = begin(controller.signal);
    controller.abort(new Error("called off"));
    await expect(called.saved).rejects.toThrow("called off");
    expect(called.stop).toHaveBeenCalledOnce();
    const refused = begin();
    refused.handlers().onState({ state: "refused", code: "forbidden", why: "not for you" });
    await expect(refused.saved).rejects.toThrow("not for you");
  });
});
