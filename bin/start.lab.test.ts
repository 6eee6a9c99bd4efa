/** `npm start` as a person runs it, on the built product: what it says, and what it leaves behind when it ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "@libsql/client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../tests/lab/eventually";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const READY_WITHIN_MS = 60_000;
const GONE_WITHIN_MS = 5_000;

interface Start {
  child: ChildProcess;
  log(): string;
  /** The address it prints when it is ready. */
  ready(): Promise<string>;
  /** The programs it runs: the hub, and the agent where one runs. */
  programs(): number[];
  exited: Promise<number | null>;
}

let directory = "";
const started: Start[] = [];

beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "bs-"))));
afterEach(async () => {
  for (const one of started.splice(0)) {
    const programs = one.programs();
    one.child.kill("SIGKILL");
    for (const pid of programs) if (isAlive(pid)) process.kill(pid, "SIGKILL");
    await one.exited;
  }
  rmSync(directory, { recursive: true, force: true });
});

const isAlive = (pid: number) => existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
const childrenOf = (pid: number) => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  } catch {
    return []; // ended
  }
};
const isOurs = (pid: number) => /dist\/(hub|agent)\.mjs/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
const below = (pid: number): number[] => childrenOf(pid).flatMap((child) => [child, ...below(child)]);

function start(command: string[] = [process.execPath, "bin/start.mjs"], env: Record<string, string> = {}): Start {
  const [program, ...args] = command as [string, ...string[]];
  const child = spawn(program, args, {
    cwd: ROOT,
    // An engine that is not there: its agent runs and says so.
    env: { ...process.env, PORT: "0", BINNACLE_HOST: "127.0.0.1", BINNACLE_DATA: join(directory, "data"), DOCKER_HOST: `unix://${directory}/none.sock`, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  const seen = new Set<number>();
  const one: Start = {
    child,
    log: () => text,
    exited,
    programs() {
      if (child.pid !== undefined && child.exitCode === null) for (const pid of below(child.pid)) if (isAlive(pid) && isOurs(pid)) seen.add(pid);
      return [...seen];
    },
    ready: () =>
      eventually("npm start is ready", () => {
        if (child.exitCode !== null) throw new Error(`npm start ended:\n${text}`);
        return /Binnacle is ready\s+(http:\S+)/.exec(text)?.[1];
      }, READY_WITHIN_MS),
  };
  started.push(one);
  return one;
}

const both = (one: Start) => eventually("hub and agent run", () => one.programs().length === 2 && one.programs(), READY_WITHIN_MS);
const allGone = (pids: number[]) => eventually("hub and agent are gone", () => !pids.some(isAlive), GONE_WITHIN_MS);
/** A sentence for a person, and no stack trace. */
const expectPlain = (text: string) => expect(text).not.toMatch(/\n\s+at \S+ \(/);

describe("npm start", () => {
  it("answers at the address it prints, shows the set-up link once, and stops within 5 s", async () => {
    const first = start();
    const url = await first.ready();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(first.log()).toMatch(/http:\S+\/set-up#[\w-]{20,}/);
    const pids = await both(first);
    const began = performance.now();
    first.child.kill("SIGTERM");
    expect(await first.exited).toBe(0);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it("leaves nothing running when npm, its parent, is ended", async () => {
    const npm = start(["npm", "start"]);
    await npm.ready();
    const pids = await both(npm);
    npm.child.kill("SIGTERM");
    await npm.exited;
    await allGone(pids);
  });

  it("leaves nothing running when it is killed itself", async () => {
    const one = start();
    await one.ready();
    const pids = await both(one);
    one.child.kill("SIGKILL");
    await one.exited;
    await allGone(pids);
  });

  it("ends with the hub, and says so", async () => {
    const one = start();
    await one.ready();
    const pids = await both(one);
    const hub = pids.find((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("hub.mjs"))!;
    process.kill(hub, "SIGKILL");
    expect(await one.exited).toBe(1);
    expect(one.log()).toContain("The hub ended unexpectedly (signal SIGKILL)");
    await allGone(pids);
  });

  it("starts this machine's agent again when it dies", async () => {
    const one = start();
    await one.ready();
    const agent = (await both(one)).find((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("agent.mjs"))!;
    process.kill(agent, "SIGKILL");
    await eventually("another agent runs", () => one.programs().filter(isAlive).length === 2 && one.programs().length === 3);
    expect(one.log()).toContain("This machine's agent ended (SIGKILL)");
  });

  it("makes the first administrator from the environment, without a link", async () => {
    const one = start(undefined, { BINNACLE_ADMIN_EMAIL: "ana@example.test", BINNACLE_ADMIN_PASSWORD: "correct horse battery" });
    await one.ready();
    expect(one.log()).not.toContain("/set-up#");
  });

  it("names a port that is taken", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    const one = start(undefined, { PORT: String(port) });
    expect(await one.exited).toBe(1);
    other.close();
    expect(one.log()).toContain(String(port));
    expectPlain(one.log());
  });

  it("names a data directory that cannot be written", async () => {
    const file = join(directory, "a-file");
    writeFileSync(file, "");
    const one = start(undefined, { BINNACLE_DATA: join(file, "data") });
    expect(await one.exited).toBe(1);
    expect(one.log()).toContain(file);
    expectPlain(one.log());
  });

  it("refuses a database from a newer version and leaves it as it is", async () => {
    const first = start(undefined, { BINNACLE_ADMIN_EMAIL: "ana@example.test", BINNACLE_ADMIN_PASSWORD: "correct horse battery" });
    await first.ready();
    first.child.kill("SIGTERM");
    await first.exited;
    const database = createClient({ url: `file:${join(directory, "data/binnacle.db")}` });
    await database.execute("INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, started_at, applied_steps_count) VALUES ('x', 'x', '99991231000000_future', 1, 1, 1)");
    database.close();
    const second = start();
    expect(await second.exited).toBe(1);
    expect(second.log()).toMatch(/newer/i);
    expectPlain(second.log());
  });
});
