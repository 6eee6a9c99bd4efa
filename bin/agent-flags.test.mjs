import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { AGENT_ENV, AGENT_FLAGS } from "./agent-flags.mjs";

const textOf = (path) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const env = Object.entries(AGENT_ENV).map(([name, value]) => `${name}=${value}`).join(" ");

describe("the flags of an agent's Node", () => {
  it("are known to this Node, which refuses to start with one it does not know", () => {
    expect(execFileSync(process.execPath, [...AGENT_FLAGS, "-p", "1 + 1"], { encoding: "utf8" })).toBe("2\n");
  });

  it("are what npm run agent starts it with", () => {
    expect(JSON.parse(textOf("package.json")).scripts.agent).toBe(`${env} exec node $(node bin/agent-flags.mjs) bin/agent.mjs`);
    expect(execFileSync(process.execPath, [fileURLToPath(new URL("agent-flags.mjs", import.meta.url))], { encoding: "utf8" })).toBe(`${AGENT_FLAGS.join(" ")}\n`);
  });

  it("are what its container starts it with", () => {
    const dockerfile = textOf("agent/Dockerfile");
    const entrypoint = JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)?.[1] ?? "[]");
    expect(entrypoint).toEqual(["node", ...AGENT_FLAGS, "/agent.mjs"]);
    expect(dockerfile).toContain(`ENV ${env}\n`);
  });
});
