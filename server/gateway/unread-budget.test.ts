import { expect, it } from "vitest";
import { LIMITS } from "@/protocol/limits";
import { silentLogger } from "@/server/lib/logger";
import { createUnreadBudget, type Held } from "./unread-budget";

/** Requests that hold so many bytes each; a cut one holds none and is written down. */
function requestsOf(sizes: number[]) {
  const cut: number[] = [];
  const held: Held[] = sizes.map((bytes, i) => ({ bytes, cut: () => (cut.push(i), (held[i] as Held).bytes = 0) }));
  return { held: () => held, cut };
}

it("cuts off the fullest requests, and no more of them than it takes to be within the budget", () => {
  const { held, cut } = requestsOf([10, 60, 20, 50]);
  const budget = createUnreadBudget(held, silentLogger, 100);
  expect(budget.bytes()).toBe(140);
  budget.received(LIMITS.hubUnreadLookBytes);
  expect(cut).toEqual([1]);
  expect(budget.bytes()).toBe(80);
});

it("leaves everybody alone within the budget, and looks only after enough was read", () => {
  const within = requestsOf([50, 50]);
  createUnreadBudget(within.held, silentLogger, 100).received(LIMITS.hubUnreadLookBytes);
  expect(within.cut).toEqual([]);
  const over = requestsOf([200]);
  const budget = createUnreadBudget(over.held, silentLogger, 100);
  budget.received(LIMITS.hubUnreadLookBytes - 1);
  expect(over.cut).toEqual([]);
  budget.received(1);
  expect(over.cut).toEqual([0]);
});
