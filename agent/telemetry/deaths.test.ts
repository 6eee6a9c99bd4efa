import { expect, it } from "vitest";
import { createDeaths } from "./deaths";

const TERM = 15, HUP = 1, WINCH = 28;

it("a death after a deadly signal was asked for, however long it took, until the next run begins", () => {
  const deaths = createDeaths();
  deaths.signalled("a", TERM, 0, null);
  expect(deaths.wasAsked("a", 600_000)).toBe(true);
  deaths.started("a");
  expect(deaths.wasAsked("a", 600_001)).toBe(false);
});

it("a reload does not excuse a crash an hour later, but does explain a death at once", () => {
  const deaths = createDeaths();
  deaths.signalled("a", HUP, 0, null);
  expect(deaths.wasAsked("a", 100)).toBe(true);
  expect(deaths.wasAsked("a", 3_600_000)).toBe(false);
  deaths.signalled("a", TERM, 0, null);
  deaths.signalled("a", HUP, 10, null);
  expect(deaths.wasAsked("a", 3_600_000)).toBe(true);
});

it("the container's own stop signal counts as a deadly one", () => {
  const deaths = createDeaths();
  deaths.signalled("a", WINCH, 0, WINCH);
  expect(deaths.wasAsked("a", 60_000)).toBe(true);
  deaths.signalled("b", WINCH, 0, null);
  expect(deaths.wasAsked("b", 60_000)).toBe(false);
});

it("an unknown container was not asked to die, and a forgotten one is unknown", () => {
  const deaths = createDeaths();
  expect(deaths.wasAsked("a", 0)).toBe(false);
  deaths.stopped("a");
  deaths.stopped("b");
  deaths.keepOnly(new Set(["b"]));
  expect([deaths.wasAsked("a", 0), deaths.wasAsked("b", 0)]).toEqual([false, true]);
});
