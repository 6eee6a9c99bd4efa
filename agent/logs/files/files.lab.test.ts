import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLogIndex, type LogChunk } from "@/protocol/log-text";
import type { LogStart } from "@/protocol/logs";
import { systemClock } from "@/agent/clock";
import { createDockerRuntime } from "@/agent/runtime/docker/docker";
import type { Runtime } from "@/agent/runtime/runtime";
import { engine26 } from "@/tests/lab/engine-26";
import { LAB_IMAGE, type Lab, type LabHost, startLab } from "@/tests/lab/lab";
import type { LogReader } from "../log-reader";
import { createFileLogs, type FileLogs } from "./files";

/** At so many lines a second, each of less than 300 bytes, 100 kB are full after a little less than a second. */
const LINES = 2_000;
const RATE = 400;

/** Follows a log until a line with this number, over as many readers as are wanted. */
interface Heard {
  numbers: number[];
  /** How many numbers had come when a gap was told. */
  gaps: number[];
  cursor: string | null;
}

async function follow(logs: FileLogs, id: string, heard: Heard, until: (heard: Heard) => boolean): Promise<void> {
  const start: LogStart = heard.cursor === null ? { at: "oldest" } : { at: "cursor", cursor: heard.cursor };
  const reader = await logs.open(id, start, { follow: true, signal: AbortSignal.timeout(60_000) });
  if ("why" in reader) throw new Error(reader.why);
  try {
    await listen(reader, heard, until);
  } finally {
    reader.close();
  }
}

async function listen(reader: LogReader, heard: Heard, until: (heard: Heard) => boolean): Promise<void> {
  const index = createLogIndex();
  const take = (chunk: LogChunk) => {
    for (let i = 0; i < chunk.lines; i++) {
      const { stream, text } = chunk.line(i);
      if (stream === "stdout") heard.numbers.push(Number(text.slice(0, 10))); // the writer's last word is an error line
    }
  };
  while (!until(heard)) {
    const piece = await reader.read();
    if (piece.what === "end") throw new Error(piece.why);
    if (piece.what === "gap") heard.gaps.push(heard.numbers.length);
    if (piece.what === "text") take(index.push(piece.text, piece.form));
    if ("to" in piece) heard.cursor = piece.to ?? heard.cursor;
  }
}

