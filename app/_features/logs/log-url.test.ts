import { describe, expect, it } from "vitest";
import { logsPath, MOST_SOURCES, readAddress, writeAddress, type LogAddress } from "./log-url";

const read = (text: string) => readAddress(new URLSearchParams(text));
const key = (name: string) => `h1/-/${name}/-`;
const whole: LogAddress = { keys: [key("web"), "h2/shop/api%20x/2"], find: "a&b= /x|y/", regex: true, level: "warn", from: "oldest", at: 1_764_000_000_000, line: "f:3:4096", within: "6h" };

describe("the address of a log view", () => {
  it("gives back what was put in, whatever is looked for", () => {
    expect(read(writeAddress(whole))).toEqual(whole);
    expect(logsPath([key("web")])).toBe("/logs?c=h1%2F-%2Fweb%2F-");
  });

  it("says nothing of what is the default", () => {
    expect(writeAddress(read(""))).toBe("");
    expect(writeAddress({ keys: [], find: "", regex: true, from: "tail", at: null })).toBe("");
  });

  it("falls back to the default for what makes no sense", () => {
    expect(read("c=nonsense&c=../../etc&level=loud&from=middle&at=yesterday&line=<b>&within=1y&re=2")).toEqual({ keys: [], find: "", regex: false, level: null, from: "tail", at: null, line: null, within: null });
    expect(read("at=-1").at).toBeNull();
    expect(read("at=1e99").at).toBeNull();
    expect(read("at=").at).toBeNull();
    expect(read("within=constructor").within).toBeNull();
  });

  it("holds no container twice and none too many", () => {
    const many = Array.from({ length: 40 }, (_, i) => `c=${encodeURIComponent(key(`web-${i}`))}`).join("&");
    expect(read(`${many}&${many}`).keys).toHaveLength(MOST_SOURCES);
    expect(read(`c=${key("a")}&c=${key("a")}`).keys).toEqual([key("a")]);
  });

  it("cuts a pattern that no host would take", () => {
    expect(read(`find=${"x".repeat(5_000)}`).find).toHaveLength(1_024);
  });
});
