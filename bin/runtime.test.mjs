import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findRuntime as find } from "./runtime.mjs";

let home = "";
const servers = [];
beforeEach(() => (home = mkdtempSync(join(tmpdir(), "bh-"))));
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  rmSync(home, { recursive: true, force: true });
});

// As if no engine of the whole machine listened, whatever runs where the tests do.
const findRuntime = (env, from) => find(env, from, { docker: join(from, "none.sock"), podman: join(from, "none.sock") });

function writeContext(name, address) {
  const meta = join(home, ".docker/contexts/meta", createHash("sha256").update(name).digest("hex"));
  mkdirSync(meta, { recursive: true });
  writeFileSync(join(meta, "meta.json"), JSON.stringify({ Name: name, Endpoints: { docker: { Host: address } } }));
  writeFileSync(join(home, ".docker/config.json"), JSON.stringify({ currentContext: name }));
}

async function listenOn(path) {
  const server = createServer();
  servers.push(server);
  await new Promise((resolve) => server.listen(path, resolve));
}

describe("the runtime of this machine", () => {
  it("is what DOCKER_HOST says, before anything else", () => {
    writeContext("far", "tcp://198.18.0.9:2375");
    expect(findRuntime({ DOCKER_HOST: "unix:///one.sock" }, home)).toEqual({ address: "unix:///one.sock", from: "DOCKER_HOST" });
  });

  it("is the Docker context's, when nothing is said", () => {
    writeContext("far", "tcp://198.18.0.9:2375");
    expect(findRuntime({}, home)).toEqual({ address: "tcp://198.18.0.9:2375", from: "the Docker context" });
  });

  it("is a context named by the environment", () => {
    writeContext("far", "tcp://198.18.0.9:2375");
    writeFileSync(join(home, ".docker/config.json"), "{}");
    expect(findRuntime({ DOCKER_CONTEXT: "far" }, home)?.address).toBe("tcp://198.18.0.9:2375");
  });

  it("is a socket where one listens, rootless Docker before Podman", async () => {
    mkdirSync(join(home, "podman"));
    await listenOn(join(home, "podman/podman.sock"));
    expect(findRuntime({ XDG_RUNTIME_DIR: home }, home)?.address).toBe(`unix://${home}/podman/podman.sock`);
    await listenOn(join(home, "docker.sock"));
    expect(findRuntime({ XDG_RUNTIME_DIR: home }, home)?.address).toBe(`unix://${home}/docker.sock`);
  });

  it("does not take a plain file or broken settings for one", () => {
    mkdirSync(join(home, ".docker"));
    writeFileSync(join(home, ".docker/config.json"), "{ not json");
    writeFileSync(join(home, "docker.sock"), "");
    expect(findRuntime({ XDG_RUNTIME_DIR: home }, home)).toBeNull();
  });
});
