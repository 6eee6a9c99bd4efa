import { describe, expect, it } from "vitest";
import { ConfigError } from "./config";
import { afterAccept, mergeHubMemory } from "./hub-memory";

const typed = { hub: "http://hub", pin: "p".repeat(43), token: "t".repeat(32) };
const nothing = { hub: null, pin: null, token: null };
const joined = afterAccept(mergeHubMemory(typed, null), { hostId: "host_1", hostName: "one" });

describe("which hub an agent belongs to", () => {
  it("is remembered, so that a later start needs nothing, not even before it was accepted", () => {
    expect(mergeHubMemory(nothing, mergeHubMemory(typed, null))).toMatchObject({ ...typed, hostId: null });
    expect(mergeHubMemory(nothing, joined)).toMatchObject({ hub: typed.hub, hostId: "host_1", token: null });
  });

  it("offers a token once: not again from a service's settings, but a new one after a revocation", () => {
    expect(mergeHubMemory(typed, joined).token).toBeNull();
    expect(mergeHubMemory({ ...typed, token: "n".repeat(32) }, joined).token).toBe("n".repeat(32));
  });

  it("keeps the host over a new address of the same hub, and forgets it for another hub", () => {
    expect(mergeHubMemory({ ...nothing, hub: "http://moved" }, joined)).toMatchObject({ hub: "http://moved", hostId: "host_1" });
    expect(mergeHubMemory({ ...typed, pin: "q".repeat(43) }, joined)).toMatchObject({ hostId: null, token: typed.token });
  });

  it("cannot be guessed: what is missing is named", () => {
    for (const [given, word] of [[nothing, "--hub"], [{ ...typed, pin: null }, "--pin"], [{ ...typed, token: null }, "--token"]] as const) {
      expect(() => mergeHubMemory(given, null)).toThrow(ConfigError);
      expect(() => mergeHubMemory(given, null)).toThrow(word);
    }
    expect(() => mergeHubMemory({ ...nothing, pin: "q".repeat(43) }, joined)).toThrow("--token");
  });
});
