import { describe, expect, it } from "vitest";
import { lastEndAsked, toChange } from "./changes";
import { conditionOf, stateWord } from "./condition";
import { explainExit, whyEnded } from "./exit-code";
import { innerPorts, portLink, publishedPorts } from "./ports";
import { someContainer, someHost } from "./test-fleet";

const host = someHost("one");

describe("why it ended", () => {
  it("blames memory only when the kernel said so, since a plain kill is 137 too", () => {
    expect(explainExit(137, true)).toEqual({ reason: "outOfMemory", signal: 9 });
    expect(explainExit(137, false)).toEqual({ reason: "killed", signal: 9 });
  });
  it("names signals and the shell's own codes", () => {
    expect(explainExit(139, false)).toEqual({ reason: "segfault", signal: 11 });
    expect(explainExit(140, false)).toEqual({ reason: "signal", signal: 12 });
    expect(explainExit(127, false).reason).toBe("notFound");
    expect(explainExit(42, false)).toEqual({ reason: "other", signal: null });
    expect(explainExit(-1, false).reason).toBe("other");
  });
  it("says nothing of what runs and repeats the engine's words for what cannot start", () => {
    expect(whyEnded(someContainer(host, "web", { exitCode: 1 }))).toBeNull();
    expect(whyEnded(someContainer(host, "web", { state: "created", error: "port is in use" }))).toMatchObject({ reason: "cannotStart" });
  });
  it("takes a death that a kill preceded for a change, not for a fault", () => {
    const event = { epoch: 1, seq: 1, at: 5, kind: "die" as const, id: "a".repeat(64), target: { namespace: null, workload: "web", replica: null }, name: "web", image: "web", exitCode: 137, signal: null, health: null, step: null };
    expect(toChange({ ...event, asked: true })).toMatchObject({ what: "ended", tone: "asked" });
    expect(toChange({ ...event, asked: false })).toMatchObject({ what: "died", tone: "fault", reason: "killed" });
    expect(toChange({ ...event, asked: false }, [{ ...event, kind: "oom", at: 4, asked: false }])).toMatchObject({ tone: "fault", reason: "outOfMemory" });
    expect(lastEndAsked([{ ...event, asked: true }, { ...event, at: 9, asked: false }], event.id)).toBe(false);
    expect(lastEndAsked([], event.id)).toBeNull();
  });
});

describe("condition", () => {
  it("is unknown whenever nobody confirms it, whatever the last word was", () => {
    expect(conditionOf(someContainer(host, "web"), someHost("x", { link: "down" }))).toBe("unknown");
    expect(conditionOf(someContainer(host, "web"), someHost("x", { runtime: { ...host.runtime, state: "down" } }))).toBe("unknown");
    expect(conditionOf(someContainer(host, "web"), undefined)).toBe("unknown");
  });
  it("does not call an asked-for end a failure", () => {
    const ended = (exitCode: number, oomKilled = false) => conditionOf(someContainer(host, "web", { state: "exited", exitCode, oomKilled }), host);
    expect([ended(0), ended(143), ended(137), ended(1), ended(137, true)]).toEqual(["stopped", "stopped", "stopped", "failing", "failing"]);
    expect(stateWord(someContainer(host, "web", { state: "restarting", exitCode: 137 }))).toEqual({ word: "restarting", exitCode: 137 });
  });
});

describe("ports", () => {
  it("lists each published port once and inner ports apart", () => {
    const ports = [
      { private: 80, public: 8080, protocol: "tcp" as const, address: "0.0.0.0" },
      { private: 80, public: 8080, protocol: "tcp" as const, address: "::" },
      { private: 53, public: 53, protocol: "udp" as const, address: null },
      { private: 9000, public: null, protocol: "tcp" as const, address: null },
    ];
    expect(publishedPorts(ports).map((port) => port.label)).toEqual(["53/udp", "8080"]);
    expect(innerPorts(ports)).toEqual(["9000/tcp"]);
  });
  it("links only where a browser can go, and only by http", () => {
    const port = { label: "8080", public: 8080, private: 80, protocol: "tcp" as const, address: null };
    expect(portLink(port, "198.51.100.7")).toBe("http://198.51.100.7:8080/");
    expect(portLink(port, "::ffff:198.51.100.7")).toBe("http://198.51.100.7:8080/");
    expect(portLink(port, "2001:db8::1")).toBe("http://[2001:db8::1]:8080/");
    expect(portLink({ ...port, public: 443, private: 443 }, "h")).toBe("https://h/");
    expect(portLink({ ...port, address: "127.0.0.1" }, "198.51.100.7")).toBeNull();
    expect(portLink({ ...port, protocol: "udp" }, "198.51.100.7")).toBeNull();
    expect(portLink(port, null)).toBeNull();
    expect(portLink(port, "javascript:alert(1)//")).toBeNull();
    expect(portLink(port, "user@evil.example/x")).toBeNull();
  });
});
