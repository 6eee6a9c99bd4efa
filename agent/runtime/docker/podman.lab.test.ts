/** Podman as a second real engine, in namespaces and directories of its own. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLogIndex, parseEntries } from "@/protocol/log-text";
import type { LogStart } from "@/protocol/logs";
import type { Container } from "@/protocol/shapes";
import { systemClock } from "@/agent/clock";
import { silentLog } from "@/agent/log";
import { createApiLogs } from "@/agent/logs/api/api-logs";
import { createReflector, type Happening, type Reflector } from "@/agent/reflector";
import { makeWitness } from "@/agent/testing";
import { eventually } from "@/tests/lab/eventually";
import { LAB_IMAGE, startLab } from "@/tests/lab/lab";
import type { Runtime } from "../runtime";
import { createDockerRuntime } from "./docker";

const POLITE = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done"];
const poll = { timeout: 20_000, interval: 20 };
/** Podman leaves a file in /run/netns for each container of a service that was killed: they go with this mount. */
const OWN_NETNS = ["sh", "-c", 'mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && exec "$@"', "sh"];
const installed = ["/usr/bin/podman", "/usr/local/bin/podman"].some((path) => existsSync(path));

let dir: string;
let socket: string;
let service: ChildProcess;
let runtime: Runtime;
let reflector: Reflector;
/** The container that this agent itself is changing. */
let ours: string | null = null;

/** Podman's own settings, so that it touches nothing of this machine's. */
function settings(): void {
  writeFileSync(join(dir, "containers.conf"), `[containers]
default_ulimits = []
log_driver = "k8s-file"
[engine]
events_logger = "file"
cgroup_manager = "cgroupfs"
tmp_dir = "${dir}/tmp"
[network]
network_backend = "netavark"
network_config_dir = "${dir}/net"
`);
  writeFileSync(join(dir, "storage.conf"), `[storage]\ndriver = "vfs"\ngraphroot = "${dir}/root"\nrunroot = "${dir}/run"\n`);
  writeFileSync(join(dir, "policy.json"), `{"default":[{"type":"insecureAcceptAnything"}]}`);
}
function api(method: string, path: string, body?: unknown): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.isBuffer(body) ? body : body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = bytes ? { "content-type": Buffer.isBuffer(body) ? "application/x-tar" : "application/json", "content-length": bytes.length } : {};
    const call = request({ socketPath: socket, method, path: `/v1.41${path}`, headers, agent: false }, (answer) => {
      let text = "";
      answer.on("data", (part: Buffer) => (text += part.toString())).on("end", () => resolve({ status: answer.statusCode ?? 0, body: text })).on("error", reject);
    });
    call.on("error", reject);
    call.end(bytes);
  });
}
async function run(name: string, options: object = {}): Promise<string> {
  const made = await api("POST", `/containers/create?name=${name}`, { Image: LAB_IMAGE, Cmd: POLITE, ...options });
  const { Id } = JSON.parse(made.body) as { Id: string };
  expect((await api("POST", `/containers/${Id}/start`)).status).toBe(204);
  return Id;
}
const byName = (name: string): Container | undefined => [...reflector.containers().values()].find((container) => container.name === name);
const told = makeWitness();
const events = (name: string): Happening[] => told.events.filter((event) => event.name === name);

