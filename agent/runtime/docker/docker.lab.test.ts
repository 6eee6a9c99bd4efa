import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Container } from "@/protocol/shapes";
import { createReflector, type Happening, type Reflector } from "@/agent/reflector";
import { systemClock } from "@/agent/clock";
import { silentLog } from "@/agent/log";
import { makeWitness, type Witness } from "@/agent/testing";
import { LAB_IMAGE, type Lab, type LabHost, startLab } from "@/tests/lab/lab";
import type { Runtime } from "../runtime";
import { createDockerRuntime } from "./docker";

let lab: Lab;
let host: LabHost;
let runtime: Runtime;
let reflector: Reflector;
let told: Witness;

beforeAll(async () => {
  lab = await startLab({ hosts: 1 });
  host = lab.host(1);
});
afterAll(() => lab?.down());
afterEach(async () => {
  reflector?.stop();
  const ids = (await host.docker(["ps", "-aq"])).split("\n").filter(Boolean);
  if (ids.length > 0) await host.docker(["rm", "-f", ...ids]);
});

function runtimeAt(socket: string): Runtime {
  return createDockerRuntime({ candidates: () => [{ from: "--docker", address: { kind: "unix", path: socket } }], clock: systemClock });
}
/** A started reflector over the host's engine, and what it was told. */
async function reflect(socket = host.socket): Promise<void> {
  runtime = runtimeAt(socket);
  told = makeWitness();
  reflector = createReflector({ runtime, clock: systemClock, log: silentLog, stepAt: () => null, ...told.options });
  reflector.start();
  if (socket === host.socket) await expect.poll(() => reflector.status().state, { timeout: 10_000 }).toBe("up");
}
const byName = (name: string): Container | undefined => [...reflector.containers().values()].find((container) => container.name === name);
const state = (name: string) => byName(name)?.state;
const events = (name: string): Happening[] => told.events.filter((event) => event.name === name);
const kinds = (name: string) => events(name).map(({ kind }) => kind);
const poll = { timeout: 15_000, interval: 20 };
/** Ends by itself when it is asked to, as most programs do. */
const POLITE = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done"];
const run = (name: string, args: string[], command: string[]) => host.docker(["run", "-d", "--name", name, ...args, LAB_IMAGE, ...command]);

