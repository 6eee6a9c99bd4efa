import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../clock";
import { createFileLogs, filesReach, type FileLogs } from "./files";
import { ID } from "./testing-engine";
import { collect, ends, engineWith, open, toLive, upTo } from "./testing-reader";

describe("what is not a log file beneath the engine's directory", () => {
  const refusal = async (logs: FileLogs) => {
    const opened = await logs.open(ID, { at: "oldest" }, { follow: false, signal: new AbortController().signal });
    return "why" in opened ? opened.why : (ends.push(() => opened.close()), "opened");
  };
  it.each([
    ["a link", /link/, (path: string) => symlinkSync("/etc/passwd", path)],
    ["a link that leads nowhere", /link/, (path: string) => symlinkSync("/nowhere", path)],
    ["a directory", /directory/, (path: string) => mkdirSync(path)],
    ["a FIFO", /pipe/, (path: string) => execFileSync("mkfifo", [path])],
  ])("is refused: %s", async (_what, why, make) => {
    for (const suffix of ["", ".1"]) {
      const { engine, logs } = engineWith();
      rmSync(engine.path + suffix, { force: true });
      make(engine.path + suffix);
      expect(await refusal(logs)).toMatch(why);
      expect(await logs.page(ID, null, 5, new AbortController().signal)).toMatchObject({ why: expect.stringMatching(why) });
      expect(await logs.scan(ID, { since: null, until: null }, new AbortController().signal)).toMatchObject({ why: expect.stringMatching(why) });
    }
  });

  it("is refused also where the container's directory is a link, or a file on the way", async () => {
    const { engine, logs } = engineWith();
    renameSync(engine.directory, `${engine.root}/elsewhere`);
    symlinkSync(`${engine.root}/elsewhere`, engine.directory);
    expect(await refusal(logs)).toMatch(/link/);
  });

  it("is refused when it takes the place of a file that is followed", async () => {
    const { engine, logs } = engineWith();
    const reader = await open(logs);
    engine.lines(2);
    await collect(reader, upTo(1));
    renameSync(engine.path, `${engine.path}.1`);
    symlinkSync("/etc/passwd", engine.path);
    const { pieces } = await collect(reader, () => false);
    expect(pieces.at(-1)).toMatchObject({ what: "end", gone: false, why: expect.stringMatching(/link/) });
  });

  it.each([
    ["another driver", { HostConfig: { LogConfig: { Type: "journald" } } }, /journald/],
    ["no driver", { HostConfig: { LogConfig: { Type: "none" } } }, /no log files/],
    ["a path outside", { LogPath: "/etc/passwd" }, /place of its own/],
    ["a path that goes up", { LogPath: `/x/containers/../containers/${ID}/${ID}-json.log` }, /place of its own/],
    ["an id that is none", { Id: "../../etc" }, /which container/],
  ])("is not even looked at: %s", async (_what, change, why) => {
    const { engine } = engineWith();
    const logs = createFileLogs({ inspect: () => Promise.resolve({ ...engine.document(), ...change }), dataRoot: () => Promise.resolve(engine.root), hostRoot: "", clock: systemClock });
    expect(await refusal(logs)).toMatch(why);
  });
});

describe("whether files can be read at all", () => {
  it("is told with what would change it", () => {
    const { engine } = engineWith();
    expect(filesReach({ dataRoot: engine.root, hostRoot: "" })).toEqual({ direct: true, why: null });
    expect(filesReach({ dataRoot: "/no/such", hostRoot: "" }).why).toContain("-v /no/such:/host/no/such:ro and --host-root /host");
    expect(filesReach({ dataRoot: "/no/such", hostRoot: "/host" }).why).toContain("-v /no/such:/host/no/such:ro");
    expect(filesReach({ dataRoot: null, hostRoot: "" }).direct).toBe(false);
    writeFileSync(join(engine.root, "file"), "");
    expect(filesReach({ dataRoot: `${engine.root}/file`, hostRoot: "" }).direct).toBe(false);
  });

  it("takes the host's files from where the agent sees them", async () => {
    const { engine } = engineWith();
    engine.lines(3);
    const inside = engine.document();
    const logs = createFileLogs({ inspect: () => Promise.resolve({ ...inside, LogPath: inside.LogPath.slice(4) }), dataRoot: () => Promise.resolve(engine.root.slice(4)), hostRoot: engine.root.slice(0, 4), clock: systemClock });
    expect((await collect(await open(logs), toLive)).said).toEqual([0, 1, 2]);
  });
});
