import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLatestChannel, createQueueChannel } from "./channel";

/** What happens to a channel: a value is published, or the reader reads once. */
const steps = (keys: number) => fc.array(fc.oneof(fc.record({ key: fc.integer({ min: 0, max: keys }), value: fc.integer() }), fc.constant("read" as const)), { maxLength: 200 });

describe("a latest-by-key channel", () => {
  it("brings every reader to the last value of every key, however slowly it reads", async () => {
    await fc.assert(fc.asyncProperty(steps(5), async (script) => {
      const channel = createLatestChannel<number, number>({ keys: 10 });
      const reader = channel.subscribe();
      const truth = new Map<number, number>();
      const seen = new Map<number, number>();
      const read = async () => {
        const { value } = await reader.next();
        expect(value.overflowed).toBe(false);
        for (const [key, latest] of value.entries) seen.set(key, latest);
      };
      let unread = false;
      for (const step of script) {
        if (step === "read") {
          if (unread) await read();
          unread = false;
        } else {
          channel.publish(step.key, step.value);
          truth.set(step.key, step.value);
          unread = true;
        }
      }
      if (unread) await read();
      expect(seen).toEqual(truth);
    }));
  });

  it("holds no more keys than its bound, and says when it could not", async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 60 }), async (keys, published) => {
      const channel = createLatestChannel<number, number>({ keys });
      const reader = channel.subscribe();
      for (let key = 0; key < published; key += 1) channel.publish(key, key);
      const { value } = await reader.next();
      expect(value.overflowed).toBe(published > keys);
      expect(value.entries).toHaveLength(published > keys ? 0 : published);
      channel.publish(1, 1);
      expect((await reader.next()).value).toEqual({ entries: [[1, 1]], overflowed: false });
    }));
  });
});

describe("a queue channel", () => {
  it("gives every item in order, and counts exactly those it dropped", async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 10 }), steps(5), async (items, script) => {
      const channel = createQueueChannel<number>({ items });
      const reader = channel.subscribe();
      let next = 0;
      let read = 0;
      for (const step of script) {
        if (step !== "read") {
          channel.publish(next);
          next += 1;
        } else if (read < next) {
          const { value } = await reader.next();
          expect(value.items.length).toBeLessThanOrEqual(items);
          expect(value.items).toEqual(Array.from({ length: value.items.length }, (_, i) => read + value.skipped + i));
          read += value.skipped + value.items.length;
          expect(read).toBe(next);
        }
      }
    }));
  });
});

describe("a subscription", () => {
  it("misses nothing from the moment it is made", async () => {
    const channel = createQueueChannel<string>({ items: 10 });
    const reader = channel.subscribe();
    channel.publish("before the first read");
    expect((await reader.next()).value).toEqual({ items: ["before the first read"], skipped: 0 });
  });

  it.each(["signal", "return", "close"] as const)("ends a waiting reader by %s, and is forgotten", async (how) => {
    const channel = createQueueChannel<string>({ items: 10 });
    const ending = new AbortController();
    const reader = channel.subscribe(ending.signal);
    const waiting = reader.next();
    expect(channel.readers()).toBe(1);
    if (how === "signal") ending.abort();
    if (how === "return") await reader.return();
    if (how === "close") channel.close();
    expect((await waiting).done).toBe(true);
    expect((await reader.next()).done).toBe(true);
    expect(channel.readers()).toBe(0);
  });

  it("made with a signal that is over already never begins", async () => {
    const channel = createQueueChannel<string>({ items: 10 });
    expect((await channel.subscribe(AbortSignal.abort()).next()).done).toBe(true);
    expect(channel.readers()).toBe(0);
  });

  it("is not held up by another reader that never reads", async () => {
    const channel = createQueueChannel<number>({ items: 2 });
    channel.subscribe();
    const reader = channel.subscribe();
    for (let i = 0; i < 100; i += 1) {
      channel.publish(i);
      expect((await reader.next()).value).toEqual({ items: [i], skipped: 0 });
    }
  });
});
