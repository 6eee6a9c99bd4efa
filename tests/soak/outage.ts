/**
 * A host is cut off for ten real minutes while its containers talk, die, restart, go and come anew. Then all of
 * it must be there: each event that an independent follower of the engine saw, each sample, each black box.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { env } from "node:process";
import { createInterface } from "node:readline";
import { createClient, type Client as Sqlite } from "@libsql/client";
import { TIMES } from "@/protocol/limits";
import { EventKind, type RuntimeEvent } from "@/protocol/shapes";
import type { Bench, Result } from "../bench/bench";
import { eventually } from "../lab/eventually";
import { install, type Installation } from "../lab/installation";
import { LAB_IMAGE, type LabHost, startLab } from "../lab/lab";

const MINUTES = Number(env.BINNACLE_SOAK_MINUTES ?? 10);
/** Before and after the cut, with everything at work. */
const MARGIN_MS = 60_000;
const CAUGHT_UP_MS = 180_000;

/** What the engine itself says happened, one key an event, by a client that is none of ours. */
function followEngine(host: LabHost) {
  const seen = new Map<string, number>();
  const child = spawn("docker", ["-H", `unix://${host.socket}`, "events", "--filter", "type=container", "--format", "{{json .}}"], { stdio: ["ignore", "pipe", "ignore"] });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { Action, Actor, timeNano } = JSON.parse(line) as { Action: string; Actor: { ID: string }; timeNano: number };
    const word = Action.split(":")[0] === "health_status" ? "health" : Action;
    if (EventKind.safeParse(word).success) seen.set(keyOf(Actor.ID, word, timeNano / 1e6), timeNano / 1e6);
  });
  return { seen, stop: () => void child.kill() };
}
const keyOf = (id: string, kind: string, at: number) => `${id.slice(0, 12)} ${kind} ${at}`;

/** Containers that talk, die by themselves, are removed when they end, and are created anew under one name. */
async function keepBusy(host: LabHost, done: Promise<unknown>): Promise<void> {
  await host.docker(["run", "-d", "--name", "talker", LAB_IMAGE, "sh", "-c", "i=0; while :; do echo line $i; i=$((i+1)); sleep 1; done"]);
  await host.docker(["run", "-d", "--name", "crasher", "--restart", "always", LAB_IMAGE, "sh", "-c", "echo begin; sleep 11; echo dying >&2; exit 3"]);
  let ended = false;
  void done.finally(() => (ended = true));
  for (let round = 0; !ended; round += 1) {
    await host.docker(["run", "-d", "--rm", "--name", `once-${round}`, LAB_IMAGE, "sh", "-c", `echo round ${round}; sleep 2; exit ${round % 5}`]);
    if (round % 3 === 0) {
      await host.docker(["rm", "-f", "recreated"]).catch(() => undefined);
      await host.docker(["run", "-d", "--name", "recreated", LAB_IMAGE, "sh", "-c", `echo generation ${round}; sleep 100000`]);
    }
    await Promise.race([done, wait(15_000)]);
  }
  await host.docker(["rm", "-f", "talker", "crasher", "recreated"]);
}
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Stored {
  events: (RuntimeEvent & { late: boolean; boxed: boolean })[];
  samples: { at: number; late: boolean }[];
  /** The places of everything, in order. */
  places: number[];
  gaps: number;
}

/** What the hub's database holds of a host. */
async function storedOf(db: Sqlite, hostId: string): Promise<Stored> {
  const rows = async (sql: string) => (await db.execute({ sql, args: [hostId] })).rows;
  const events = await rows("SELECT e.document, e.late, b.seq AS box FROM EventRow e LEFT JOIN BoxRow b ON b.hostId = e.hostId AND b.eventEpoch = e.epoch AND b.eventSeq = e.seq WHERE e.hostId = ? ORDER BY e.epoch, e.seq");
  const samples = await rows("SELECT at, late FROM SampleRow WHERE hostId = ? ORDER BY epoch, seq");
  const places = await db.execute({ sql: "SELECT seq FROM EventRow WHERE hostId = ?1 UNION ALL SELECT seq FROM SampleRow WHERE hostId = ?1 UNION ALL SELECT seq FROM BoxRow WHERE hostId = ?1 ORDER BY 1", args: [hostId] });
  const [gaps] = await rows("SELECT count(*) AS n FROM GapRow WHERE hostId = ?");
  return {
    events: events.map((row) => ({ ...(JSON.parse(String(row.document)) as RuntimeEvent), late: Boolean(row.late), boxed: row.box !== null })),
    samples: samples.map((row) => ({ at: Date.parse(String(row.at)), late: Boolean(row.late) })),
    places: places.rows.map((row) => Number(row.seq)),
    gaps: Number(gaps?.n),
  };
}

