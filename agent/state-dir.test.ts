import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openStateDir, StateDirError } from "./state-dir";

let scratch: string;
let dir: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "state-"));
  dir = join(scratch, "deep/state");
});
afterEach(() => rmSync(scratch, { recursive: true }));
const memory = { hub: "http://hub", pin: "p", hostId: null, hostName: null, token: "t", usedToken: null };

it("counts each start and keeps everything for this user only, also where it was open before", () => {
  mkdirSync(dir, { recursive: true });
  chmodSync(dir, 0o755);
  for (const epoch of [1, 2, 3]) {
    const state = openStateDir(dir);
    expect(state.epoch).toBe(epoch);
    if (epoch === 1) state.rememberHub(memory);
    expect(state.hub()).toEqual(memory);
    state.release();
  }
  expect(statSync(dir).mode & 0o777).toBe(0o700);
  expect(statSync(join(dir, "hub.json")).mode & 0o777).toBe(0o600);
});

it("lets one agent in at a time, and the next one after a crash", () => {
  const first = openStateDir(dir);
  expect(() => openStateDir(dir)).toThrow(/already uses/);
  first.release();
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  writeFileSync(join(dir, "lock"), `${dead} 12345`);
  openStateDir(dir).release();
  writeFileSync(join(dir, "lock"), `${process.pid} 1`); // the pid is another program's by now
  openStateDir(dir).release();
  writeFileSync(join(dir, "lock"), ""); // the power went before it was written
  openStateDir(dir).release();
});

it("goes on beyond every earlier count when the counter is damaged", () => {
  openStateDir(dir).release();
  writeFileSync(join(dir, "epoch"), "\0\0\0");
  const state = openStateDir(dir);
  expect(state.epoch).toBeGreaterThan(1_700_000_000);
  state.release();
  expect(readFileSync(join(dir, "epoch"), "utf8")).toBe(`${state.epoch}\n`);
});

it("goes on from a higher count where one was given, and never over the count that a hub can store", () => {
  openStateDir(dir).rememberEpoch(40);
  rmSync(join(dir, "lock"));
  const state = openStateDir(dir);
  expect(state.epoch).toBe(41);
  state.release();
  writeFileSync(join(dir, "epoch"), "2147483647\n");
  const last = openStateDir(dir);
  expect(last.epoch).toBeLessThan(2_147_483_647);
  last.release();
});

it("says what is wrong with a directory that cannot be used, and never hangs on it", () => {
  writeFileSync(join(scratch, "file"), "");
  for (const path of [join(scratch, "file"), join(scratch, "file/below"), "/proc/none/below"]) {
    expect(() => openStateDir(path), path).toThrow(StateDirError);
    expect(() => openStateDir(path), path).toThrow(/cannot be used: .*--state-dir/);
  }
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "hub.json"), "{}");
  expect(() => openStateDir(dir)).toThrow(/damaged/);
});
