/** The kernel's own files (cgroup v1 on the machines that have no other) beside what the engine says of the same containers. */
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ContainerFigures, Sample } from "@/protocol/metrics";
import { systemClock } from "@/agent/clock";
import { silentLog } from "@/agent/log";
import { createReflector, type Reflector } from "@/agent/reflector";
import { createDockerRuntime } from "@/agent/runtime/docker/docker";
import type { Runtime } from "@/agent/runtime/runtime";
import { makeWitness } from "@/agent/testing";
import { eventually } from "@/tests/lab/eventually";
import { LAB_IMAGE, type Lab, type LabHost, startLab } from "@/tests/lab/lab";
import { createMetrics, type Metrics } from "./metrics";
import { type HostPlaces, hostPlaces } from "./sources";

/** What two counts of the same thing may differ by. */
const SHARE = 0.02;
/** CPU seconds of a span: long enough that the milliseconds between two looks at its ends do not matter. */
const BURNED_SECONDS = 1;
const STATS_TEXT = /^([\d.]+)(B|KiB|MiB|GiB) \/ /;
const UNITS: Record<string, number> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

let lab: Lab;
let host: LabHost;
let runtime: Runtime;
let reflector: Reflector;
let metrics: Metrics;
/** Takes a 10 s sample now. */
let take: () => Promise<Sample>;

beforeAll(async () => {
  lab = await startLab({ hosts: 1 });
  host = lab.host(1);
});
afterAll(() => lab?.down());
afterEach(async () => {
  metrics?.stop();
  reflector?.stop();
  const ids = (await host.docker(["ps", "-aq"])).split("\n").filter(Boolean);
  if (ids.length > 0) await host.docker(["rm", "-f", ...ids]);
});

/** The lab's host has processes of its own: its /proc, as this machine reaches it, and cgroups that all share. */
function labPlaces(): HostPlaces {
  const proc = `/proc/${readFileSync(`${lab.dir}/${host.name}/init.pid`, "utf8").trim()}/root/proc`;
  return { ...hostPlaces(null), proc, network: `${proc}/1/net/dev`, mounts: `${proc}/1/mountinfo` };
}

async function measure(places: HostPlaces): Promise<void> {
  runtime = createDockerRuntime({ candidates: () => [{ from: "--docker", address: { kind: "unix", path: host.socket } }], clock: systemClock });
  reflector = createReflector({ runtime, clock: systemClock, log: silentLog, ...makeWitness().options, stepAt: () => null, reach: () => ({ metrics: metrics.reach(), logs: { direct: false, why: null } }) });
  const ticks: (() => void)[] = [];
  const samples: Sample[] = [];
  metrics = createMetrics({ runtime, reflector, clock: { ...systemClock, every: (_, task) => (ticks.push(task), () => {}) }, hostRoot: null, places });
  metrics.start((sample) => samples.push(sample));
  reflector.start();
  await eventually("the first sample", () => samples.length > 0);
  take = async () => {
    const before = samples.length;
    ticks[0]?.();
    await eventually("another sample", () => samples.length > before);
    return samples.at(-1)!;
  };
}
const run = (name: string, args: string[], script: string) => host.docker(["run", "-d", "--name", name, ...args, LAB_IMAGE, "sh", "-c", script]);
const figuresOf = (sample: Sample, id: string): ContainerFigures => {
  const found = sample.containers.find((one) => one.id === id);
  if (!found) throw new Error(`no figures of ${id}`);
  return found;
};
/** The same to within a share, as a person would compare two displays. */
const near = (one: number | null, other: number | null) => one !== null && other !== null && Math.abs(one - other) <= SHARE * Math.max(one, other);

