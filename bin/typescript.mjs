// `node --import bin/typescript.mjs FILE.ts`: runs the project's TypeScript as it lies there, for the benches
// and for what they fork. Types are dropped, not checked.
import { register } from "node:module";

register("./typescript-hooks.mjs", import.meta.url);
