import { describe, expect, it } from "vitest";
import { someHost, someRow } from "@/app/_features/containers/test-fleet";
import { RunInput, type Action } from "@/server/domains/operations/schema";
import { needsQuestion, newKey, readGrace, toRunInput } from "./intent";

const host = someHost("one");
const rows = [someRow(host, "a"), someRow(host, "b")];
const stack = { hostId: host.id, hostName: host.name, name: "shop" };

describe("an intent", () => {
  it("asks before what cannot be undone, what concerns many, and whole stacks", () => {
    const asks = (action: Action, count: number, whole = false) => needsQuestion({ action, rows: rows.slice(0, count), stack: whole ? stack : null });
    expect([asks("restart", 1), asks("stop", 1), asks("start", 2), asks("unpause", 2)]).toEqual([false, false, false, false]);
    expect([asks("kill", 1), asks("remove", 1), asks("restart", 2), asks("stop", 2), asks("start", 1, true)]).toEqual([true, true, true, true, true]);
  });
  it("becomes a call that the server takes, the same key over a retry", () => {
    const intent = { key: newKey(), action: "remove" as const, rows, stack: null };
    const input = toRunInput(intent, rows, { force: true, removeVolumes: true });
    expect(RunInput.parse(input)).toEqual(input);
    expect(toRunInput(intent, rows, {}).key).toBe(input.key);
    expect(RunInput.parse(toRunInput({ ...intent, stack }, rows, { graceSeconds: 3 }))).toMatchObject({ stack: { name: "shop" }, graceSeconds: 3 });
    expect(newKey()).not.toBe(newKey());
  });
  it("reads seconds and nothing else", () => {
    expect([readGrace(""), readGrace("0"), readGrace("600")]).toEqual([null, 0, 600]);
    expect([readGrace("601"), readGrace("-1"), readGrace("1.5"), readGrace("1e2")]).toEqual([undefined, undefined, undefined, undefined]);
  });
});
