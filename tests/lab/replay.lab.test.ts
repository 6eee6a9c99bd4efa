/** What happens while no hub reads it: kept by the real agent through its own death, told afterwards once, with boxes. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { type Cursor, Frame } from "@/protocol/shapes";
import { parseBody, readLine } from "@/agent/spool/record";
import { type LinkIdentity, makeIdentity } from "@/protocol/wire/identity";
import type { HostLink } from "@/server/gateway/gateway";
import { startHub, type TestHub } from "@/tests/link/pair";
import { eventually } from "./eventually";
import { LAB_IMAGE, type Lab, type LabHost, startLab } from "./lab";
import { ROOT } from "./processes";

const poll = { timeout: 30_000, interval: 20 };
type Of<Kind extends Frame["frame"]> = Extract<Frame, { frame: Kind }>;

let lab: Lab;
let host: LabHost;
let identity: LinkIdentity;
let scratch: string;
let hub: TestHub;
let agents: ChildProcess[];

beforeAll(async () => {
  execFileSync(process.execPath, [join(ROOT, "bin/build.mjs"), "agent"]);
  identity = await makeIdentity("hub");
  lab = await startLab({ hosts: 1 });
  host = lab.host(1);
});
afterAll(() => lab?.down());
beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), "replay-"));
  agents = [];
  hub = await startHub({ identity });
});
afterEach(async () => {
  for (const agent of agents) await kill(agent);
  await hub.close();
  rmSync(scratch, { recursive: true });
  const ids = (await host.docker(["ps", "-aq"])).split("\n").filter(Boolean);
  if (ids.length > 0) await host.docker(["rm", "-f", ...ids]);
});

function startAgent(): ChildProcess {
  const agent = spawn(process.execPath, [join(ROOT, "dist/agent.mjs"), "--hub", hub.url, "--pin", hub.pin, "--token", "canary-token-canary-token-canary", "--docker", `unix://${host.socket}`, "--state-dir", join(scratch, "state")], { env: { PATH: process.env.PATH ?? "", NODE_ENV: "production" }, stdio: "ignore" });
  agents.push(agent);
  return agent;
}
async function kill(agent: ChildProcess): Promise<void> {
  if (agent.exitCode !== null || agent.signalCode !== null) return;
  const exited = new Promise((resolve) => agent.once("exit", resolve));
  agent.kill("SIGKILL");
  await exited;
}
async function linked(epoch: number): Promise<HostLink> {
  return eventually("the agent is linked", () => {
    const links = hub.changes.flatMap((change) => (change.state === "up" ? [change.link] : []));
    return links.findLast(({ hello }) => hello.epoch === epoch);
  }, 30_000);
}
async function telemetry(link: HostLink, after: Cursor | null): Promise<Frame[]> {
  const frames: Frame[] = [];
  const stream = await link.stream("telemetry.stream", { after });
  stream.on("error", () => {});
  createInterface({ input: stream }).on("line", (line) => void frames.push(Frame.parse(JSON.parse(line)))).on("error", () => {});
  return frames;
}
const only = <Kind extends Frame["frame"]>(frames: readonly Frame[], kind: Kind) => frames.filter((frame): frame is Of<Kind> => frame.frame === kind);
const deaths = (frames: readonly Frame[]) => only(frames, "event").flatMap(({ event }) => (event.kind === "die" ? [event] : []));
/** The places that these frames tell or lay into a gap, which must follow each other. */
function follow(frames: readonly Frame[], after: Cursor): Cursor {
  let cursor = after;
  for (const frame of frames) {
    const next = { epoch: cursor.epoch, seq: cursor.seq + 1 };
    if (frame.frame === "gap") {
      expect(frame.from).toEqual(next);
      cursor = { epoch: frame.to.epoch, seq: frame.to.seq - 1 };
    } else if (frame.frame === "event" || frame.frame === "sample" || frame.frame === "box" || frame.frame === "outcome") {
      const { epoch, seq } = frame.frame === "event" ? frame.event : frame;
      expect({ epoch, seq }).toEqual(next);
      cursor = next;
    }
  }
  return cursor;
}
const run = (name: string, script: string, args: string[] = []) => host.docker(["run", "-d", "--name", name, "-e", "PASSWORD=canary-password", ...args, LAB_IMAGE, "sh", "-c", `echo the last words of ${name}; ${script}`]);
const ended = (id: string) => eventually(`${id.slice(0, 12)} has ended`, async () => !(await host.docker(["ps", "-q", "--no-trunc"])).includes(id));

