/** What the table says stays true, on three real Docker hosts, whatever is killed on the way. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isFresh } from "@/server/domains/fleet/schema";
import type { Client } from "./client";
import { eventually } from "./eventually";
import { type FleetMirror, mirrorFleet } from "./fleet-mirror";
import { install, type Installation } from "./installation";
import { type Lab, LAB_IMAGE, type LabHost, startLab } from "./lab";

let lab: Lab;
let binnacle: Installation;
let client: Client;
let fleet: FleetMirror;
let h1: LabHost, h2: LabHost, h3: LabHost;

const SLEEPER = ["sleep", "100000"];
const run = (host: LabHost, name: string, ...rest: string[]) => host.docker(["run", "-d", "--name", name, ...rest]);
const state = (host: LabHost, name: string) => fleet.container(host.name, name)?.state;
const fresh = (host: LabHost) => isFresh(fleet.host(host.name));
/** The history of a container's target, newest first. */
const history = async (host: LabHost, name: string) => {
  const key = fleet.container(host.name, name)?.key ?? "";
  return (await client.api.fleet.history.query({ target: key })).events;
};

beforeAll(async () => {
  lab = await startLab({ hosts: 3 });
  [h1, h2, h3] = [lab.host(1), lab.host(2), lab.host(3)];
  for (const host of lab.hosts) await run(host, `web-${host.name}`, LAB_IMAGE, ...SLEEPER);
  binnacle = await install(lab);
  client = await binnacle.client();
  fleet = mirrorFleet(client.api);
  for (const host of lab.hosts) await binnacle.join(client, host);
}, 120_000);
afterAll(async () => {
  fleet?.close();
  await binnacle?.close();
  await lab?.down();
});

describe("one list over all hosts", () => {
  it("shows every container of every host, live", async () => {
    for (const host of lab.hosts) await eventually(`${host.name} listed`, () => fresh(host) && state(host, `web-${host.name}`) === "running");
    await run(h2, "later", LAB_IMAGE, ...SLEEPER);
    await eventually("a container made at the host appears", () => state(h2, "later") === "running");
    await h2.docker(["rm", "-f", "later"]);
    await eventually("and goes", () => fleet.container("h2", "later") === undefined);
  });

  it("agrees with the engine on every container after a burst of changes", async () => {
    await Promise.all(Array.from({ length: 12 }, (_, i) => run(h3, `burst-${i}`, LAB_IMAGE, ...SLEEPER)));
    await Promise.all([0, 3, 6, 9].map((i) => h3.docker(["kill", `burst-${i}`])));
    await Promise.all([1, 4].map((i) => h3.docker(["pause", `burst-${i}`])));
    await Promise.all([2, 5].map((i) => h3.docker(["rm", "-f", `burst-${i}`])));
    const engine = async () => (await h3.docker(["ps", "-a", "--format", "{{.Names}} {{.State}}"])).split("\n").sort();
    const shown = () => [...fleet.containers.values()].filter((c) => c.hostId === fleet.host("h3")?.id).map((c) => `${c.name} ${c.state}`).sort();
    await eventually("the table equals docker ps", async () => JSON.stringify(await engine()) === JSON.stringify(shown()));
    await h3.docker(["rm", "-f", ...(await h3.docker(["ps", "-aq", "--filter", "name=burst-"])).split("\n")]);
  });
});

describe("what happened is told apart", () => {
  it("a death of its own is a fault, with its exit code", async () => {
    await run(h1, "fails", LAB_IMAGE, "sh", "-c", "sleep 0.3; exit 3");
    await eventually("exited 3", () => state(h1, "fails") === "exited" && fleet.container("h1", "fails")?.exitCode === 3);
    const die = await eventually("its death is recorded", async () => (await history(h1, "fails")).find((event) => event.kind === "die"));
    expect(die).toMatchObject({ exitCode: 3, asked: false });
  });

  it("a stop at the host is a change that somebody asked for", async () => {
    await run(h1, "stopped", LAB_IMAGE, ...SLEEPER);
    await eventually("running", () => state(h1, "stopped") === "running");
    await h1.docker(["stop", "-t", "0", "stopped"]);
    await eventually("exited", () => state(h1, "stopped") === "exited");
    const die = await eventually("its death is recorded", async () => (await history(h1, "stopped")).find((event) => event.kind === "die"));
    expect(die).toMatchObject({ asked: true });
  });

  it("running out of memory is named", async () => {
    await run(h1, "hungry", "-m", "16m", "--memory-swap", "16m", LAB_IMAGE, "tail", "/dev/zero");
    await eventually("killed for memory", () => state(h1, "hungry") === "exited" && fleet.container("h1", "hungry")?.oomKilled === true);
    const events = await eventually("recorded", async () => {
      const found = await history(h1, "hungry");
      return found.some((event) => event.kind === "oom") && found.some((event) => event.kind === "die") && found;
    });
    expect(events.find((event) => event.kind === "die")).toMatchObject({ exitCode: 137, asked: false });
  });

  it("a recreated container keeps its address and its history", async () => {
    await run(h1, "phoenix", LAB_IMAGE, ...SLEEPER);
    const first = await eventually("there", () => fleet.container("h1", "phoenix"));
    await h1.docker(["rm", "-f", "phoenix"]);
    await run(h1, "phoenix", LAB_IMAGE, ...SLEEPER);
    const second = await eventually("there again", () => {
      const found = fleet.container("h1", "phoenix");
      return found && found.id !== first.id && found;
    });
    expect(second.key).toBe(first.key);
    const ids = new Set((await history(h1, "phoenix")).map((event) => event.id));
    expect(ids).toEqual(new Set([first.id, second.id]));
  });
});

