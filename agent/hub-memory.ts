/** Which hub this agent belongs to: what was typed now, over what is remembered. */
import { createHash } from "node:crypto";
import { type AgentConfig, ConfigError } from "./config";
import type { HubMemory } from "./state-dir";

/** The memory to start with. Throws ConfigError when it does not say enough to reach and to enter a hub. */
export function mergeHubMemory({ hub, pin, token }: Pick<AgentConfig, "hub" | "pin" | "token">, before: HubMemory | null): HubMemory {
  const line = "Paste the whole line that Add host shows in Binnacle";
  const address = hub ?? before?.hub;
  if (!address) throw new ConfigError(`The agent does not know its hub yet: --hub is missing. ${line}.`);
  // A new address of the same hub keeps its pin; a new pin is another hub, or one that was set up anew.
  const fingerprint = pin ?? before?.pin;
  if (!fingerprint) throw new ConfigError(`--pin is missing: without it the agent cannot tell its hub from another. ${line}.`);
  const same = before !== null && before.pin === fingerprint;
  const fresh = token !== null && !(same && before.usedToken === hashToken(token));
  if (!fresh && (!same || (before.hostId === null && before.token === null))) {
    throw new ConfigError(`The hub has not accepted this agent yet, so it needs a join token: --token is missing. ${line}.`);
  }
  return {
    hub: address,
    pin: fingerprint,
    hostId: same ? before.hostId : null,
    hostName: same ? before.hostName : null,
    token: fresh ? token : same ? before.token : null,
    usedToken: same ? before.usedToken : null,
  };
}

/** The memory once the hub has accepted: the token has served. */
export function afterAccept(memory: HubMemory, accepted: { hostId: string; hostName: string }): HubMemory {
  return { ...memory, ...accepted, token: null, usedToken: memory.token === null ? memory.usedToken : hashToken(memory.token) };
}

function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
