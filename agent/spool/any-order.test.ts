/** Whatever happens in whatever order, a hub that reads on from where it is gets each record once, in order, or inside a gap. */
import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Cursor } from "@/protocol/shapes";
import type { SpoolReader } from "./reader";
import { compare, type SpoolFrame } from "./record";
import type { Spool } from "./spool";
import { type Ground, happened, makeGround } from "./testing";

type Step =
  | { do: "append"; count: number; size: number }
  | { do: "wait" | "keep" | "dial" | "stop" | "kill" | "full" | "room" | "surpass" }
  | { do: "read"; count: number }
  | { do: "tear" | "damage"; where: number };

const step = (kinds: readonly Step["do"][]): fc.Arbitrary<Step> =>
  fc.record({ do: fc.constantFrom(...kinds), count: fc.integer({ min: 1, max: 30 }), size: fc.integer({ min: 0, max: 900 }), where: fc.double({ min: 0, max: 1, noNaN: true }) }) as fc.Arbitrary<Step>;

/** A hub that believes nothing: every frame must follow from where it is. */
function makeHub(names: ReadonlyMap<string, string>) {
  let cursor: Cursor = { epoch: 1, seq: 0 };
  const heard = new Set<string>();
  const gaps: SpoolFrame[] = [];
  return {
    heard, gaps,
    cursor: () => cursor,
    hear(frame: SpoolFrame) {
      const next = { epoch: cursor.epoch, seq: cursor.seq + 1 };
      if (frame.frame === "gap") {
        expect(frame.from).toEqual(next);
        expect(compare(frame.to, cursor)).toBeGreaterThan(0);
        if (frame.since !== null && frame.until !== null) expect(frame.since).toBeLessThanOrEqual(frame.until);
        gaps.push(frame);
        cursor = { epoch: frame.to.epoch, seq: frame.to.seq - 1 };
      } else if (frame.frame === "event") {
        const place = { epoch: frame.event.epoch, seq: frame.event.seq };
        expect(place).toEqual(next);
        expect(frame.event.name).toBe(names.get(`${place.epoch}:${place.seq}`));
        heard.add(frame.event.name);
        cursor = place;
      } else throw new Error(`nobody counted a ${frame.frame}`);
    },
    surpassed: (to: Cursor) => void (cursor = to),
  };
}

async function play(ground: Ground, steps: readonly Step[], bounds: { maxBytes: number; waitingBytes: number }) {
  const names = new Map<string, string>();
  const hub = makeHub(names);
  const options = { ...bounds, segmentBytes: 3_000 };
  let spool: Spool = await ground.start(options);
  let reader: SpoolReader = spool.reader(hub.cursor());
  let made = 0;
  const dial = async () => {
    await reader.close();
    reader = spool.reader(hub.cursor());
  };
  const restart = async () => {
    ground.full = false;
    spool = await ground.start(options);
    await dial();
  };
  const newest = () => join(ground.records, ground.files().at(-1) ?? "none");
  const act: Record<Step["do"], (step: { count: number; size: number; where: number }) => Promise<unknown> | void> = {
    append({ count, size }) {
      for (let i = 0; i < count; i++) {
        ground.clock.advance(1);
        const name = `${++made}${"x".repeat(size)}`;
        const { epoch, seq } = spool.append("event", happened(name, { at: ground.clock.now() }));
        names.set(`${epoch}:${seq}`, name);
      }
    },
    wait: () => spool.written(),
    keep: () => spool.keep(hub.cursor()),
    async read({ count }) {
      for (let i = 0; i < count; i++) {
        const frame = await reader.next(ground.clock.now());
        if (frame) hub.hear(frame);
      }
    },
    dial,
    async stop() {
      ground.full = false;
      await spool.close();
      await restart();
    },
    kill: restart,
    full: () => void (ground.full = true),
    room() {
      ground.full = false;
      ground.clock.advance(5_000);
    },
    async surpass() {
      // A directory from an older backup: the hub is somewhere that this agent never was.
      const beyond = { epoch: spool.last().epoch + 3, seq: 7 };
      await spool.surpass(beyond);
      for (const [place, name] of [...names]) if (Number(place.split(":")[0]) === beyond.epoch - 3) names.set(`${beyond.epoch + 1}:${place.split(":")[1]}`, name);
      hub.surpassed(beyond);
      await dial();
    },
    async tear({ where }) {
      await spool.written();
      if (ground.files().length > 0) truncateSync(newest(), Math.floor(statSync(newest()).size * where));
      await restart();
    },
    damage({ where }) {
      const files = ground.files();
      const file = files[Math.floor(where * files.length * 0.999)];
      if (!file) return;
      const bytes = readFileSync(join(ground.records, file));
      const at = Math.floor(where * 7_919 * bytes.length) % Math.max(1, bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ 4;
      writeFileSync(join(ground.records, file), bytes);
    },
  };
  try {
    for (const { do: what, ...how } of steps) await act[what](how as { count: number; size: number; where: number });
    await act.room({ count: 0, size: 0, where: 0 });
    await spool.written();
    for (let frame = await reader.next(0); frame; frame = await reader.next(0)) hub.hear(frame);
    expect(hub.cursor()).toEqual(spool.last());
    return { hub, made };
  } finally {
    await reader.close();
    await spool.close();
  }
}

async function holds(kinds: readonly Step["do"][], bounds: Parameters<typeof play>[2], check: (played: Awaited<ReturnType<typeof play>>) => void): Promise<void> {
  await fc.assert(fc.asyncProperty(fc.array(step(kinds), { minLength: 1, maxLength: 25 }), async (steps) => {
    const ground = makeGround();
    try {
      check(await play(ground, steps, bounds));
    } finally {
      await ground.remove();
    }
  }), { numRuns: 120 });
}

it("each record is told once, in order, or lies in a gap, through overflow, kills, torn files, damage, a full disk and old backups", async () => {
  await holds(["append", "append", "read", "read", "wait", "keep", "dial", "stop", "kill", "full", "room", "surpass", "tear", "damage"], { maxBytes: 12_000, waitingBytes: 20_000 }, () => {});
}, 120_000);

it("nothing is lost where nothing was broken: every record is told, and the only gaps are the times between two runs", async () => {
  await holds(["append", "append", "read", "read", "wait", "keep", "dial", "stop", "full", "room"], { maxBytes: 8 << 20, waitingBytes: 8 << 20 }, ({ hub, made }) => {
    expect(hub.heard.size).toBe(made);
    expect(hub.gaps.filter((gap) => gap.frame === "gap" && gap.why !== "The agent on this host was not running.")).toEqual([]);
  });
}, 120_000);
