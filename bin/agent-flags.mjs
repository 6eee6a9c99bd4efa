// How Node is started for an agent, which shares its host with what it watches. As a program it prints the
// flags, for a shell that starts one.
import { argv } from "node:process";
import { fileURLToPath } from "node:url";

/**
 * Flags of Node: one helper thread in place of four, a small nursery, and no optimizing compiler, which takes
 * four megabytes as soon as it is used. The agent turns it on for what is worth it (agent/compiler.ts).
 */
export const AGENT_FLAGS = ["--v8-pool-size=1", "--max-semi-space-size=1", "--no-opt"];

/** One arena of the C library's allocator: each thread's own would keep memory that no other can use. */
export const AGENT_ENV = { MALLOC_ARENA_MAX: "1" };

if (argv[1] === fileURLToPath(import.meta.url)) console.log(AGENT_FLAGS.join(" "));
