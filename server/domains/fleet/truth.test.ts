import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Container } from "@/protocol/shapes";
import { parseFrame } from "./telemetry";
import { testContainer } from "./testing";
import { FrameRefused } from "@/server/live/link-reader";
import { createHostTruth, type TruthFrame } from "./truth";

const list = (containers: Container[], part = 0, last = true): TruthFrame => ({ frame: "list", at: 0, part, last, containers });
const a = testContainer("a");
const b = testContainer("b");

describe("the truth about one host", () => {
  it("shows a list only when it is whole", () => {
    const truth = createHostTruth("h");
    truth.apply(list([a]), 1);
    expect(truth.apply(list([b], 0, false), 2)).toEqual({ changed: [], gone: [] });
    expect([...truth.ids()]).toEqual([a.id]);
    expect(truth.apply(list([], 1, true), 3)).toEqual({ changed: [b.id], gone: [a.id] });
    expect([...truth.ids()]).toEqual([b.id]);
  });
  it("keeps what came while a list was in the making, because it is newer", () => {
    const truth = createHostTruth("h");
    truth.apply(list([a, b], 0, false), 1);
    truth.apply({ frame: "container", at: 0, container: { ...a, state: "exited" } }, 2);
    truth.apply({ frame: "gone", at: 0, id: b.id }, 3);
    truth.apply(list([], 1, true), 4);
    expect([...truth.all()].map((known) => known.container.state)).toEqual(["exited"]);
  });
  it("tells nobody of what stayed the same, and still confirms it", () => {
    const truth = createHostTruth("h");
    truth.apply(list([a]), 1);
    expect(truth.apply(list([structuredClone(a)]), 50)).toEqual({ changed: [], gone: [] });
    const known = truth.get(a.id);
    expect(known && truth.confirmedAt(known)).toBe(50);
  });
  it("reads a beat's age by its own clock, however that is set", () => {
    for (const skew of [0, 3_600_000, 1e12]) {
      const truth = createHostTruth("h");
      truth.apply(list([a]), 1_000);
      truth.apply({ frame: "beat", at: skew + 9_000, listedAt: skew + 8_000 }, 20_000);
      expect(truth.listedAt()).toBe(19_000);
      truth.apply({ frame: "beat", at: skew, listedAt: skew + 8_000 }, 20_001);
      expect(truth.listedAt()).toBe(20_001);
    }
  });
  it("confirms nothing by a beat before the first list of a stream", () => {
    const truth = createHostTruth("h");
    truth.restore([{ container: a, confirmedAt: 5 }], 7);
    truth.begin();
    truth.apply({ frame: "beat", at: 9, listedAt: 9 }, 100);
    expect(truth.listedAt()).toBe(7);
    expect(truth.synced()).toBe(false);
  });
  it("refuses parts out of turn", () => {
    expect(() => createHostTruth("h").apply(list([a], 1), 1)).toThrow(FrameRefused);
    const truth = createHostTruth("h");
    truth.apply(list([a], 0, false), 1);
    expect(() => truth.apply(list([a], 2), 1)).toThrow(FrameRefused);
  });
  it("is bounded, however many containers a host invents", () => {
    const truth = createHostTruth("h");
    const wide = { ...a, image: "x".repeat(1_024) };
    expect(() => {
      for (let i = 0; ; i += 1) truth.apply({ frame: "container", at: 0, container: { ...wide, id: i.toString(16).padStart(12, "0") } }, 1);
    }).toThrow(/more than/);
  });
  it("ends as the engine's own state, for any order of lists and changes", () => {
    const names = ["a", "b", "c"];
    const step = fc.record({ name: fc.constantFrom(...names), kind: fc.constantFrom("set", "gone", "list", "part"), state: fc.constantFrom("running", "exited", "paused") });
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const engine = new Map<string, Container>();
      const truth = createHostTruth("h");
      let pages: TruthFrame[] = [];
      const seen = new Map<string, string>(); // what a page would hold
      const apply = (frame: TruthFrame) => {
        const { changed, gone } = truth.apply(frame, 1);
        for (const id of changed) seen.set(id, truth.get(id)?.text ?? "missing");
        for (const id of gone) seen.delete(id);
      };
      const relist = () => {
        const all = [...engine.values()];
        pages = [list(all.slice(0, 1), 0, false), list(all.slice(1, 2), 1, false), list(all.slice(2), 2, true)];
      };
      for (const { name, kind, state } of steps) {
        const container = testContainer(name, { state: state as Container["state"] });
        if (kind === "set") {
          engine.set(container.id, container);
          apply({ frame: "container", at: 0, container });
        } else if (kind === "gone") {
          engine.delete(container.id);
          apply({ frame: "gone", at: 0, id: container.id });
        } else if (kind === "list" && pages.length === 0) relist();
        const page = pages.shift();
        if (page) apply(page);
      }
      for (const page of pages) apply(page);
      expect(new Map([...truth.all()].map((known) => [known.container.id, known.text]))).toEqual(seen);
      expect([...seen.keys()].sort()).toEqual([...engine.keys()].sort());
      for (const container of engine.values()) expect(seen.get(container.id)).toBe(JSON.stringify(container));
    }));
  });
});

describe("a line of telemetry", () => {
  const frame = (over: object) => JSON.stringify({ frame: "container", at: 1, container: { ...a, ...over } });
  it.each([
    ["nothing that parses", "{\"frame\":"],
    ["an unknown frame", "{\"frame\":\"shell\",\"at\":1}"],
    ["100,000 brackets", "[".repeat(100_000)],
    ["1e400", "{\"frame\":\"beat\",\"at\":1e400,\"listedAt\":null}"],
    ["2^53+1", frame({ exitCode: 2 ** 53 + 2 })],
    ["an id that is a path", frame({ id: "../../version" })],
    ["a name of a megabyte", frame({ name: "x".repeat(1 << 20) })],
    ["a time after the year 9999", "{\"frame\":\"beat\",\"at\":1e300,\"listedAt\":null}"],
    ["a number for a frame", "17"],
  ])("is refused when it is %s", (_, line) => {
    expect(() => parseFrame(line)).toThrow(FrameRefused);
  });
  it("sets no prototype by its labels", () => {
    const text = frame({}).replace("\"labels\":{}", "\"labels\":{\"__proto__\":\"x\",\"constructor\":\"y\"}");
    const parsed = parseFrame(text);
    expect(parsed.frame === "container" && Object.getPrototypeOf(parsed.container.labels)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });
  it("takes hostile names as what they are: text", () => {
    for (const name of ["--help", "a%2f..%2fb", "<img onerror=x>", "\u202Egnp", "😀", "x".repeat(255)]) {
      const parsed = parseFrame(frame({ name }));
      expect(parsed.frame === "container" && parsed.container.name).toBe(name);
    }
  });
});
