import { describe, expect, it } from "vitest";
import { arrange, notable, type Order } from "./arrangement";
import { parseFilter } from "./filter";
import { toRow } from "./fleet-row";
import { someContainer, someHost, someRow } from "./test-fleet";

const one = someHost("one");
const two = someHost("two");
const away = someHost("away", { link: "down" });
const rows = [
  someRow(two, "web-10", { stack: "shop" }),
  someRow(one, "web-2", { stack: "shop", health: "unhealthy" }),
  someRow(one, "alone", { state: "exited", exitCode: 0, finishedAt: 900 }),
  someRow(away, "edge", { stack: "edge" }),
];
const byName: Order = { by: "name", descending: false };
const none = new Set<string>();

describe("arrangement of the fleet", () => {
  it("puts a stack that runs on two hosts into one group, and those without a stack last", () => {
    const { groups } = arrange(rows, [], "stack", byName, none);
    expect(groups.map((group) => group.name)).toEqual(["edge", "shop", null]);
    expect(groups[1]!.hosts.map((host) => host.name)).toEqual(["one", "two"]);
    expect(notable(groups[1]!.counts)).toEqual([{ condition: "failing", count: 1 }]);
  });
  it("orders numbers in names as numbers", () => {
    expect(arrange(rows, [], "none", byName, none).shown.map((row) => row.container.name)).toEqual(["alone", "edge", "web-2", "web-10"]);
    expect(arrange(rows, [], "none", { by: "name", descending: true }, none).shown[0]!.container.name).toBe("web-10");
  });
  it("sorts by state with what fails first and by age with the oldest first", () => {
    expect(arrange(rows, [], "none", { by: "state", descending: false }, none).shown[0]!.container.name).toBe("web-2");
    expect(arrange(rows, [], "none", { by: "up", descending: false }, none).shown.at(-1)!.container.name).toBe("alone");
  });
  it("sorts by what is used, with what nobody knows last either way", () => {
    const used: Record<string, { cpu: number | null; memory: number | null }> = { "web-10": { cpu: 0.1, memory: 9 }, "web-2": { cpu: 0.8, memory: 3 }, alone: { cpu: 5, memory: 99 }, edge: { cpu: 5, memory: 99 } };
    const of = (id: string) => used[rows.find((row) => row.id === id)!.container.name];
    const names = (order: Order) => arrange(rows, [], "none", order, none, of).shown.map((row) => row.container.name);
    expect(names({ by: "cpu", descending: true })).toEqual(["web-2", "web-10", "alone", "edge"]);
    expect(names({ by: "cpu", descending: false })).toEqual(["web-10", "web-2", "alone", "edge"]);
    expect(names({ by: "memory", descending: true })).toEqual(["web-10", "web-2", "alone", "edge"]);
    expect(arrange(rows, [], "none", { by: "cpu", descending: true }, none).shown, "without figures it is the order of names").toHaveLength(4);
  });
  it("leaves out the rows of a folded group, not the group, and keeps them in what is shown", () => {
    const { lines, shown } = arrange(rows, [], "host", byName, new Set(["h:host-one"]));
    expect(lines.filter((line) => line.type === "group")).toHaveLength(3);
    expect(lines.some((line) => line.type === "row" && line.row.hostName === "one")).toBe(false);
    expect(shown).toHaveLength(4);
  });
  it("counts states beside the state terms, so that a lit chip does not empty the others", () => {
    const { counts, shown } = arrange(rows, parseFilter("state:failing host:one,away"), "none", byName, none);
    expect(shown).toHaveLength(1);
    expect(counts).toMatchObject({ failing: 1, stopped: 1, unknown: 1, running: 0 });
  });
  it("arranges 10,000 containers without losing one, in far less than quadratic time", () => {
    const many = Array.from({ length: 10_000 }, (_, n) => someRow(n % 2 ? one : two, `svc-${(n * 7919) % 10_000}`, { stack: `s${n % 300}` }));
    const began = performance.now();
    const { shown, groups } = arrange(many, parseFilter("svc state:running"), "stack", byName, none);
    // Some 25 ms on a quiet machine; the bound only tells it from a quadratic one on a busy one.
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(new Set(shown.map((row) => row.id)).size).toBe(10_000);
    expect(groups).toHaveLength(300);
  });
});

describe("rows", () => {
  it("are the same object while nothing that they show has changed", () => {
    const container = someContainer(one, "web");
    const first = toRow(container, one);
    expect(toRow(container, { ...one, confirmedAt: 9_999 })).toBe(first);
    expect(toRow(container, { ...one, link: "down" })).not.toBe(first);
    expect(toRow({ ...container }, one)).not.toBe(first);
  });
});
