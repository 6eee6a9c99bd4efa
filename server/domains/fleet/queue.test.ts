import { expect, it } from "vitest";
import { createRecordQueue, MAX_RECORDS } from "./queue";
import type { HostRecordEntry } from "./records";

const entry = (hostId: string, seq: number, chars = 10): HostRecordEntry => ({
  hostId, place: { epoch: 1, seq }, cursor: { epoch: 1, seq }, late: false, receivedAt: 0, chars, body: { kind: "gap", at: 0, since: null, until: null, why: "" },
});

it("takes no more than its number, and nothing of a host that found no room until there is some", () => {
  const queue = createRecordQueue();
  for (let seq = 1; seq <= MAX_RECORDS; seq += 1) expect(queue.push(entry("a", seq))).toBe(true);
  expect(queue.push(entry("b", 1))).toBe(false);
  queue.done(queue.batch());
  // Room, but the record before it was not taken: an order with a hole in it would be lost for good.
  expect(queue.push(entry("b", 2))).toBe(false);
  expect(queue.push(entry("a", MAX_RECORDS + 1))).toBe(true);
  expect(queue.takeBehind()).toEqual(["b"]);
  expect(queue.push(entry("b", 1))).toBe(true);
});

it("takes no more than its size, and hands out small batches of large records, one at least", () => {
  const queue = createRecordQueue();
  const big = 1 << 20;
  let taken = 0;
  while (queue.push(entry("a", taken + 1, big))) taken += 1;
  expect(taken).toBe(64);
  expect(queue.batch()).toHaveLength(2);
  const other = createRecordQueue();
  other.push(entry("a", 1, 5 * big));
  other.push(entry("a", 2));
  expect(other.batch()).toHaveLength(1);
});

it("gives back in the order in which it took, and forgets a host that is dropped while its batch is stored", () => {
  const queue = createRecordQueue();
  for (let seq = 1; seq <= 3; seq += 1) {
    queue.push(entry("a", seq));
    queue.push(entry("b", seq));
  }
  const batch = queue.batch();
  expect(batch.map(({ hostId, place }) => `${hostId}${place.seq}`)).toEqual(["a1", "b1", "a2", "b2", "a3", "b3"]);
  queue.drop("a");
  queue.push(entry("a", 1));
  expect(queue.done(batch).map(({ hostId, place }) => `${hostId}${place.seq}`)).toEqual(["b1", "b2", "b3"]);
  expect(queue.batch().map(({ hostId, place }) => `${hostId}${place.seq}`)).toEqual(["a1"]);
});
