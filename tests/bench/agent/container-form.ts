/** The agent as a container: an image like that of agent/Dockerfile, made from this machine's own Node, since no registry is asked. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { LabHost } from "../../lab/lab";
import { ROOT } from "../../lab/processes";

const IMAGE = "binnacle-agent:bench";

/** Libraries that a program loads, as the loader says. */
function librariesOf(program: string): string[] {
  return [...execFileSync("ldd", [program], { encoding: "utf8" }).matchAll(/(\/\S+) \(0x/g)].map((match) => match[1]!);
}

/** Makes the image in the host's engine, with the environment and the entry point of agent/Dockerfile. */
export async function importAgentImage(host: LabHost, folder: string): Promise<void> {
  const root = join(folder, "image");
  const copy = (from: string, to: string) => {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    cpSync(realpathSync(from), join(root, to));
  };
  copy(process.execPath, "usr/bin/node");
  for (const library of librariesOf(process.execPath)) copy(library, library.slice(1));
  copy(join(ROOT, "dist/agent.mjs"), "agent.mjs");
  mkdirSync(join(root, "tmp"));
  const tar = join(folder, "image.tar");
  execFileSync("tar", ["-C", root, "-cf", tar, "."]);
  const settings = readFileSync(join(ROOT, "agent/Dockerfile"), "utf8").split("\n").filter((line) => /^(ENV|VOLUME|ENTRYPOINT) /.test(line));
  await host.docker(["import", ...["ENV PATH=/usr/bin", ...settings].flatMap((line) => ["--change", line]), tar, IMAGE]);
}

/** Starts it with the line of README.md; gives its id. `dataRoot`: where this engine keeps its containers' logs. */
export function runAgentContainer(host: LabHost, dataRoot: string, args: readonly string[]): Promise<string> {
  return host.docker([
    "run", "-d", "--name", "binnacle-agent", "--network", "host", "--cgroupns", "host",
    "-v", `${host.socket}:/var/run/docker.sock`,
    "-v", "/proc:/host/proc:ro", "-v", "/sys/fs/cgroup:/host/sys/fs/cgroup:ro", "-v", `${dataRoot}/containers:/host${dataRoot}/containers:ro`,
    IMAGE, ...args,
  ]);
}
