// How Node is started for an agent, which shares its host with what it watches. As a program it prints the
// flags, for a shell that starts one.
import { argv, versions } from "node:process";
import { fileURLToPath } from "node:url";

const NODE = Number(versions.node.split(".")[0]);

/**
 * Flags of Node: one helper thread in place of four, a small nursery, and no compiler for code that is merely
 * warm: their machine code and tables cost an agent seven megabytes of memory. What is really hot, such as a
 * search through logs, is still compiled; Node 22 and later have no such budget to set.
 */
export const AGENT_FLAGS = ["--v8-pool-size=1", "--max-semi-space-size=1", "--no-sparkplug", ...(NODE === 20 ? ["--interrupt-budget=10000000"] : [])];

/** One arena of the C library's allocator: each thread's own would keep memory that no other can use. */
export const AGENT_ENV = { MALLOC_ARENA_MAX: "1" };

if (argv[1] === fileURLToPath(import.meta.url)) console.log(NODE < 20 ? "" : AGENT_FLAGS.join(" "));
