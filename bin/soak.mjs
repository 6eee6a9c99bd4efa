#!/usr/bin/env node
// `npm run soak -- NAME [--json] [--check]`: what only shows after minutes, on real hosts.
import { runMeasure } from "./run-measure.mjs";

await runMeasure("soak");
