import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CONTRACT, CONTRACT_PERMISSIONS, isChange, VERB_NAMES, type Verb } from "./contract";
import { renderProtocol } from "./render";
import { negotiate, PROTOCOL_HISTORY, PROTOCOL_OLDEST, PROTOCOL_RANGE, PROTOCOL_VERSION } from "./version";
import { parseJson } from "./wire/json";

describe("the protocol's history", () => {
  it("ends with the version that this tree speaks", () => {
    expect(PROTOCOL_HISTORY.at(-1)?.version).toBe(PROTOCOL_VERSION);
    expect(PROTOCOL_HISTORY.some(({ version }) => version === PROTOCOL_OLDEST)).toBe(true);
  });

  it("counts up by one, with dates that never go back", () => {
    PROTOCOL_HISTORY.forEach(({ version, since, change }, i) => {
      expect(version).toBe(PROTOCOL_HISTORY[0].version + i);
      expect(since).toMatch(/^\d{4}-\d\d-\d\d$/);
      expect(new Date(`${since}T00:00:00Z`).toISOString().slice(0, 10)).toBe(since);
      expect(change.length).toBeGreaterThan(10);
    });
    const dates: string[] = PROTOCOL_HISTORY.map(({ since }) => since);
    expect(dates).toEqual(dates.toSorted());
  });
});

describe("negotiation", () => {
  const range = fc.tuple(fc.integer({ min: -5, max: 1_000 }), fc.nat({ max: 50 })).map(([oldest, more]) => ({ oldest, newest: oldest + more }));

  it("takes the highest version that both speak, and none when there is none", () => {
    fc.assert(
      fc.property(range, range, (ours, theirs) => {
        const speaks = (r: typeof ours, v: number) => v >= r.oldest && v <= r.newest;
        const version = negotiate(ours, theirs);
        expect(version).toBe(negotiate(theirs, ours));
        if (version === null) for (let v = ours.oldest; v <= ours.newest; v++) expect(speaks(theirs, v)).toBe(false);
        else expect([speaks(ours, version), speaks(theirs, version), speaks(ours, version + 1) && speaks(theirs, version + 1)]).toEqual([true, true, false]);
      }),
    );
  });

  it.each([-1, 0, 999])("has no version for a peer that only speaks %d", (version) => {
    expect(negotiate(PROTOCOL_RANGE, { oldest: version, newest: version })).toBeNull();
  });
});

describe("the contract", () => {
  it.each(VERB_NAMES)("row %s is whole", (name) => {
    const row: Verb = CONTRACT[name];
    expect(name).toMatch(/^[a-z]+\.[a-z]+$/);
    expect([...CONTRACT_PERMISSIONS, "link"]).toContain(row.permission);
    expect(row.deadlineMs).toBeGreaterThan(0);
    expect(row.does).toMatch(/\.$/);

    if (isChange(name)) expect([row.kind, row.permission === "link"]).toEqual(["call", false]);
  });

  it("is written down in PROTOCOL.md as it is", async () => {
    await expect(renderProtocol()).toMatchFileSnapshot("PROTOCOL.md");
  });
});

describe("JSON from the other end", () => {
  it("is what JSON.parse says, for whatever is nested no deeper than the bound", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        fc.pre(!/__proto__/.test(text));
        expect(parseJson(text)).toEqual({ ok: true, value: JSON.parse(text) as unknown });
      }),
    );
  });

  it("is refused when nested deeper, whatever brackets its strings hold", () => {
    expect(parseJson(JSON.stringify({ a: "[[[[{{{{\\\"[[[" }), 1).ok).toBe(true);
    expect(parseJson("[[1]]", 2).ok).toBe(true);
    expect(parseJson("[[[1]]]", 2)).toEqual({ ok: false, why: "JSON nested deeper than 2" });
    expect(parseJson("[".repeat(1_000_000)).ok).toBe(false);
  });

  it("is text throughout: half a surrogate pair becomes U+FFFD, a whole one stays", () => {
    expect(parseJson('{"a\\udc00":["\\ud83dx","\\uD83D\\uDE00",{"b":"\\ude00"}]}')).toEqual({ ok: true, value: { "a\ufffd": ["\ufffdx", "😀", { b: "\ufffd" }] } });
    fc.assert(fc.property(fc.json({ stringUnit: "binary" }), (text) => {
      const parsed = parseJson(text.replace(/[^\0-\x7f]/gu, (char) => char.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")));
      expect(parsed.ok && /[\ud800-\udfff]/u.test(JSON.stringify(parsed.value).replace(/\\\\/g, ""))).toBe(false);
    }));
  });

  it("never throws and never changes a prototype", () => {
    fc.assert(fc.property(fc.string(), (text) => void parseJson(text)));
    for (const key of ["__proto__", "\\u005f_proto__", "\\u005F\\u005f\\u0070roto__"]) {
      const parsed = parseJson(`{"a":{"${key}":{"admin":true}}}`);
      expect(parsed).toEqual({ ok: true, value: { a: {} } });
    }
  });
});
