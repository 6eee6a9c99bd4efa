import { describe, expect, it } from "vitest";
import { resolveLocale } from "./locales";

describe("the language of a page", () => {
  it("is the one the person chose, whatever the browser says", () => {
    expect(resolveLocale("ko", "en-GB,en;q=0.9")).toBe("ko");
  });
  it("is the browser's first that we speak, by weight and not by place", () => {
    expect(resolveLocale(undefined, "fr-FR, en;q=0.4, ko-KR;q=0.8")).toBe("ko");
    expect(resolveLocale(undefined, "ko")).toBe("ko");
  });
  it("is English where nothing fits or the header is broken", () => {
    expect(resolveLocale(undefined, null)).toBe("en");
    expect(resolveLocale("xx", ";;q=,,ko;q=nonsense")).toBe("ko");
    expect(resolveLocale(undefined, "*")).toBe("en");
  });
});