describe("an engine that goes", () => {
  it("killed: its containers keep their last state, said to be unconfirmed, until it is back", async () => {
    const before = fleet.container("h2", "web-h2");
    await h2.kill("KILL");
    const host = await eventually("the page says so", () => {
      const found = fleet.host("h2");
      return found?.runtime.state === "down" && found;
    });
    expect(host.link).toBe("up");
    expect(host.runtime.why).toBeTruthy();
    expect(fleet.container("h2", "web-h2")).toMatchObject({ id: before?.id, state: "running" });
    await h2.start();
    // Without live-restore the engine's own death ended its containers: that is then the truth.
    await eventually("fresh, and as docker ps", async () => fresh(h2) && state(h2, "web-h2") === "exited", 40_000);
    await h2.docker(["start", "web-h2"]);
    await eventually("running", () => state(h2, "web-h2") === "running");
  });

  it("stopped dead without a word: found out, and well again after", async () => {
    await h2.kill("STOP");
    await eventually("down", () => fleet.host("h2")?.runtime.state === "down", 40_000);
    await h2.kill("CONT");
    await eventually("fresh again", () => fresh(h2) && state(h2, "web-h2") === "running", 40_000);
  });
});

describe("Binnacle's own parts killed", () => {
  it("an agent killed −9 and started again: same host, nothing lost from the table", async () => {
    const id = fleet.host("h3")?.id;
    const count = fleet.hosts.size;
    const first = binnacle.agent(h3, ["--name", "h3"]); // a second agent with the same key is turned away while the first lives
    await eventually("refused as a double", () => /duplicate|another agent|same key/i.test(first.log()));
    await first.kill();
    expect(fresh(h3)).toBe(true);
    await h3.exec(["pkill", "-9", "-f", "dist/agent.mjs"]);
    await eventually("shown as not heard", () => fleet.host("h3")?.link === "down");
    expect(state(h3, "web-h3")).toBe("running");
    await h3.docker(["stop", "-t", "0", "web-h3"]);
    binnacle.agent(h3);
    await eventually("back, with what happened meanwhile", () => fresh(h3) && state(h3, "web-h3") === "exited");
    expect(fleet.host("h3")?.id).toBe(id);
    expect(fleet.hosts.size).toBe(count);
    await h3.docker(["start", "web-h3"]);
  });

  it("a hub killed −9: agents come back by themselves, sessions hold, the last state is there at once", async () => {
    await binnacle.hub().kill();
    await h1.docker(["stop", "-t", "0", "web-h1"]);
    await binnacle.restartHub();
    const again = await binnacle.client();
    const mirror = mirrorFleet(again.api);
    await eventually("a snapshot", () => mirror.complete);
    expect(mirror.hosts.size).toBe(3);
    expect(mirror.container("h2", "web-h2")).toBeDefined();
    await eventually("all three fresh", () => lab.hosts.every((host) => isFresh(mirror.host(host.name))), 40_000);
    await eventually("with what happened meanwhile", () => mirror.container("h1", "web-h1")?.state === "exited");
    mirror.close();
    await eventually("the old page recovers without a reload", () => state(h1, "web-h1") === "exited", 40_000);
    await h1.docker(["start", "web-h1"]);
  });

  it("a hub asked to stop does so within 5 s while agents and pages are connected", async () => {
    expect(await binnacle.hub().stop()).toBeLessThan(5_000);
    await binnacle.restartHub();
    await eventually("all fresh", () => lab.hosts.every(fresh), 40_000);
  });
});
