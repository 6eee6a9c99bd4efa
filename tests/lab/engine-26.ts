/**
 * Docker 26.1 beside the installed engine: Debian trixie's own packages, downloaded from the mirror that this
 * machine uses anyway and unpacked into a folder, not installed. Kept between runs.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const SUITE = "trixie";
/** The installed runc serves both engines: trixie's own needs a newer C library than the machine may have. */
const PACKAGES = ["docker.io", "containerd"];
const DOWNLOAD_MS = 300_000;
/** Outside the checkout, so that a fresh clone on the same machine downloads nothing. */
const HOME = join(tmpdir(), "binnacle-lab-engine-26");

/** Folders with dockerd and containerd of Docker 26.1, for `startLab({ dockerdPath })`. Rejects with why they cannot be had. */
export async function engine26(): Promise<string> {
  const root = join(HOME, "root");
  if (!existsSync(join(root, "usr/sbin/dockerd"))) await unpack(root);
  return [join(root, "usr/sbin"), join(root, "usr/bin")].join(":");
}

async function unpack(root: string): Promise<void> {
  mkdirSync(HOME, { recursive: true });
  const work = mkdtempSync(join(HOME, "work-"));
  try {
    for (const folder of ["lists/partial", "cache/archives/partial", "root"]) mkdirSync(join(work, folder), { recursive: true });
    writeFileSync(join(work, "sources.list"), sourcesOf(SUITE));
    const options = {
      "Dir::Etc::sourcelist": join(work, "sources.list"), "Dir::Etc::sourceparts": "-", "Dir::State::lists": join(work, "lists"), "Dir::Cache": join(work, "cache"),
      // The file of preferences and the list of what is installed stay those of the machine: nothing is installed.
      "APT::Get::List-Cleanup": "0", "APT::Sandbox::User": "root",
    };
    const apt = (...args: string[]) => run("apt-get", [...Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]), ...args], { cwd: work, timeout: DOWNLOAD_MS });
    await apt("update");
    await apt("download", ...PACKAGES);
    for (const file of readdirSync(work).filter((name) => name.endsWith(".deb"))) await run("dpkg", ["-x", join(work, file), join(work, "root")]);
    // Another run may have been faster: its folder is as good.
    if (!existsSync(root)) renameSync(join(work, "root"), root);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** One source line for a suite at the mirror and with the key that this machine's own main archive uses. */
function sourcesOf(suite: string): string {
  const folder = "/etc/apt/sources.list.d";
  const files = ["/etc/apt/sources.list", ...(existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [])].filter(existsSync);
  for (const file of files) {
    const text = readFileSync(file, "utf8");
    const line = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+\/debian)\/?\s+\S+\s+main/m.exec(text);
    if (line) return `deb ${line[1]} ${suite} main\n`;
    const stanza = /^URIs:\s*(\S+\/debian)\/?\s*$/m.exec(text);
    const key = /^Signed-By:\s*(\/\S+)\s*$/m.exec(text);
    if (stanza) return `deb ${key ? `[signed-by=${key[1]}] ` : ""}${stanza[1]} ${suite} main\n`;
  }
  throw new Error("Docker 26.1 comes from Debian's mirror, and this machine names none in /etc/apt.");
}
