import { describe, expect, it } from "vitest";
import { LIMITS } from "@/protocol/limits";
import { createTestClock } from "@/server/lib/clock";
import { createAdmission, createLine } from "./admission";

const enterAll = (admission: ReturnType<typeof createAdmission>, address: string, times: number) =>
  Array.from({ length: times }, () => admission.enter(address)).filter((leave) => leave !== null);

describe("the door", () => {
  it("lets one address in by its burst, then by its rate, and other addresses all the while", () => {
    const clock = createTestClock();
    const admission = createAdmission(clock);
    const rush = (times: number) => enterAll(admission, "10.0.0.1", times).map((leave) => leave()).length;
    expect(rush(LIMITS.connectBurst * 2)).toBe(LIMITS.connectBurst);
    expect(admission.enter("10.0.0.2")).not.toBeNull();
    clock.advance(2_000);
    expect(rush(1_000)).toBe(2 * LIMITS.connectsPerSecond);
  });

  it("holds no more handshakes than its bounds, from one address and in all", () => {
    const admission = createAdmission(createTestClock());
    const first = enterAll(admission, "10.0.0.1", 2_000);
    expect(first).toHaveLength(LIMITS.handshakesPerAddress);
    enterAll(admission, "10.0.0.2", 2_000);
    expect(admission.handshakes()).toBe(LIMITS.handshakes);
    expect(admission.enter("10.0.0.3")).toBeNull();
    for (const leave of first) {
      leave();
      leave(); // a second call changes nothing
    }
    expect(admission.handshakes()).toBe(LIMITS.handshakes - LIMITS.handshakesPerAddress);
  });

  it("takes a whole IPv6 /64 for one address, and an IPv4 address in IPv6 form for itself", () => {
    const admission = createAdmission(createTestClock());
    enterAll(admission, "2001:db8:0:1::1", LIMITS.connectBurst).forEach((leave) => leave());
    expect(admission.enter("2001:db8:0:1:ffff::2")).toBeNull();
    expect(admission.enter("2001:db8:0:2::1")).not.toBeNull();
    enterAll(admission, "::ffff:10.0.0.1", LIMITS.connectBurst).forEach((leave) => leave());
    expect(admission.enter("::ffff:10.0.0.2")).not.toBeNull();
  });

  it("remembers a bounded number of addresses", () => {
    const admission = createAdmission(createTestClock());
    for (let i = 0; i < LIMITS.connectAddresses * 2; i++) admission.enter(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)?.();
    expect(admission.handshakes()).toBe(0);
  });
});

describe("the line", () => {
  it("works on a few at a time, in the order they came, and on the next as soon as one is over", () => {
    const line = createLine(createTestClock(), 2, 1_000);
    const begun: number[] = [];
    const over = [1, 2, 3, 4].map((i) => line.join(() => begun.push(i)));
    expect(begun).toEqual([1, 2]);
    over[2]?.(); // gave up while waiting
    over[0]?.();
    over[0]?.();
    expect(begun).toEqual([1, 2, 4]);
  });

  it("waits for none longer than its turn", () => {
    const clock = createTestClock();
    const line = createLine(clock, 1, 1_000);
    const begun: number[] = [];
    for (const i of [1, 2, 3]) line.join(() => begun.push(i));
    clock.advance(2_000);
    expect(begun).toEqual([1, 2, 3]);
  });
});
