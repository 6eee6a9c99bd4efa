import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deriveTarget, formatTarget, parseTarget, type Target } from "./target";

const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 });
const target: fc.Arbitrary<Target> = fc.record({
  scope: name,
  namespace: fc.option(name),
  workload: fc.oneof(name, fc.constantFrom("-", "..", "a%2f..%2fb", "--help", "a/b", "%2D", "\u202egpj.exe", "🧭")),
  replica: fc.option(fc.nat({ max: 999_999_999 })),
});

describe("a target's string", () => {
  it("names the same target again, whatever it is called", () => {
    fc.assert(
      fc.property(target, (one) => {
        expect(parseTarget(formatTarget(one))).toEqual(one);
      }),
    );
  });

  it("is different for different targets", () => {
    fc.assert(fc.property(target, target, (one, two) => (formatTarget(one) === formatTarget(two)) === (JSON.stringify(one) === JSON.stringify(two))));
  });

  it("has four parts and nothing that a URL path would read otherwise", () => {
    fc.assert(fc.property(target, (one) => /^[^/?#]+\/[^/?#]+\/[^/?#]+\/(-|\d+)$/.test(formatTarget(one))));
  });

  it.each(["", "a", "a/b/c", "a/b/c/d", "a/b//1", "/b/c/1", "a/b/c/-1", "a/b/c/1e3", "a/%/c/1", "a/b/c/1/", "a/b/c/12345678901"])("%j names no target", (text) => {
    expect(parseTarget(text)).toBeNull();
  });

  it("is made without a throw of half a character too", () => {
    fc.assert(fc.property(fc.string({ unit: fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)), minLength: 1 }), (workload) => parseTarget(formatTarget({ scope: "h", namespace: null, workload, replica: null })) !== null));
  });

  it("never makes reading throw", () => {
    fc.assert(fc.property(fc.string(), (text) => void parseTarget(text)));
  });
});

describe("the target of a container", () => {
  const labels = (more: Record<string, string> = {}) => ({ "com.docker.compose.project": "shop", "com.docker.compose.service": "api", "com.docker.compose.container-number": "2", ...more });

  it("stays when compose recreates the container under another name", () => {
    expect(deriveTarget("shop-api-2", labels())).toEqual({ namespace: "shop", workload: "api", replica: 2 });
    expect(deriveTarget("f00_shop-api-2", labels())).toEqual(deriveTarget("shop-api-2", labels()));
  });

  it("is its name without compose, and for a one-off run", () => {
    expect(deriveTarget("web", {})).toEqual({ namespace: null, workload: "web", replica: null });
    expect(deriveTarget("shop-api-run-1", labels({ "com.docker.compose.oneoff": "True" }))).toEqual({ namespace: "shop", workload: "shop-api-run-1", replica: null });
  });

  it("has no replica where the number is none", () => {
    expect(deriveTarget("x", labels({ "com.docker.compose.container-number": "many" })).replica).toBeNull();
  });
});