describe("what is there", () => {
  it("is read with its identity, ports, labels and restart policy", async () => {
    await run("shop-web-2", ["-p", "8080:80", "--restart", "unless-stopped", "--label", "com.docker.compose.project=shop", "--label", "com.docker.compose.service=web", "--label", "com.docker.compose.container-number=2", "--expose", "9/udp"], ["sleep", "600"]);
    await reflect();
    expect(reflector.status()).toMatchObject({ state: "up", why: null, engine: "docker", apiVersion: "1.41" });
    const web = byName("shop-web-2");
    expect(web).toMatchObject({ target: { namespace: "shop", workload: "web", replica: 2 }, image: LAB_IMAGE, state: "running", health: "none", exitCode: null, oomKilled: false, restartPolicy: "unless-stopped", restartCount: 0, labelsCut: 0 });
    expect(web?.ports).toContainEqual({ private: 80, public: 8080, protocol: "tcp", address: "0.0.0.0" });
    expect(web?.ports).toContainEqual({ private: 9, public: null, protocol: "udp", address: null });
    expect(Math.abs((web?.startedAt ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  it("follows create, health, pause, rename and removal as they happen", async () => {
    await reflect();
    await run("changing", ["--health-cmd", "true", "--health-interval", "1s"], ["sleep", "600"]);
    await expect.poll(() => byName("changing")?.health, poll).toBe("healthy");
    await host.docker(["pause", "changing"]);
    await expect.poll(() => state("changing"), poll).toBe("paused");
    await host.docker(["unpause", "changing"]);
    await expect.poll(() => state("changing"), poll).toBe("running");
    await host.docker(["rename", "changing", "changed"]);
    await expect.poll(() => byName("changed")?.target.workload, poll).toBe("changed");
    await host.docker(["update", "--restart", "always", "changed"]);
    await expect.poll(() => byName("changed")?.restartPolicy, poll).toBe("always");
    await host.docker(["rm", "-f", "changed"]);
    await expect.poll(() => byName("changed"), poll).toBeUndefined();
    expect(kinds("changing")).toEqual(["create", "start", "health", "pause", "unpause"]);
    expect(events("changing").find(({ kind }) => kind === "health")?.health).toBe("healthy");
  });

  it("keeps a target over a recreate under the same name, as another generation", async () => {
    await run("again", [], ["sleep", "600"]);
    await reflect();
    const first = byName("again");
    await host.docker(["rm", "-f", "again"]);
    await run("again", [], ["sleep", "600"]);
    await expect.poll(() => state("again") === "running" && byName("again")?.id !== first?.id, poll).toBe(true);
    expect(byName("again")?.target).toEqual(first?.target);
    expect([...reflector.containers().values()].filter(({ name }) => name === "again")).toHaveLength(1);
  });

  it("reads a stopped container's own changes, which its list entry does not show", async () => {
    await run("resting", [], ["true"]);
    await reflect();
    await expect.poll(() => state("resting"), poll).toBe("exited");
    await host.docker(["update", "--restart", "always", "resting"]);
    await expect.poll(() => byName("resting")?.restartPolicy, poll).toBe("always");
    const listed = await runtime.list();
    expect(listed.find(({ container }) => container.name === "resting")?.container.restartPolicy).toBe("always");
  });
});

describe("a death", () => {
  const death = async (name: string) => {
    await expect.poll(() => events(name).some(({ kind }) => kind === "die"), poll).toBe(true);
    return events(name).find(({ kind }) => kind === "die");
  };

  it("by its own is nobody's wish, with its exit code", async () => {
    await reflect();
    await run("fails", [], ["sh", "-c", "exit 3"]);
    expect(await death("fails")).toMatchObject({ exitCode: 3, asked: false });
    await expect.poll(() => byName("fails"), poll).toMatchObject({ state: "exited", exitCode: 3 });
  });

  it.each([
    ["stop", ["stop", "-t", "5"]],
    ["kill", ["kill"]],
    ["restart", ["restart", "-t", "5"]],
    ["rm -f", ["rm", "-f"]],
  ])("by docker %s was asked for", async (_, command) => {
    await reflect();
    await run("asked", [], POLITE);
    await expect.poll(() => state("asked"), poll).toBe("running");
    await host.docker([...command, "asked"]);
    expect(await death("asked")).toMatchObject({ asked: true });
  });

  it("by the container's own stop signal was asked for, one long after a reload was not", async () => {
    await reflect();
    await run("asked", ["--stop-signal", "SIGUSR1"], ["sh", "-c", "trap 'exit 0' USR1; while :; do sleep 0.05; done"]);
    await expect.poll(() => state("asked"), poll).toBe("running");
    await host.docker(["stop", "-t", "10", "asked"]);
    expect(await death("asked")).toMatchObject({ exitCode: 0, asked: true });
  });

  it("in a later run than the one that was killed was not asked for", async () => {
    await reflect();
    await run("twice", [], POLITE);
    await host.docker(["stop", "-t", "5", "twice"]);
    await host.docker(["start", "twice"]);
    await expect.poll(() => state("twice"), poll).toBe("running");
    // From inside, where no engine sees the signal. `sh` is 1 in its own namespace and has a handler for TERM.
    await host.docker(["exec", "twice", "kill", "-TERM", "1"]);
    await expect.poll(() => events("twice").filter(({ kind }) => kind === "die"), poll).toMatchObject([{ asked: true }, { asked: false }]);
  });

  it("for want of memory says so, in the event and on the container", async () => {
    await reflect();
    await run("greedy", ["-m", "16m", "--memory-swap", "16m"], ["tail", "/dev/zero"]);
    expect(await death("greedy")).toMatchObject({ exitCode: 137, asked: false });
    await expect.poll(() => byName("greedy"), poll).toMatchObject({ state: "exited", exitCode: 137, oomKilled: true });
    expect(kinds("greedy")).toContain("oom");
  });
});

describe("an engine", () => {
  it("killed and started again is followed again, and what died meanwhile is found", async () => {
    await run("victim", [], ["sleep", "600"]);
    await run("phoenix", ["--restart", "always"], ["sleep", "600"]);
    await reflect();
    const before = byName("phoenix")?.startedAt ?? 0;
    await host.kill("KILL");
    await expect.poll(() => reflector.status().state, poll).toBe("down");
    expect(reflector.status().why).toMatch(/event stream ended|Nothing answers|systemctl/);
    expect(byName("victim")).toBeDefined(); // last known, not gone
    await host.start();
    await expect.poll(() => reflector.status().state, { timeout: 30_000 }).toBe("up");
    await expect.poll(() => byName("victim"), poll).toMatchObject({ state: "exited", exitCode: 137 });
    await expect.poll(() => (byName("phoenix")?.startedAt ?? 0) > before && state("phoenix"), { timeout: 30_000 }).toBe("running");
    // What happened while nobody could see is said to be unknown.
    expect(told.gaps).toMatchObject([{ since: expect.any(Number) as number, until: expect.any(Number) as number }]);
    expect((told.gaps[0]?.until ?? 0) - (told.gaps[0]?.since ?? 0)).toBeGreaterThan(0);
  });

  it("that is stopped in its tracks is noticed within 9 s, and so is its return", async () => {
    await run("witness", [], ["sleep", "600"]);
    await reflect();
    await host.kill("STOP");
    try {
      const stoppedAt = performance.now();
      await expect.poll(() => reflector.status().state, { timeout: 20_000, interval: 20 }).toBe("down");
      expect(performance.now() - stoppedAt).toBeLessThan(9_000);
      expect(reflector.status().why).toMatch(/did not answer within/);
    } finally {
      await host.kill("CONT");
    }
    await expect.poll(() => reflector.status().state, poll).toBe("up");
    await host.docker(["rm", "-f", "witness"]);
    await expect.poll(() => byName("witness"), poll).toBeUndefined();
  });

  it("that is absent at the start is found when it appears", async () => {
    await host.kill("TERM");
    try {
      await expect.poll(() => runtimeAt(host.socket).connect().then(({ state }) => state), poll).not.toBe("up");
      runtime = runtimeAt(host.socket);
      reflector = createReflector({ runtime, clock: systemClock, log: silentLog, stepAt: () => null, ...makeWitness().options });
      reflector.start();
      await expect.poll(() => reflector.status().why, poll).toMatch(/named by --docker/);
      expect(reflector.listedAt()).toBeNull();
    } finally {
      await host.start();
    }
    await expect.poll(() => reflector.status().state, poll).toBe("up");
    expect(reflector.listedAt()).not.toBeNull();
  });
});

describe("a change", () => {
  it("succeeds, is no change when it is so already, and fails with the engine's words", async () => {
    const id = await run("steered", [], POLITE);
    await reflect();
    expect(await runtime.perform("container.stop", { id, t: 5 })).toEqual({ state: "done" });
    expect(await runtime.perform("container.stop", { id })).toEqual({ state: "done" });
    expect(await runtime.perform("container.start", { id })).toEqual({ state: "done" });
    expect(await runtime.perform("container.remove", { id })).toMatchObject({ state: "refused", error: { code: "conflict", message: expect.stringContaining("running") as string } });
    expect(await runtime.perform("container.remove", { id, force: true, v: true })).toEqual({ state: "done" });
    expect(await runtime.perform("container.start", { id })).toMatchObject({ state: "refused", error: { code: "not_found" } });
  });

  it("says what a removal would lose", async () => {
    await host.docker(["volume", "create", "kept"]);
    const id = await run("rich", ["-v", "kept:/kept", "-v", "/nameless", "-v", "/tmp:/host:ro", "--label", "com.docker.compose.project=shop", "--label", "com.docker.compose.service=db", "--restart", "always"], ["sh", "-c", "head -c 100000 /dev/zero >/grown; sleep 600"]);
    await reflect();
    await expect.poll(() => runtime.loss(id).then(({ writableBytes }) => writableBytes), poll).toBeGreaterThanOrEqual(100_000);
    expect(await runtime.loss(id)).toMatchObject({ anonymousVolumes: [expect.stringMatching(/^[a-f0-9]{64}$/)], namedVolumes: ["kept"], bindMounts: ["/tmp"], running: true, restartPolicy: "always", compose: { project: "shop", service: "db" } });
  });
});
