import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type EngineHints, findEngines } from "./discovery";

let home: string;
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "home-"))));
afterEach(() => rmSync(home, { recursive: true }));
const hints = (more: Partial<EngineHints> = {}): EngineHints => ({ flag: null, dockerHost: null, dockerContext: null, dockerConfigDir: join(home, ".docker"), home, xdgRuntimeDir: "/run/user/1000", ...more });
const context = (name: string, host: string) => {
  const folder = join(home, ".docker/contexts/meta", createHash("sha256").update(name).digest("hex"));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "meta.json"), JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }));
  writeFileSync(join(home, ".docker/config.json"), JSON.stringify({ currentContext: name }));
};

describe("an engine is looked for", () => {
  it("where a person said, in order: flag, DOCKER_HOST, DOCKER_CONTEXT, current context; and then nowhere else", () => {
    context("work", "unix:///work.sock");
    const at = (more: Partial<EngineHints>) => findEngines(hints(more));
    expect(at({ flag: "unix:///a.sock", dockerHost: "unix:///b.sock" })).toMatchObject([{ from: "--docker", address: { path: "/a.sock" } }]);
    expect(at({ dockerHost: "tcp://10.0.0.7" })).toMatchObject([{ from: "DOCKER_HOST", address: { host: "10.0.0.7", port: 2375 } }]);
    expect(at({})).toMatchObject([{ from: 'the Docker context "work"', address: { path: "/work.sock" } }]);
    expect(at({ dockerContext: "gone" })).toMatchObject([{ problem: expect.stringContaining('"gone"') as string }]);
  });

  it("in the usual places of Docker, then of Podman", () => {
    const paths = findEngines(hints()).map((candidate) => ("address" in candidate && candidate.address.kind === "unix" ? candidate.address.path : "?"));
    expect(paths).toEqual(["/var/run/docker.sock", join(home, ".docker/run/docker.sock"), "/run/user/1000/docker.sock", "/run/podman/podman.sock", "/run/user/1000/podman/podman.sock"]);
    context("default", "unix:///never.sock");
    expect(findEngines(hints())).toHaveLength(5);
  });

  it("and one that cannot be used is named with what to do", () => {
    context("far", "ssh://ana@far");
    expect(findEngines(hints())).toMatchObject([{ problem: expect.stringMatching(/"far".*run an agent on that host/) as string }]);
    writeFileSync(join(home, ".docker/config.json"), "{broken");
    expect(findEngines(hints())).toHaveLength(5);
  });
});
