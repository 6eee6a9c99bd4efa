import { readdirSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TIMES } from "@/protocol/limits";
import { Sample } from "@/protocol/metrics";
import { createTestClock } from "../clock";
import { createMetricsHandlers } from "../handlers/metrics";
import type { Usage } from "../runtime/runtime";
import { createMetrics, type Metrics } from "./metrics";
import { createReach } from "../reach";
import { idOf, makeReflector, makeTree, type Numbers, type Tree, writeHost, writeV2 } from "./testing";

let tree: Tree;
let metrics: Metrics;
let clock: ReturnType<typeof createTestClock>;
let reflector: ReturnType<typeof makeReflector>;
let samples: Sample[];
let asked: string[];
let usage: (id: string) => Promise<Usage | null>;
const USAGE: Usage = { cpuSeconds: 5, periods: null, throttledPeriods: null, memory: 1_000, memoryLimit: 2_000, received: 1, sent: 1, read: 1, written: 1, pids: 1 };

beforeEach(() => {
  tree = makeTree();
  writeHost(tree);
  clock = createTestClock();
  reflector = makeReflector();
  samples = [];
  asked = [];
  usage = () => Promise.resolve(null);
  // The folder stands for a mount of cgroup v2: what the kernel would say of it is written by hand as well.
  const places = { proc: `${tree.root}/proc`, cgroups: `${tree.root}/sys/fs/cgroup`, network: `${tree.root}/proc/self/net/dev`, mounts: `${tree.root}/none`, ownMounts: `${tree.root}/proc/self/mountinfo` };
  tree.write("proc/self/mountinfo", `1 1 0:28 / ${tree.root}/sys/fs/cgroup rw - cgroup2 cgroup2 rw\n`);
  metrics = createMetrics({ runtime: { usage: (id) => (asked.push(id), usage(id)) }, reflector, clock, hostRoot: null, places });
});
afterEach(() => {
  metrics.stop();
  tree.close();
});

const start = () => {
  metrics.start((sample) => samples.push(sample));
  reflector.list();
};
const count = (n: number, numbers: Numbers = {}) => writeV2(tree, n, 1_000 + n, numbers);
const run = (n: number, numbers: Numbers = {}) => {
  count(n, numbers);
  reflector.put(n, 1_000 + n);
};
const sampled = (length: number) => expect.poll(() => samples.length).toBe(length);
const last = () => samples.at(-1)!.containers[0];

describe("samples", () => {
  it("begin with the first list, come every 10 s, and are what the contract allows", async () => {
    run(1, { cpuSeconds: 10, received: 100 });
    metrics.start((sample) => samples.push(sample));
    clock.advance(1);
    expect(samples).toEqual([]);
    reflector.list();
    await sampled(1);
    expect(samples[0]).toMatchObject({ spanMs: null, host: { cpu: null, cpus: 2 }, containers: [{ id: idOf(1), cpu: null, cpuLimit: 0.5, memory: 8_000_000, pids: 7 }] });
    count(1, { cpuSeconds: 15, received: 2_100 });
    clock.advance(TIMES.sampleMs);
    await sampled(2);
    expect(samples[1]).toMatchObject({ spanMs: TIMES.sampleMs, containers: [{ cpu: 0.5, throttled: 0, received: 200, sent: 400 }] });
    for (const sample of samples) expect(Sample.parse(sample)).toEqual(sample);
  });

  it("show a container from its first to its last, and none that does not run", async () => {
    run(1);
    run(2);
    reflector.put(3, null, { state: "exited" });
    start();
    await sampled(1);
    expect(samples[0]?.containers.map(({ id }) => id)).toEqual([idOf(1), idOf(2)]);
    reflector.put(1, null, { state: "exited" });
    clock.advance(TIMES.sampleMs);
    await sampled(2);
    expect(samples[1]?.containers.map(({ id }) => id)).toEqual([idOf(2)]);
  });

  it("begin anew with a container's next run, whose counters begin at zero", async () => {
    run(1, { cpuSeconds: 100 });
    start();
    await sampled(1);
    writeV2(tree, 1, 77, { cpuSeconds: 0.5 });
    reflector.put(1, 77);
    clock.advance(TIMES.sampleMs);
    await sampled(2);
    expect(last()?.cpu).toBeNull();
  });

  it("say null once for a counter that went back, and go on from there", async () => {
    run(1, { cpuSeconds: 100 });
    start();
    await sampled(1);
    for (const [cpuSeconds, cpu] of [[3, null], [8, 0.5]] as const) {
      count(1, { cpuSeconds });
      clock.advance(TIMES.sampleMs);
      await expect.poll(() => last()?.cpu).toBe(cpu);
    }
  });

  it("keep their rates when the wall clock jumps", async () => {
    run(1, { cpuSeconds: 0 });
    start();
    await sampled(1);
    for (const [jump, cpuSeconds] of [[86_400_000, 10], [-2 * 86_400_000, 20]] as const) {
      clock.jump(jump);
      count(1, { cpuSeconds });
      const before = samples.length;
      clock.advance(TIMES.sampleMs);
      await sampled(before + 1);
      expect(samples.at(-1)).toMatchObject({ spanMs: TIMES.sampleMs, at: clock.now(), containers: [{ cpu: 1 }] });
    }
  });

  it("leave the host's own network out of a container that uses it", async () => {
    count(1);
    reflector.put(1, 1_001, { hostNetwork: true });
    start();
    await sampled(1);
    clock.advance(TIMES.sampleMs);
    await sampled(2);
    expect(last()).toMatchObject({ received: null, sent: null, cpu: 0 });
  });
});

