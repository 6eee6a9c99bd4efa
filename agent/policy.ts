/**
 * The host owner's policy: the last word on this host. It is decided by --allow at the agent's start and
 * by nothing that a hub says.
 */
import type { Effect } from "@/protocol/contract";
import type { Allowance } from "@/protocol/shapes";

const ALLOWED: Readonly<Record<Allowance, readonly Effect[]>> = {
  view: ["read"],
  operate: ["read", "change"],
  all: ["read", "change", "destroy"],
};

/** Whether a host whose owner allows `allow` does something with this effect. */
export function permits(allow: Allowance, effect: Effect): boolean {
  return ALLOWED[allow].includes(effect);
}

/** Why it does not, and who can change that. */
export function refusalSentence(allow: Allowance, effect: Effect, verb: string): string {
  const enough = effect === "change" ? `--allow operate or --allow all` : `--allow all`;
  return `The owner of this host allows "${allow}" only, so its agent refuses ${verb}. Whoever owns it can start the agent there with ${enough}.`;
}