/** How the stored differs from what was: the figures of one host. */
function compare(engine: ReadonlyMap<string, number>, { events, samples, places, gaps }: Stored, since: number, cut: { from: number; to: number } | null) {
  const counts = new Map<string, number>();
  for (const { id, kind, at } of events) if (at >= since) counts.set(keyOf(id, kind, at), (counts.get(keyOf(id, kind, at)) ?? 0) + 1);
  const expected = [...engine].filter(([, at]) => at >= since);
  const distances = samples.slice(1).map(({ at }, i) => at - (samples[i]?.at ?? 0));
  const during = [...events, ...samples].filter(({ at }) => cut !== null && at > cut.from + 1_000 && at < cut.to);
  const outside = [...events, ...samples].filter(({ at }) => at < (cut?.from ?? Infinity) - 2_000);
  return {
    engineEvents: expected.length,
    missingEvents: expected.filter(([key]) => !counts.has(key)).length,
    repeatedEvents: [...counts.values()].filter((count) => count > 1).length,
    inventedEvents: [...counts.keys()].filter((key) => !engine.has(key)).length,
    samples: samples.length,
    missingSamples: distances.reduce((sum, distance) => sum + Math.max(0, Math.round(distance / TIMES.sampleMs) - 1), 0),
    repeatedSamples: distances.filter((distance) => distance < TIMES.sampleMs / 4).length,
    missingPlaces: places.filter((place, i) => i > 0 && place !== (places[i - 1] ?? 0) + 1).length,
    gaps,
    during: during.length,
    notMarkedLate: during.filter(({ late }) => !late).length,
    wronglyMarkedLate: outside.filter(({ late }) => late).length,
    deaths: events.filter(({ kind }) => kind === "die").length,
    deathsWithoutBox: events.filter(({ kind, boxed }) => kind === "die" && !boxed).length,
  };
}

async function run(log: (line: string) => void): Promise<Result> {
  const lab = await startLab({ hosts: 2 });
  let binnacle: Installation | null = null;
  const undo: (() => void)[] = [];
  try {
    binnacle = await install(lab);
    const client = await binnacle.client();
    const [cutHost, otherHost] = [lab.host(1), lab.host(2)];
    for (const host of lab.hosts) await binnacle.join(client, host);
    const db = createClient({ url: `file:${join(binnacle.dataDir, "binnacle.db")}` });
    undo.push(() => db.close());
    const ids = await eventually("both hosts are stored", async () => {
      const rows = (await db.execute("SELECT id, name FROM Host")).rows;
      return rows.length === 2 ? new Map(rows.map((row) => [String(row.name), String(row.id)])) : null;
    });
    const followers = lab.hosts.map(followEngine);
    undo.push(...followers.map(({ stop }) => stop));
    // The follower and the agent both listen before anything happens.
    await wait(3_000);
    const since = Date.now();
    const stop = new AbortController();
    const stopped = new Promise<void>((resolve) => stop.signal.addEventListener("abort", () => resolve()));
    const busy = Promise.all(lab.hosts.map((host) => keepBusy(host, stopped)));
    await Promise.race([busy, wait(MARGIN_MS)]);
    const from = Date.now();
    await cutHost.cut();
    log(`${cutHost.name} is cut off for ${MINUTES} min, ${otherHost.name} is not`);
    await Promise.race([busy, wait(MINUTES * 60_000)]);
    const to = Date.now();
    await cutHost.heal();
    log("the cable is back");
    await Promise.race([busy, wait(MARGIN_MS)]);
    stop.abort();
    await busy;
    const storedAll = () => Promise.all(lab.hosts.map((host) => storedOf(db, ids.get(host.name) ?? "")));
    const results = await eventually("the hub holds the last event of both engines", async () => {
      const all = await storedAll();
      const caught = all.every(({ events }, i) => Math.max(...events.map(({ at }) => at)) >= Math.max(...(followers[i]?.seen.values() ?? [])));
      return caught ? all : null;
    }, CAUGHT_UP_MS, 1_000);
    // The black box of the last death is written after its event.
    await wait(5_000);
    const compared = (await storedAll()).map((stored, i) => compare(followers[i]?.seen ?? new Map(), stored, since, i === 0 ? { from, to } : null));
    const late = await client.api.metrics.window.query({ hostId: ids.get(cutHost.name) ?? "" });
    return { figures: figuresOf(compared, late.points.filter((point) => point.late).length), raw: { since, from, to, compared, results: results.length } };
  } finally {
    for (const step of undo) step();
    await binnacle?.close();
    await lab.down();
  }
}

function figuresOf(compared: ReturnType<typeof compare>[], latePoints: number): Result["figures"] {
  const sum = (name: keyof ReturnType<typeof compare>) => compared.reduce((total, one) => total + one[name], 0);
  const none = { op: "<=", value: 0 } as const;
  const some = (value: number) => ({ op: ">=", value }) as const;
  const count = (name: string, value: number, bound: Result["figures"][number]["bound"]) => ({ name, value, unit: "", bound });
  return [
    count("events that the engines told", sum("engineEvents"), some(20 * MINUTES)),
    count("events missing", sum("missingEvents"), none),
    count("events twice", sum("repeatedEvents"), none),
    count("events that no engine told", sum("inventedEvents"), none),
    count("samples", sum("samples"), some(2 * 6 * MINUTES)),
    count("samples missing", sum("missingSamples"), none),
    count("samples twice", sum("repeatedSamples"), none),
    count("counted places missing", sum("missingPlaces"), none),
    count("gaps", sum("gaps"), none),
    count("records of the time of the cut", compared[0]?.during ?? 0, some(10 * MINUTES)),
    count("of these, not marked as filled in later", sum("notMarkedLate"), none),
    count("marked as filled in later without need", sum("wronglyMarkedLate"), none),
    count("points of the cut in the 15-minute window, marked", latePoints, some(Math.min(MINUTES * 6, 60) - 3)),
    count("deaths", sum("deaths"), some(4 * MINUTES)),
    count("deaths without a black box", sum("deathsWithoutBox"), none),
  ];
}

export const bench: Bench = {
  name: "outage",
  does: `A host is cut off for ${MINUTES} min (BINNACLE_SOAK_MINUTES) while its containers die and come anew; afterwards nothing is missing, nothing is there twice, and what was filled in says so.`,
  run,
};