describe("while somebody looks", () => {
  it("there is a sample at once and then each second, for all who look, and the 10 s ones stay as they are", async () => {
    run(1, { cpuSeconds: 0 });
    start();
    await sampled(1);
    clock.advance(4_000);
    count(1, { cpuSeconds: 2 });
    const seen: Sample[] = [];
    const other: Sample[] = [];
    const leave = metrics.live((sample) => seen.push(sample));
    await expect.poll(() => seen.length).toBe(1);
    expect(seen[0]).toMatchObject({ spanMs: 4_000, containers: [{ cpu: 0.5 }] });
    const leaveToo = metrics.live((sample) => other.push(sample));
    count(1, { cpuSeconds: 3 });
    clock.advance(TIMES.sampleLiveMs);
    await expect.poll(() => [seen.length, other.length]).toEqual([2, 1]);
    expect(seen[1]).toMatchObject({ spanMs: 1_000, containers: [{ cpu: 1 }] });
    expect(Sample.parse(seen[1])).toEqual(seen[1]);
    expect(samples).toHaveLength(1);
    count(1, { cpuSeconds: 10 });
    clock.advance(5_000);
    await sampled(2);
    expect(samples[1]).toMatchObject({ spanMs: TIMES.sampleMs, containers: [{ cpu: 1 }] }); // over its own 10 s, whoever looked in between
    leave();
    leaveToo();
    const before = seen.length + other.length;
    clock.advance(TIMES.sampleLiveMs * 3);
    await Promise.resolve();
    expect(seen.length + other.length).toBe(before);
  });

  it("a hub that reads slowly gets the newest sample, and none waits in line", async () => {
    run(1);
    start();
    await sampled(1);
    const written: Sample[] = [];
    let release = () => {};
    const abort = new AbortController();
    const stream = { write: (value: unknown) => (written.push(value as Sample), new Promise<void>((resolve) => (release = resolve))) };
    const over = createMetricsHandlers({ metrics })["metrics.live"]({}, { operation: null, signal: abort.signal, stream });
    await expect.poll(() => written.length).toBe(1);
    for (let i = 0; i < 3; i++) {
      clock.advance(TIMES.sampleLiveMs);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const newest = clock.now();
    release();
    await expect.poll(() => written.length).toBe(2);
    expect(written[1]?.at).toBe(newest);
    abort.abort();
    release();
    await over;
    clock.advance(TIMES.sampleLiveMs);
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toHaveLength(2);
  });
});

describe("a container whose files cannot be read", () => {
  it("is measured by the engine every 10 s, a few at once, and why is said with the line that changes it", async () => {
    let atOnce = 0;
    let most = 0;
    let cpuSeconds = 5;
    usage = async () => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce--;
      return { ...USAGE, cpuSeconds };
    };
    for (let n = 1; n <= 12; n++) reflector.put(n, 4_000 + n, { cpuLimit: 2 });
    start();
    await sampled(1);
    expect(samples[0]?.containers).toHaveLength(12);
    cpuSeconds = 15;
    clock.advance(TIMES.sampleMs);
    await sampled(2);
    expect(last()).toMatchObject({ cpu: 1, cpuLimit: 2, memory: 1_000, memoryLimit: 2_000 });
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
    const before = asked.length;
    const seen: Sample[] = [];
    metrics.live((sample) => seen.push(sample));
    await expect.poll(() => seen.length).toBe(1);
    clock.advance(TIMES.sampleLiveMs);
    await expect.poll(() => seen.length).toBe(2);
    expect(asked.length).toBe(before);
    expect(seen.at(-1)?.containers).toEqual(samples[1]?.containers); // as of its last 10 s sample
    expect(metrics.reach().direct).toBe(false);
    expect(metrics.reach().why).toMatch(/^Containers are measured through the engine: .*BINNACLE_HOST_ROOT=\/host/);
  });

  it("is left out where the engine cannot say, and comes back to its files when they can be read", async () => {
    usage = () => Promise.reject(new Error("the engine is away"));
    run(1);
    reflector.put(2, 5);
    start();
    await sampled(1);
    clock.advance(TIMES.sampleMs);
    await sampled(2);
    expect(samples[1]?.containers.map(({ id }) => id)).toEqual([idOf(1)]);
    expect(metrics.reach().why).toMatch(/^1 of 2 containers/);
    writeV2(tree, 2, 5);
    clock.advance(TIMES.sampleMs);
    await sampled(3);
    expect(samples[2]?.containers).toHaveLength(2);
    expect(metrics.reach()).toEqual({ direct: true, why: null });
    expect(createReach({ metrics: metrics.reach, logs: () => ({ direct: false, why: "x" }) })()).toEqual({ metrics: { direct: true, why: null }, logs: { direct: false, why: "x" } });
  });

  it("does not count as a loss of reach while it is just ending", async () => {
    run(1);
    start();
    await sampled(1);
    tree.remove("sys/fs/cgroup/system.slice");
    tree.remove("proc/1001");
    clock.advance(TIMES.sampleMs);
    await sampled(2);
    expect(metrics.reach().direct).toBe(true);
  });
});

