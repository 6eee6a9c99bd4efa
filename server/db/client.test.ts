import { readdirSync, readlinkSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase, transaction } from "./client";
import { createTestDatabase, type TestDatabase } from "./testing";

const at = new Date(0);
const user = (id: string) => ({ id, email: `${id}@example.org`, name: id, passwordHash: "-", role: "viewer", createdAt: at });
const session = (id: string, userId: string) => ({ id, userId, createdAt: at, lastSeenAt: at, expiresAt: at, address: "", userAgent: "" });

describe("the database", () => {
  let test: TestDatabase;
  beforeEach(async () => {
    test = await createTestDatabase();
  });
  afterEach(() => test.drop());

  const pragma = async (name: string) => Object.values((await test.db.$queryRawUnsafe<Record<string, unknown>[]>(`PRAGMA ${name}`))[0] ?? {})[0];
  const settings = async () => [await pragma("journal_mode"), Number(await pragma("synchronous")), Number(await pragma("foreign_keys")), Number(await pragma("busy_timeout"))];

  it("keeps its settings after a transaction that ends well and after one that fails", async () => {
    expect(await settings()).toEqual(["wal", 1, 1, 20]);
    await transaction(test.db, (tx) => tx.user.create({ data: user("a") }));
    expect(await settings()).toEqual(["wal", 1, 1, 20]);
    await expect(transaction(test.db, async (tx) => {
      await tx.user.create({ data: user("b") });
      throw new Error("changed my mind");
    })).rejects.toThrow("changed my mind");
    expect(await settings()).toEqual(["wal", 1, 1, 20]);
    expect(await test.db.user.count()).toBe(1);
  });

  it("rolls a failed statement's transaction back and goes on", async () => {
    await test.db.user.create({ data: user("a") });
    await expect(transaction(test.db, async (tx) => {
      await tx.user.create({ data: user("b") });
      await tx.user.create({ data: user("a") });
    })).rejects.toThrow();
    expect(await test.db.user.count()).toBe(1);
    await expect(test.db.session.create({ data: session("s", "nobody") })).rejects.toThrow();
  });

  it("lets nothing slip between the statements of a transaction", async () => {
    const done: string[] = [];
    await Promise.all([
      transaction(test.db, async (tx) => {
        await tx.user.create({ data: user("a") });
        done.push("first half");
        await new Promise((resolve) => setTimeout(resolve, 20));
        await tx.user.create({ data: user("b") });
        done.push("second half");
      }),
      new Promise((resolve) => setTimeout(resolve, 5)).then(() => test.db.user.count()).then((n) => done.push(`sees ${n}`)),
    ]);
    expect(done).toEqual(["first half", "second half", "sees 2"]);
  });

  it("holds no more file handles after a hundred transactions", async () => {
    const handles = () => readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(test.directory);
      } catch {
        return false;
      }
    }).length;
    const before = handles();
    for (let i = 0; i < 100; i += 1) await transaction(test.db, (tx) => tx.user.create({ data: user(`u${i}`) }));
    expect(handles()).toBeLessThanOrEqual(before);
  });

  it("is written by two processes' connections in turn", async () => {
    const other = await openDatabase(test.file);
    try {
      await Promise.all(Array.from({ length: 20 }, (_, i) => transaction(i % 2 ? test.db : other.db, (tx) => tx.user.create({ data: user(`u${i}`) }))));
      expect(await test.db.user.count()).toBe(20);
      expect(await settings()).toEqual(["wal", 1, 1, 20]);
    } finally {
      await other.close();
    }
  });
});
