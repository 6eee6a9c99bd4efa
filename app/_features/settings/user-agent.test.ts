import { describe, expect, it } from "vitest";
import { readUserAgent } from "./user-agent";

describe("the name of a session", () => {
  it("is the browser itself and not what it descends from", () => {
    const webkit = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
    expect(readUserAgent(`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webkit} Edg/140.0`)).toEqual({ browser: "Edge", system: "Windows" });
    expect(readUserAgent(`Mozilla/5.0 (X11; Linux x86_64) ${webkit.replace("Chrome", "HeadlessChrome")}`)).toEqual({ browser: "Chrome", system: "Linux" });
    expect(readUserAgent("Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 Version/26.0 Mobile Safari/604.1")).toEqual({ browser: "Safari", system: "iOS" });
    expect(readUserAgent("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/140 Mobile Safari/537.36 Whale/4.0")).toEqual({ browser: "Whale", system: "Android" });
  });
  it("is unknown where the header says nothing", () => {
    expect(readUserAgent("")).toEqual({ browser: null, system: null });
    expect(readUserAgent("curl/8")).toEqual({ browser: null, system: null });
  });
});
