import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chosenValues, explainNoHits, KEYS, matches, parseFilter, withoutTerm, withValues } from "./filter";
import { someHost, someRow } from "./test-fleet";

const fra = someHost("fra-web-1", { tags: ["env:prod"] });
const fra10 = someHost("fra-web-10");
const busan = someHost("edge-busan", { link: "down", linkWhy: "silent" });
const rows = [
  someRow(fra, "checkout-api", { stack: "checkout", image: "registry.example/api:4.12.0", state: "restarting", exitCode: 137 }),
  someRow(fra, "checkout-web", { stack: "checkout", image: "nginx:1.27", health: "healthy", ports: [{ private: 80, public: 8080, protocol: "tcp", address: null }] }),
  someRow(fra10, "search", { stack: "search", image: "search:2.2", health: "starting" }),
  someRow(busan, "gateway", { image: "caddy:2.10" }),
];
const names = (filter: string) => rows.filter((row) => matches(row, parseFilter(filter))).map((row) => row.container.name);

describe("filter language", () => {
  it("shows everything when nothing is typed", () => {
    expect(names("")).toHaveLength(4);
    expect(names("   ")).toHaveLength(4);
  });
  it("finds a plain word in name, host, stack, image and port", () => {
    expect(names("API")).toEqual(["checkout-api"]);
    expect(names("busan")).toEqual(["gateway"]);
    expect(names("8080")).toEqual(["checkout-web"]);
    expect(names("nginx:1.27")).toEqual(["checkout-web"]);
  });
  it("asks all terms to hold, and one of the values of a term", () => {
    expect(names("host:fra stack:search,checkout !api")).toEqual(["checkout-web", "search"]);
  });
  it("negates before the key and after it alike", () => {
    expect(names("!host:fra")).toEqual(["gateway"]);
    expect(names("host:!fra")).toEqual(["gateway"]);
    expect(names("!host:!busan")).toEqual(["gateway"]);
  });
  it("takes quotes as exactly this, so that web-1 is not web-10", () => {
    expect(names("host:fra-web-1")).toHaveLength(3);
    expect(names('host:"fra-web-1"')).toEqual(["checkout-api", "checkout-web"]);
    expect(names('stack:""')).toEqual(["gateway"]);
  });
  it("knows states by condition, engine word and health, and never the last word of a silent host", () => {
    expect(names("state:failing")).toEqual(["checkout-api"]);
    expect(names("state:restarting")).toEqual(["checkout-api"]);
    expect(names("state:healthy")).toEqual(["checkout-web"]);
    expect(names("state:unknown")).toEqual(["gateway"]);
    expect(names("state:running")).not.toContain("gateway");
  });
  it("matches stars and tags", () => {
    expect(names("image:*:4.*")).toEqual(["checkout-api"]);
    expect(names("tag:env:prod")).toEqual(["checkout-api", "checkout-web"]);
  });
  it("hides nothing while a key has no value yet", () => {
    expect(names("host:")).toHaveLength(4);
    expect(names("state:!")).toHaveLength(4);
  });
  it("never throws and stays fast, whatever is typed", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab:!,*" ', ...KEYS, "host:") }), (text) => {
        const terms = parseFilter(text);
        for (const row of rows) matches(row, terms);
        for (const term of terms) withoutTerm(text, term);
      }),
    );
    const began = performance.now();
    matches(rows[0]!, parseFilter(`name:${"*a".repeat(240)}`));
    expect(performance.now() - began).toBeLessThan(50);
  });
});

describe("a filter with no hits", () => {
  it("says which term hides how many, the one to drop first", () => {
    const terms = parseFilter("host:fra stack:checkout state:paused");
    const [first, ...others] = explainNoHits(rows, terms);
    expect(first).toMatchObject({ term: { source: "state:paused" }, hides: 4, without: 2 });
    expect(others.map((hiding) => hiding.without)).toEqual([0, 0]);
  });
});

describe("chips write the filter's text", () => {
  it("holds a key, frees it, and leaves the other terms as they were typed", () => {
    const one = withValues("web !stack:x state:failing", "state", ["unknown", "starting"]);
    expect(one).toBe("web !stack:x state:unknown,starting");
    expect(chosenValues(one, "state")).toEqual(["unknown", "starting"]);
    expect(withValues(one, "state", [])).toBe("web !stack:x");
  });
  it("quotes a host's name, whatever is in it", () => {
    const text = withValues("", "host", ["my host, 1"]);
    expect(parseFilter(text)).toMatchObject([{ key: "host", values: [{ text: "my host, 1", exact: true }] }]);
  });
  it("takes one term out and keeps its twin", () => {
    expect(withoutTerm("web api web", { source: "web" })).toBe("api web");
  });
});