it("what died while the hub was away, and while the agent was, is told once after both are back, each death with its box", async () => {
  const first = startAgent();
  const link = await linked(1);
  const before = await telemetry(link, null);
  await run("early", "exit 2", ["--rm"]);
  await expect.poll(() => only(before, "box").length, poll).toBe(1);
  await expect.poll(() => only(before, "event").at(-1)?.event.kind, poll).toBe("destroy");
  const had = follow(before, { epoch: 1, seq: 0 });
  await link.call("telemetry.keep", { upTo: had });
  await hub.close();

  const away: string[] = [];
  away.push(await run("removed", "sleep 0.3; exit 3", ["--rm"]), await run("stays", "exit 4"), await run("greedy", "tail /dev/zero", ["-m", "16m", "--memory-swap", "16m"]));
  await run("ill", "sleep 600", ["--health-cmd", "false", "--health-interval", "1s", "--health-retries", "1"]);
  for (const id of away) await ended(id);
  await eventually("it is unhealthy", async () => (await host.docker(["inspect", "-f", "{{.State.Health.Status}}", "ill"])) === "unhealthy");
  // The agent has seen all of it before it is killed.
  await eventually("the boxes are written", () => {
    const lines = readFileSync(join(scratch, "state/spool/0000000001-0000000001")).toString("latin1").split("\n").slice(0, -1);
    const kept = lines.map((line) => parseBody(readLine(Buffer.from(line, "latin1"))?.body ?? Buffer.alloc(0)));
    const events = kept.flatMap((body) => (body.frame === "event" ? [body.event] : []));
    const asking = events.filter(({ kind, health }) => kind === "die" || kind === "oom" || health === "unhealthy");
    return asking.filter(({ kind }) => kind === "die").length === 4 && asking.some(({ health }) => health === "unhealthy") && kept.filter(({ frame }) => frame === "box").length === asking.length;
  });
  await kill(first);
  away.push(await run("unseen", "exit 5"));
  await ended(away[3] ?? "");
  startAgent();
  hub = await startHub({ identity, port: hub.port });

  const after = await telemetry(await linked(2), had);
  await expect.poll(() => deaths(after).length, poll).toBe(4);
  // The kernel may say more than once that there is no memory left; each has its box.
  const asking = () => only(after, "event").filter(({ event }) => event.kind === "die" || event.kind === "oom" || event.health === "unhealthy").map(({ event }) => event.seq);
  await expect.poll(() => only(after, "box").map(({ box }) => box.event.seq).sort(), poll).toEqual(asking().sort());
  expect(asking().length).toBeGreaterThanOrEqual(6);
  await expect.poll(() => after.some(({ frame }) => frame === "list"), poll).toBe(true);
  const reached = follow(after, had);
  expect(deaths(after).map(({ name, exitCode }) => [name, exitCode]).sort()).toEqual([["greedy", 137], ["removed", 3], ["stays", 4], ["unseen", 5]]);
  const gaps = only(after, "gap");
  expect(gaps).toMatchObject([{ why: "The agent on this host was not running.", since: expect.any(Number) as number, until: expect.any(Number) as number }]);

  const boxOf = (name: string, kind = "die") => {
    const event = only(after, "event").find(({ event }) => event.name === name && event.kind === kind)?.event;
    const boxes = only(after, "box").filter(({ box }) => box.event.epoch === event?.epoch && box.event.seq === event.seq);
    expect(boxes).toHaveLength(1);
    return boxes[0]?.box;
  };
  expect(boxOf("removed")).toMatchObject({ id: away[0], inspect: { Name: "/removed", HostConfig: { AutoRemove: true } } });
  expect(boxOf("stays")).toMatchObject({ inspect: { State: { ExitCode: 4 } }, inspectWhy: null });
  for (const name of ["removed", "stays", "unseen"]) expect(boxOf(name)).toMatchObject({ lines: expect.stringContaining(`the last words of ${name}`) as string, linesWhy: null });
  expect(boxOf("greedy", "oom")?.inspect).toMatchObject({ Name: "/greedy" });
  expect(boxOf("greedy")?.inspect).toMatchObject({ Name: "/greedy" });
  expect(boxOf("ill", "health")).toMatchObject({ inspect: { Name: "/ill" } });
  expect(boxOf("unseen")).toMatchObject({ event: { epoch: 2 }, inspect: { State: { ExitCode: 5 } } });
  expect(JSON.stringify(after)).not.toContain("canary-password");

  const again = await telemetry(await linked(2), reached);
  await expect.poll(() => again.some(({ frame }) => frame === "beat"), poll).toBe(true);
  expect(deaths(again)).toEqual([]);
  expect(only(again, "box")).toEqual([]);
}, 180_000);