describe("the kernel's files", () => {
  it("say of memory what docker stats and the engine's API say, with and without file cache", async () => {
    const plain = await run("plain", [], "sleep 600");
    // 60 MB of cache that the kernel may drop, beside 20 MB that a process holds.
    const cached = await run("cached", ["-m", "200m"], "head -c 60000000 /dev/zero >/big; cat /big >/dev/null; head -c 20000000 /dev/zero | tail -c 20000000 | sleep 600");
    await measure(labPlaces());
    for (const id of [plain, cached]) {
      await eventually(`both say the same of ${id.slice(0, 12)}`, async () => {
        const figures = figuresOf(await take(), id);
        const usage = await runtime.usage(id);
        const [, amount, unit] = STATS_TEXT.exec(await host.docker(["stats", "--no-stream", "--format", "{{.MemUsage}}", id])) ?? [];
        const shown = Number(amount) * (UNITS[unit ?? ""] ?? Number.NaN);
        return near(figures.memory, usage?.memory ?? null) && near(figures.memory, shown);
      });
    }
    const sample = await take();
    expect(figuresOf(sample, cached).memoryLimit).toBe(200 * 2 ** 20);
    expect(figuresOf(sample, plain).memoryLimit).toBeNull();
    expect(metrics.reach()).toEqual({ direct: true, why: null });
  });

  it("say of a steady burner's CPU what the engine says of the same span, and how it is held back", async () => {
    const id = await run("burner", ["--cpus", "0.1"], "while :; do :; done");
    await measure(labPlaces());
    const used = async () => (await runtime.usage(id))?.cpuSeconds ?? 0;
    await eventually("both say the same", async () => {
      const [from, first] = await Promise.all([used(), take()]);
      await eventually("it burned enough", async () => (await used()) - from >= BURNED_SECONDS, 60_000, 200);
      const [to, second] = await Promise.all([used(), take()]);
      const { cpu, throttled, cpuLimit } = figuresOf(second, id);
      expect(cpuLimit).toBe(0.1);
      expect(first.at).toBeLessThan(second.at);
      return (throttled ?? 0) > 0 && near((cpu ?? 0) * (second.spanMs ?? 0), (to - from) * 1_000);
    }, 150_000);
  });

  it("count traffic, writes and processes as the engine does", async () => {
    const id = await run("busy", [], "sleep 600 & sleep 600 & sleep 600");
    await measure(labPlaces());
    const first = figuresOf(await take(), id);
    expect(first).toMatchObject({ pids: 3 });
    const gateway = await host.docker(["inspect", "-f", "{{.NetworkSettings.Gateway}}", id]);
    const before = await runtime.usage(id);
    await take();
    await host.docker(["exec", id, "ping", "-c", "3", "-s", "8000", gateway]);
    await host.docker(["exec", id, "dd", "if=/dev/zero", "of=/f", "bs=1M", "count=8", "oflag=direct"]);
    const sample = await take();
    const after = await runtime.usage(id);
    const { received, written } = figuresOf(sample, id);
    const inSpan = (rate: number | null) => (rate === null ? null : rate * ((sample.spanMs ?? 0) / 1_000));
    expect(near(inSpan(received), (after?.received ?? 0) - (before?.received ?? 0))).toBe(true);
    // A kernel that counts no I/O of containers says so here as it does to the engine.
    if (after?.written == null) expect(written).toBeNull();
    else expect(near(inSpan(written), after.written - (before?.written ?? 0))).toBe(true);
    expect(sample.host?.memoryTotal).toBeGreaterThan(0);
    expect(sample.host?.disks.length).toBeGreaterThan(0);
  });

  it("are let go when a container ends, and found again for its next run", async () => {
    const id = await run("again", [], "sleep 600");
    await measure(labPlaces());
    await take();
    const open = readdirSync("/proc/self/fd").length;
    await host.docker(["kill", id]);
    await eventually("they are closed", () => readdirSync("/proc/self/fd").length < open);
    expect((await take()).containers).toEqual([]);
    await host.docker(["start", id]);
    await eventually("it is measured again", async () => (await take()).containers.length === 1);
    expect(metrics.window(id).length).toBeGreaterThan(0);
  });
});

it("where the engine's processes are another machine's, the engine is asked, and the status says why", async () => {
  const id = await run("elsewhere", ["--cpus", "0.5", "-m", "64m"], "while :; do :; done");
  await measure(hostPlaces(null)); // this machine's own processes, not the lab host's
  await eventually("the engine's figures", async () => (figuresOf(await take(), id).cpu ?? 0) > 0);
  expect(figuresOf(await take(), id)).toMatchObject({ cpuLimit: 0.5, memoryLimit: 64 * 2 ** 20 });
  expect(metrics.reach()).toMatchObject({ direct: false, why: expect.stringContaining("Run it on the engine's own machine") as string });
  await eventually("the status tells", () => reflector.status().reach?.metrics.direct === false);
});
