#!/usr/bin/env node
// `npm run agent -- --hub URL --pin PIN --token TOKEN`: this machine as a host of a hub.
import { requireNode } from "./node-version.mjs";

requireNode();
const { runBundle } = await import("./run-bundle.mjs");
await runBundle("agent", "agent.mjs");