const fresh = (): Heard => ({ numbers: [], gaps: [], cursor: null });
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe.each([
  ["the installed engine", null],
  ["Docker 26.1", engine26],
])("log files of %s", (_name, find) => {
  let lab: Lab;
  let host: LabHost;
  let runtime: Runtime;
  let logs: FileLogs;

  beforeAll(async () => {
    lab = await startLab({ hosts: 1, ...(find && { dockerdPath: await find() }) });
    host = lab.host(1);
    runtime = createDockerRuntime({ candidates: () => [{ from: "--docker", address: { kind: "unix", path: host.socket } }], clock: systemClock });
    await runtime.connect();
    const root = await host.docker(["info", "-f", "{{.DockerRootDir}}"]);
    logs = createFileLogs({ inspect: (id) => runtime.inspect(id), dataRoot: () => Promise.resolve(root), hostRoot: "", clock: systemClock });
  }, 60_000);
  afterAll(() => lab?.down());

  const run = (args: string[], command: string[]) => host.docker(["run", "-d", ...args, LAB_IMAGE, ...command]);
  const options = (of: Record<string, string>) => Object.entries(of).flatMap(([key, value]) => ["--log-opt", `${key}=${value}`]);

  it("lose and repeat nothing, though they are rotated each second and the reader begins again from its cursor", async () => {
    const gate = mkdtempSync(join(tmpdir(), "gate-"));
    const start = ["-v", `${gate}:/gate`];
    const spew = ["sh", "-c", `while [ ! -e /gate/open ]; do sleep 0.02; done; exec spew ${LINES} 200 ${RATE}`];
    const ids = await Promise.all([
      // A single file is never left alone: what is rotated away unread is gone.
      run([...start, ...options({ "max-size": "100k" })], spew),
      run([...start, ...options({ "max-size": "100k", "max-file": "3", labels: "a" }), "--label", "a=b"], spew),
      run([...start, ...options({ "max-size": "100k", "max-file": "3", compress: "true" })], spew),
      run([...start, "--log-driver", "local", ...options({ "max-size": "80k", "max-file": "3" })], spew),
    ]);
    const heard = ids.map(fresh);
    const all = ids.map(async (id, i) => {
      const stops = i === 0 ? [LINES] : [700, 1_300, LINES];
      for (const stop of stops) await follow(logs, id, heard[i] ?? fresh(), ({ numbers }) => (numbers.at(-1) ?? -1) >= stop - 1);
    });
    writeFileSync(join(gate, "open"), "");
    await Promise.all(all).finally(() => rmSync(gate, { recursive: true }));
    for (const { numbers, gaps } of heard) {
      expect(gaps).toEqual([]);
      expect(numbers).toEqual(range(0, LINES));
    }
  }, 90_000);

  it("end in a gap that accounts for every missing line, where they are rotated faster than they are read", async () => {
    for (const args of [options({ "max-size": "20k", "max-file": "2" }), options({ "max-size": "20k" }), ["--log-driver", "local", ...options({ "max-size": "20k", "max-file": "2" })]]) {
      const id = await run(args, ["sh", "-c", "echo 0; while [ ! -e /go ]; do sleep 0.05; done; exec spew 20000 200"]);
      const heard = fresh();
      const reader = await logs.open(id, { at: "oldest" }, { follow: true, signal: AbortSignal.timeout(60_000) });
      if ("why" in reader) throw new Error(reader.why);
      await listen(reader, heard, ({ numbers }) => numbers.length === 1);
      await host.docker(["exec", id, "touch", "/go"]);
      await host.docker(["wait", id]);
      await listen(reader, heard, ({ numbers }) => numbers.at(-1) === 19_999);
      reader.close();
      const [gap = 0] = heard.gaps;
      expect(heard.gaps).toHaveLength(1);
      // The file that was being read to its end, then what is still there: nothing is missing but at the gap.
      expect(heard.numbers.slice(1, gap)).toEqual(range(0, gap - 1));
      expect(heard.numbers.slice(gap)).toEqual(range(heard.numbers[gap] ?? -1, 20_000));
      expect(heard.numbers[gap]).toBeGreaterThan(gap);
    }
  }, 90_000);

  it("go on where they were after the engine was killed, from an open reader and from its cursor", async () => {
    const id = await run(["--restart", "always"], ["sh", "-c", "n=$(cat /n 2>/dev/null || echo 0); echo $n; echo $((n + 1)) >/n; sleep 600"]);
    const heard = fresh();
    const reader = await logs.open(id, { at: "oldest" }, { follow: true, signal: AbortSignal.timeout(60_000) });
    if ("why" in reader) throw new Error(reader.why);
    try {
      await listen(reader, heard, ({ numbers }) => numbers.length >= 1);
      const left = { ...heard, numbers: [...heard.numbers] };
      await host.kill("KILL");
      await host.start();
      await listen(reader, heard, ({ numbers }) => numbers.length >= 2);
      await runtime.connect();
      await follow(logs, id, left, ({ numbers }) => numbers.length >= 2);
      for (const { numbers, gaps } of [heard, left]) expect({ numbers, gaps }).toEqual({ numbers: [0, 1], gaps: [] });
    } finally {
      reader.close();
    }
  }, 90_000);

  it("are not taken for another container's after it was made again under the same name", async () => {
    const first = await run(["--name", "again"], ["sh", "-c", "echo 0; echo 1; sleep 600"]);
    const heard = fresh();
    const reader = await logs.open(first, { at: "oldest" }, { follow: true, signal: AbortSignal.timeout(60_000) });
    if ("why" in reader) throw new Error(reader.why);
    await listen(reader, heard, ({ numbers }) => numbers.length >= 2);
    await host.docker(["rm", "-f", "again"]);
    for (;;) {
      const piece = await reader.read();
      if (piece.what !== "end") continue;
      expect(piece.gone).toBe(true);
      break;
    }
    reader.close();
    const second = await run(["--name", "again"], ["sh", "-c", "echo 2; sleep 600"]);
    await follow(logs, second, heard, ({ numbers }) => numbers.length >= 3);
    expect(heard).toMatchObject({ numbers: [0, 1, 2], gaps: [2] });
  }, 60_000);

  it("page backwards over what the engine rotated and compressed", async () => {
    const id = await run(options({ "max-size": "50k", "max-file": "4", compress: "true" }), ["spew", "800", "200", "2000"]);
    await host.docker(["wait", id]);
    const numbers: number[] = [];
    let before: string | null = null;
    for (;;) {
      const page = await logs.page(id, before, 100, AbortSignal.timeout(30_000));
      if ("why" in page) throw new Error(page.why);
      const chunk = createLogIndex().push(Buffer.from(page.text), "entries");
      numbers.unshift(...Array.from({ length: chunk.lines }, (_, i) => Number(chunk.line(i).text.slice(0, 10))).filter((number) => !Number.isNaN(number)));
      before = page.from;
      if (page.first) break;
    }
    expect(numbers).toEqual(range(numbers[0] ?? -1, 800));
    expect(numbers.length).toBeGreaterThan(400);
  }, 60_000);
});
