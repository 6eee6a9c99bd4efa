#!/usr/bin/env node
// `npm run bench -- NAME [--json] [--check]`: figures beside their bounds.
import { runMeasure } from "./run-measure.mjs";

await runMeasure("bench");
