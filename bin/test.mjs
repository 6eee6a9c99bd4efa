#!/usr/bin/env node
// `npm test`: everything, on a checkout without node_modules. The last line is the sum.
import { requireNode } from "./node-version.mjs";

requireNode();
const { main } = await import("./console.mjs");
const { test } = await import("./test-run.mjs");
await main(test);
