/**
 * V8's optimizing compiler, which the agent is started without (bin/agent-flags.mjs): it takes four megabytes
 * of memory as soon as it is used, and measuring and telling gain nothing from it. Reading and searching
 * logs gain several times.
 */
import { setFlagsFromString } from "node:v8";

/** From now on what is hot is compiled, until this process ends. Costs nothing when it is so already. */
export function compileHotCode(): void {
  setFlagsFromString("--opt");
}
