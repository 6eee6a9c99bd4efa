#!/usr/bin/env node
// `npm run binnacle -- …`: the hub's administration by command line.
import { requireNode } from "./node-version.mjs";

requireNode();
const { runBundle } = await import("./run-bundle.mjs");
await runBundle("command", "binnacle.mjs");