describe.skipIf(!installed)("Podman", () => {
  beforeAll(async () => {
    dir = mkdtempSync("/tmp/pod-");
    socket = join(dir, "podman.sock");
    settings();
    // As pid 1 of its own namespace: when it is killed, its containers and their monitors go with it.
    service = spawn("unshare", ["--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "--propagation", "private", ...OWN_NETNS, "podman", "system", "service", "--time=0", `unix://${socket}`], {
      env: { ...process.env, CONTAINERS_CONF: join(dir, "containers.conf"), CONTAINERS_STORAGE_CONF: join(dir, "storage.conf") },
      stdio: "ignore",
    });
    await eventually("Podman answers", () => api("GET", "/_ping").then(({ status }) => status === 200));
    const image = await imageTar();
    expect((await api("POST", "/images/load", image)).status).toBe(200);
    runtime = createDockerRuntime({ candidates: () => [{ from: "--docker", address: { kind: "unix", path: socket } }], clock: systemClock });
    reflector = createReflector({ runtime, clock: systemClock, log: silentLog, ...told.options, stepAt: (id) => (id === ours ? { step: "step-ours", ends: true } : null) });
    reflector.start();
    await eventually("it is followed", () => reflector.status().state === "up");
  });
  afterAll(async () => {
    reflector?.stop();
    const gone = new Promise((resolve) => service?.once("exit", resolve));
    service?.kill("SIGKILL");
    await gone;
    for (const line of readFileSync("/proc/self/mounts", "utf8").split("\n")) {
      const mount = line.split(" ")[1];
      if (mount?.startsWith(`${dir}/`)) execFileSync("umount", ["-l", mount]);
    }
    rmSync(dir, { recursive: true, force: true });
  });

  it("introduces itself as what it is", () => {
    expect(reflector.status()).toMatchObject({ state: "up", engine: "podman", why: null });
  });

  it("shows its containers in Docker's words", async () => {
    await run("shop_web_1", { Labels: { "com.docker.compose.project": "shop", "com.docker.compose.service": "web", "com.docker.compose.container-number": "1" }, HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "8080" }] } }, ExposedPorts: { "80/tcp": {} } });
    await expect.poll(() => byName("shop_web_1")?.state, poll).toBe("running");
    expect(byName("shop_web_1")).toMatchObject({ target: { namespace: "shop", workload: "web", replica: 1 }, restartPolicy: "no", health: "none", exitCode: null, ports: [{ private: 80, public: 8080, protocol: "tcp", address: null }] });
  });

  it("stops, starts, restarts, pauses and removes, and each change is seen", async () => {
    const id = await run("steered");
    ours = id;
    await expect.poll(() => byName("steered")?.state, poll).toBe("running");
    const before = byName("steered")?.startedAt ?? 0;
    expect(await runtime.perform("container.restart", { id, t: 5 })).toEqual({ state: "done" });
    await expect.poll(() => byName("steered")?.startedAt ?? 0, poll).toBeGreaterThan(before);
    expect(await runtime.perform("container.pause", { id })).toEqual({ state: "done" });
    await expect.poll(() => byName("steered")?.state, poll).toBe("paused");
    expect(await runtime.perform("container.unpause", { id })).toEqual({ state: "done" });
    expect(await runtime.perform("container.stop", { id, t: 5 })).toEqual({ state: "done" });
    await expect.poll(() => byName("steered")?.state, poll).toBe("exited");
    expect(await runtime.perform("container.stop", { id, t: 5 })).toEqual({ state: "done" });
    expect(await runtime.perform("container.start", { id })).toEqual({ state: "done" });
    await expect.poll(() => byName("steered")?.state, poll).toBe("running");
    expect(await runtime.perform("container.remove", { id, force: true })).toEqual({ state: "done" });
    await expect.poll(() => byName("steered"), poll).toBeUndefined();
    expect(await runtime.perform("container.start", { id })).toMatchObject({ state: "refused", error: { code: "not_found" } });
    // Podman 4.3 tells of no signal and no stop, so there only the agent's own steps explain a death.
    expect(events("steered").filter(({ kind }) => kind === "die").map(({ asked, step }) => ({ asked, step }))).toEqual(Array(3).fill({ asked: true, step: "step-ours" }));
  });

  it("tells a log whole and live, goes on from any place in it, and leads back to its first line", async () => {
    const id = await run("talks", { Cmd: ["sh", "-c", "for i in $(seq 1 200); do echo line $i; done; head -c 40000 /dev/zero | tr '\\0' x; echo; echo to stderr >&2; sleep 2; echo late; sleep 600"] });
    const logs = createApiLogs({ runtime, clock: systemClock });
    const abort = new AbortController();
    const read = async (start: LogStart, until: string) => {
      const reader = await logs.open(id, start, { follow: true, signal: abort.signal });
      if (!("read" in reader)) throw new Error(reader.why);
      const index = createLogIndex();
      const told: { texts: string[]; to: string }[] = [];
      while (!told.some(({ texts }) => texts.includes(until))) {
        const piece = await reader.read();
        if (piece.what === "end") throw new Error(piece.why);
        if (piece.what === "gap") throw new Error(piece.why);
        if (piece.what !== "text") continue;
        const chunk = index.push(piece.text, piece.form);
        told.push({ texts: Array.from({ length: chunk.lines }, (_, i) => chunk.line(i).text), to: piece.to });
      }
      reader.close();
      return told;
    };
    const whole = await read({ at: "oldest" }, "late");
    const texts = whole.flatMap((batch) => batch.texts);
    expect([...texts].sort()).toEqual([...Array.from({ length: 200 }, (_, i) => `line ${i + 1}`), "x".repeat(40_000), "to stderr", "late"].sort());
    for (const [i, { to }] of whole.slice(0, -1).entries()) {
      const rest = await read({ at: "cursor", cursor: to }, "late");
      expect(rest.flatMap((batch) => batch.texts)).toEqual(whole.slice(i + 1).flatMap((batch) => batch.texts));
    }
    const found: string[] = [];
    for (let before: string | null = null, pages = 0; pages < 20; pages++) {
      const page = await logs.page(id, before, 50, abort.signal);
      if (!("text" in page)) throw new Error(page.why);
      found.unshift(...parseEntries(page.text).map(({ text }) => text));
      before = page.from;
      if (page.first) break;
    }
    expect(found).toEqual(texts);
    for (const lines of [1, 3, 4, 150]) expect((await read({ at: "tail", lines }, "late")).flatMap((batch) => batch.texts)).toEqual(texts.slice(-lines));
    abort.abort();
  });

  it("tells a death of its own from one that was asked for", async () => {
    await run("fails", { Cmd: ["sh", "-c", "sleep 0.2; exit 3"] });
    await expect.poll(() => events("fails").find(({ kind }) => kind === "die"), poll).toMatchObject({ exitCode: 3, asked: false });
    await expect.poll(() => byName("fails"), poll).toMatchObject({ state: "exited", exitCode: 3 });
    const id = await run("killed");
    expect(await runtime.perform("container.kill", { id })).toEqual({ state: "done" });
    await expect.poll(() => events("killed").find(({ kind }) => kind === "die"), poll).toMatchObject({ exitCode: 137, asked: true });
  });
});

/** The lab's image; made on a lab of one host where this machine has none yet. */
async function imageTar(): Promise<Buffer> {
  const lab = await startLab({ hosts: 1 });
  try {
    const tar = join(dir, "image.tar");
    await lab.host(1).docker(["save", "-o", tar, LAB_IMAGE]);
    return readFileSync(tar);
  } finally {
    await lab.down();
  }
}