describe("a container's window", () => {
  it("holds its last 15 minutes, also when it is gone, and is forgotten after as long again", async () => {
    run(1, { memory: 3_000_000 });
    start();
    await sampled(1);
    for (let i = 2; i <= 95; i++) {
      clock.advance(TIMES.sampleMs);
      await sampled(i);
    }
    const window = metrics.window(idOf(1));
    expect(window).toHaveLength(90);
    expect(window.at(-1)).toEqual({ at: clock.now(), cpu: 0, memory: 1_000_000, memoryLimit: null });
    expect(window[0]?.at).toBe(clock.now() - 89 * TIMES.sampleMs);
    reflector.put(1, null, { state: "exited" });
    for (let i = 96; i <= 96 + 88; i++) {
      clock.advance(TIMES.sampleMs);
      await sampled(i);
    }
    expect(metrics.window(idOf(1))).toEqual(window);
    for (let i = 0; i < 3; i++) {
      clock.advance(TIMES.sampleMs);
      await sampled(185 + i);
    }
    expect(metrics.window(idOf(1))).toEqual([]);
  });

  it("of a container that was never measured is empty", () => expect(metrics.window(idOf(9))).toEqual([]));
});

it("closes every descriptor of a container that ended, and of all when it stops", async () => {
  const open = () => readdirSync("/proc/self/fd").length;
  const before = open();
  for (let n = 1; n <= 20; n++) run(n);
  start();
  await sampled(1);
  expect(open()).toBeGreaterThan(before + 20 * 8);
  for (let n = 1; n <= 20; n++) reflector.put(n, null, { state: "exited" });
  expect(open()).toBeLessThan(before + 20);
  metrics.stop();
  expect(open()).toBeLessThanOrEqual(before);
});
