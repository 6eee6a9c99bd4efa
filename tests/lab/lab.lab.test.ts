import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterEach, expect, test } from "vitest";
import { LAB_IMAGE, type Lab, startLab } from "./lab";

let lab: Lab | undefined;
afterEach(async () => {
  await lab?.down();
  lab = undefined;
});

test("two hosts see each other's network and neither sees the other's containers", { timeout: 60_000 }, async () => {
  lab = await startLab({ hosts: 2 });
  await lab.host(1).docker(["run", "-d", "--name", "only-here", LAB_IMAGE, "sleep", "600"]);
  expect(await lab.host(1).docker(["ps", "--format", "{{.Names}}"])).toBe("only-here");
  expect(await lab.host(2).docker(["ps", "--format", "{{.Names}}"])).toBe("");
  expect(await lab.host(2).exec(["hostname"])).toBe("h2");
  expect(await lab.hubExec(["busybox", "ping", "-c", "1", "-W", "2", lab.host(2).ip])).toContain("1 packets received");
});

test("killing a process inside a host ends the process and not just its wrapper", { timeout: 60_000 }, async () => {
  lab = await startLab({ hosts: 1, bare: true });
  const sleeper = lab.host(1).spawn(["sleep", "600"]);
  await expect.poll(() => sleeper.pid()).toBeDefined();
  const pid = sleeper.pid();
  sleeper.kill("SIGKILL");
  await sleeper.exited;
  await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false);
});

test("nothing is left when the owner of a lab is killed", { timeout: 60_000 }, async () => {
  const scratch = mkdtempSync(join(tmpdir(), "lab-owner-"));
  try {
    const program = join(scratch, "owner.mjs");
    await build({
      stdin: { contents: `import { startLab } from "./lab"; console.log((await startLab({ hosts: 1, bare: true })).dir);`, resolveDir: import.meta.dirname },
      bundle: true, platform: "node", format: "esm", outfile: program,
      define: { "import.meta.url": JSON.stringify(new URL("lab.ts", import.meta.url).href) },
    });
    const owner = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
    const dir = await new Promise<string>((resolve) => owner.stdout.once("data", (text: Buffer) => resolve(text.toString().trim())));
    expect(existsSync(`${dir}/h1/docker.sock`)).toBe(true);
    owner.kill("SIGKILL");
    await expect.poll(() => existsSync(dir), { timeout: 20_000, interval: 100 }).toBe(false);
    expect(readFileSync("/proc/mounts", "utf8")).not.toContain(`${dir}/`);
  } finally {
    rmSync(scratch, { recursive: true });
  }
});
