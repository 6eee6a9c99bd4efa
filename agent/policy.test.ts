import { expect, it } from "vitest";
import { CONTRACT, VERB_NAMES } from "@/protocol/contract";
import { Allowance } from "@/protocol/shapes";
import { permits, refusalSentence } from "./policy";

it.each(VERB_NAMES)("%s is allowed by exactly the levels that its effect needs", (verb) => {
  const { effect } = CONTRACT[verb];
  const allowedBy = Allowance.options.filter((allow) => permits(allow, effect));
  expect(allowedBy).toEqual({ read: ["view", "operate", "all"], change: ["operate", "all"], destroy: ["all"] }[effect]);
});

it("a refusal says who decided it and which levels are enough", () => {
  expect(refusalSentence("view", "change", "container.stop")).toMatch(/owner.*"view".*--allow operate or --allow all/);
  expect(refusalSentence("operate", "destroy", "container.remove")).not.toContain("--allow operate");
});
