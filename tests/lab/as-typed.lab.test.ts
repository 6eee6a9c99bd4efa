/** The lines of README.md, typed as they stand there, through npm. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isFresh } from "@/server/domains/fleet/schema";
import { eventually } from "./eventually";
import { mirrorFleet } from "./fleet-mirror";
import { ADMIN, install, type Installation } from "./installation";
import { type Lab, startLab } from "./lab";
import { follow, ROOT, type Program } from "./processes";

const README = readFileSync(join(ROOT, "README.md"), "utf8");
let lab: Lab;
let binnacle: Installation;
const programs: Program[] = [];

/** `npm run binnacle -- …` on the hub's machine; its exit code and what it printed. */
async function command(...words: string[]): Promise<{ code: number; out: string }> {
  const env = { ...process.env, BINNACLE_DATA: binnacle.dataDir, BINNACLE_PUBLIC_URL: binnacle.url };
  const run = promisify(execFile)("npm", ["run", "--silent", "binnacle", "--", ...words], { cwd: ROOT, env });
  return run.then(({ stdout }) => ({ code: 0, out: stdout }), (error: { code: number; stdout: string; stderr: string }) => ({ code: error.code, out: error.stdout + error.stderr }));
}

beforeAll(async () => {
  lab = await startLab({ hosts: 1 });
  binnacle = await install(lab);
}, 120_000);
afterAll(async () => {
  for (const program of programs) await program.kill();
  await binnacle?.close();
  await lab?.down();
});

describe("what README.md has a newcomer type", () => {
  it("makes a join line on the command line, and that line, pasted on a host, adds it", async () => {
    expect(README).toContain("npm run binnacle -- token create-join");
    expect(README).toContain("npm run agent -- --hub");
    const made = await command("token", "create-join");
    expect(made.code, made.out).toBe(0);
    const line = /npm run agent -- .+/.exec(made.out)?.[0] ?? "";
    const host = lab.host(1);
    const words = line.split(" ").slice(1); // without "npm"; the checkout's folder is named, since a host's shell begins in /
    programs.push(follow(host.spawn(["npm", "--prefix", ROOT, ...words, "--name", "pasted", "--docker", `unix://${host.socket}`, "--state-dir", join(binnacle.dataDir, "pasted")])));
    const { api } = await binnacle.client();
    const fleet = mirrorFleet(api);
    await eventually("the host is in the table", () => isFresh(fleet.host("pasted")), 60_000);
    fleet.close();
  });

  it("lists who may sign in and which lines are open, and explains an unknown command", async () => {
    expect((await command("user", "list")).out).toContain(ADMIN.email);
    expect((await command("token", "list")).code).toBe(0);
    const unknown = await command("token", "make-me-one");
    expect(unknown.code).toBe(2);
    expect(unknown.out).toContain("token create-join");
  });

  it("names every setting and flag that README.md's tables name, and no other", async () => {
    const help = (await promisify(execFile)(process.execPath, [join(ROOT, "dist/agent.mjs"), "--help"])).stdout;
    const flags = (text: string) => [...new Set(text.match(/--(?:hub|pin|token|name|docker|state-dir|allow)\b/g))].sort();
    expect(flags(README.slice(README.indexOf("| agent flag")))).toEqual(flags(help));
  });
});
