#!/usr/bin/env node
// `npm start`: install if needed, build if the sources changed, run the hub and this machine's agent.
import { requireNode } from "./node-version.mjs";

requireNode();
const { main } = await import("./console.mjs");
const { launch } = await import("./launcher.mjs");
await main(launch);
