import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { AGENT_FLAGS } from "../bin/agent-flags.mjs";

/** Says whether a loop that is as hot as can be gets compiled, before and after the agent asked for it. */
const PROGRAM = `
  import { compileHotCode } from ${JSON.stringify(new URL("./compiler.ts", import.meta.url).href)};
  const OPTIMIZED = 1 << 4;
  const isCompiled = (limit) => {
    const hot = (n) => { let sum = 0; for (let i = 0; i < n; i++) sum = (sum * 31 + i) | 0; return sum; };
    for (let i = 0; i < limit; i++) {
      hot(20_000);
      if (%GetOptimizationStatus(hot) & OPTIMIZED) return true;
    }
    return false;
  };
  const before = isCompiled(500);
  compileHotCode();
  console.log(before, isCompiled(50_000));
`;

it("an agent's hot code is compiled once it follows or searches a log, and not before", () => {
  const args = [...AGENT_FLAGS, "--allow-natives-syntax", "--import", fileURLToPath(new URL("../bin/typescript.mjs", import.meta.url)), "--input-type=module", "-e", PROGRAM];
  expect(execFileSync(process.execPath, args, { encoding: "utf8" })).toBe("false true\n");
});
