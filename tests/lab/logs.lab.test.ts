/**
 * No line of a log is lost and none comes twice, whatever ends on the way: the built hub and agent, two
 * generations of real engines, and the page's own feed.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isFresh } from "@/server/domains/fleet/schema";
import type { Client } from "./client";
import { engine26 } from "./engine-26";
import { eventually } from "./eventually";
import { type FleetMirror, mirrorFleet } from "./fleet-mirror";
import { install, type Installation } from "./installation";
import { LAB_IMAGE, type Lab, type LabHost, startLab } from "./lab";
import { compareNumbers, type PageLog, readLog } from "./page-log";
import { type Program, ROOT } from "./processes";

const NOTHING_WRONG = { missing: [], repeated: [] };
const WITHIN_MS = 60_000;
/** A line of spew, as json-file writes it. */
const LINE_BYTES = 290;

beforeAll(() => void execFileSync(process.execPath, [join(ROOT, "bin/build.mjs"), "hub", "agent"], { stdio: "ignore" }));

describe.each([{ engine: "20.10" }, { engine: "26.1" }])("logs of Docker $engine", ({ engine }) => {
  let lab: Lab;
  let host: LabHost;
  let binnacle: Installation;
  let client: Client;
  let fleet: FleetMirror;
  let agent: Program;
  let joinArguments: string[];
  const open: PageLog[] = [];

  beforeAll(async () => {
    // live-restore: containers go on while dockerd is away, as on a host where it is updated.
    lab = await startLab({ hosts: 1, dockerdArgs: "--live-restore", ...(engine === "26.1" ? { dockerdPath: await engine26() } : {}) });
    host = lab.host(1);
    binnacle = await install(lab);
    client = await binnacle.client();
    fleet = mirrorFleet(client.api);
    joinArguments = await binnacle.joinArguments(client);
    agent = binnacle.agent(host, ["--name", host.name, ...joinArguments]);
    await eventually("the host is there", () => isFresh(fleet.host(host.name)));
  }, 300_000);
  afterEach(async () => {
    for (const log of open.splice(0)) log.stop();
    const ids = (await host.docker(["ps", "-aq"])).split("\n").filter(Boolean);
    if (ids.length > 0) await host.docker(["rm", "-f", ...ids]);
  });
  afterAll(async () => {
    fleet?.close();
    await binnacle?.close();
    await lab?.down();
  });

  const hostId = () => fleet.host(host.name)?.id ?? "";
  /** A container that writes `lines` numbered lines of 200 bytes at `rate` a second, and then stays. */
  const spew = (name: string, lines: number, rate: number, args: string[] = []) =>
    host.docker(["run", "-d", "--name", name, ...args, LAB_IMAGE, "sh", "-c", `spew ${lines} 200 ${rate} 0; exec sleep 100000`]);
  const known = (name: string) => eventually(`${name} is known`, () => fleet.container(host.name, name), WITHIN_MS);
  async function read(id: string): Promise<PageLog> {
    const log = readLog(binnacle.url, client, hostId(), id);
    open.push(log);
    return log;
  }
  const arrived = (log: PageLog, number: number) => eventually(`line ${number} arrives, ${log.numbers.length} are here, ${JSON.stringify(log.state())}`, () => log.numbers.at(-1) === number, WITHIN_MS);
  const begun = (log: PageLog, lines = 500) => eventually("lines come", () => log.numbers.length >= lines, WITHIN_MS);
  async function restartAgent(args: string[] = []): Promise<void> {
    await agent.kill();
    agent = binnacle.agent(host, ["--name", host.name, ...args]);
  }

  it("come whole and once from the files while the agent, the hub and the link end, and the file rotates each second", async () => {
    const lines = 40_000;
    const id = await spew("steady", lines, 2_000, ["--log-opt", `max-size=${2_000 * LINE_BYTES}`, "--log-opt", "max-file=60"]);
    await known("steady");
    const log = await read(id);
    await begun(log);
    await restartAgent();
    await begun(log, log.numbers.length + 2_000);
    await lab.host(1).reset();
    await begun(log, log.numbers.length + 2_000);
    await binnacle.hub().kill();
    await binnacle.restartHub();
    await begun(log, log.numbers.length + 2_000);
    await host.cut();
    await begun(log, log.numbers.length).finally(() => host.heal());
    await arrived(log, lines - 1);
    expect(compareNumbers(log.numbers, 0, lines - 1)).toEqual(NOTHING_WRONG);
    expect(log.gaps).toEqual([]);
    expect(log.sources.at(-1)).toMatchObject({ from: "files", driver: "json-file", mayMiss: false, why: null });
  });

  it("are what stands in the files after the engine was killed and started", async () => {
    const id = await spew("survivor", 12_000, 2_000);
    await known("survivor");
    const log = await read(id);
    await begun(log);
    await host.kill("KILL");
    await host.start();
    const path = await host.docker(["inspect", "--format", "{{.LogPath}}", id]);
    const written = async () => (await host.exec(["cat", path])).split("\n").flatMap((line) => /"log":"(\d{10}) /.exec(line)?.[1] ?? []).map(Number);
    await eventually("the writer has ended", async () => (await written()).at(-1) === 11_999, WITHIN_MS);
    await arrived(log, 11_999);
    expect(log.numbers).toEqual(await written());
    expect(log.gaps).toEqual([]);
  });

  it("end with the container, and begin anew with the one that takes its place", async () => {
    const before = await spew("again", 3_000, 3_000);
    await known("again");
    const log = await read(before);
    await begun(log);
    await host.docker(["stop", "-t", "0", "again"]);
    const stopped = log.numbers.length;
    await host.docker(["rm", "again"]);
    await eventually("the log ends", () => log.state().state === "ended", WITHIN_MS);
    expect(log.state()).toMatchObject({ gone: true });
    expect(compareNumbers(log.numbers, 0, log.numbers.at(-1) ?? 0)).toEqual(NOTHING_WRONG);
    expect(log.numbers.length).toBeGreaterThanOrEqual(stopped);
    const after = await spew("again", 1_000, 0);
    await eventually("the new one is known", () => fleet.container(host.name, "again")?.id === after, WITHIN_MS);
    const anew = await read(after);
    await arrived(anew, 999);
    expect(compareNumbers(anew.numbers, 0, 999)).toEqual(NOTHING_WRONG);
  });

  it("show a gap where the engine's files turned over faster than they could be read", async () => {
    const lines = 200_000;
    const id = await spew("flood", lines, 30_000, ["--log-opt", "max-size=100k", "--log-opt", "max-file=2"]);
    await known("flood");
    const log = await read(id);
    await arrived(log, lines - 1);
    const { missing, repeated } = compareNumbers(log.numbers, 0, lines - 1);
    expect(repeated).toEqual([]);
    expect(missing.length).toBeGreaterThan(0);
    expect(log.gaps.length).toBeGreaterThan(0);
    expect(log.gaps.every((gap) => gap.why.length > 10)).toBe(true);
  });

  it("never come twice over the API, and say where lines may be missed", async () => {
    await agent.kill();
    // The engine's files are hidden from this agent, as they are from one in a container without the mount.
    const hidden = join(lab.dir, host.name, "data", "containers");
    agent = binnacle.agent(host, ["--name", host.name], ["unshare", "--mount", "--propagation", "private", "sh", "-c", `mount -t tmpfs none "$0" && exec "$@"`, hidden]);
    await eventually("the host is back", () => isFresh(fleet.host(host.name)), WITHIN_MS);
    const lines = 12_000;
    const id = await spew("rotating", lines, 2_000, ["--log-opt", `max-size=${2_000 * LINE_BYTES}`, "--log-opt", "max-file=3"]);
    await known("rotating");
    const log = await read(id);
    await begun(log);
    await lab.host(1).reset();
    await arrived(log, lines - 1);
    const { missing, repeated } = compareNumbers(log.numbers, 0, lines - 1);
    expect(repeated).toEqual([]);
    expect(log.sources.at(-1)).toMatchObject({ from: "api", driver: "json-file", mayMiss: engine === "20.10" });
    expect(log.sources.at(-1)?.why).toMatch(/\w/);
    if (engine !== "20.10") expect(missing).toEqual([]);
    await restartAgent();
    await eventually("the host is back", () => isFresh(fleet.host(host.name)), WITHIN_MS);
  });
});
