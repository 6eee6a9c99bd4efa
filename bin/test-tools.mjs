// What the tests need beside npm packages. On Debian as root the missing ones are installed from the
// distribution; elsewhere each is named with the command that installs it, and its tests are skipped.
import { existsSync } from "node:fs";
import { platform } from "node:process";
import { delimiter, join } from "node:path";
import { ask, run } from "./child.mjs";
import { step } from "./console.mjs";

const onPath = (program) => `${process.env.PATH}${delimiter}/usr/sbin${delimiter}/sbin`.split(delimiter).some((folder) => existsSync(join(folder, program)));
const anyExists = (...paths) => paths.some((path) => existsSync(path));

/**
 * Each tool: the Debian package that has it, how to see that it is there, which phases need it, and how
 * others install it. `optional`: only some tests need it, and they say so themselves.
 */
const TOOLS = [
  { package: "docker.io", there: () => onPath("dockerd") && onPath("docker"), phases: ["lab", "browser"], elsewhere: "install Docker Engine: https://docs.docker.com/engine/install/" },
  { package: "iproute2", there: () => onPath("ip") && onPath("tc"), phases: ["lab", "browser"] },
  { package: "iptables", there: () => onPath("iptables"), phases: ["lab", "browser"] },
  { package: "util-linux", there: () => onPath("nsenter") && onPath("unshare"), phases: ["lab", "browser"] },
  { package: "procps", there: () => onPath("pgrep"), phases: ["lab", "browser"] },
  { package: "curl", there: () => onPath("curl"), phases: ["lab", "browser"] },
  { package: "busybox-static", there: () => onPath("busybox"), phases: ["lab", "browser"] },
  { package: "gcc", there: () => onPath("cc"), phases: ["lab", "browser"] },
  { package: "libc6-dev", there: () => existsSync("/usr/include/stdio.h"), phases: ["lab", "browser"] },
  { package: "git", there: () => onPath("git"), phases: ["unit"] },
  {
    package: "chromium", phases: ["browser"], elsewhere: "brew install --cask chromium, or: dnf install chromium",
    there: () => process.env.BINNACLE_TEST_CHROMIUM !== undefined || anyExists("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/Applications/Google Chrome.app", "/Applications/Chromium.app"),
  },
  {
    package: "fonts-noto-cjk", phases: ["browser"], elsewhere: "dnf install google-noto-sans-cjk-fonts",
    there: () => platform === "darwin" || anyExists("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "/usr/share/fonts/google-noto-sans-cjk-fonts", "/usr/share/fonts/noto-cjk"),
  },
  { package: "podman", optional: true, there: () => onPath("podman"), phases: ["lab"] },
  { package: "netavark", optional: true, there: () => anyExists("/usr/lib/podman/netavark", "/usr/libexec/podman/netavark"), phases: ["lab"] },
  { package: "aardvark-dns", optional: true, there: () => anyExists("/usr/lib/podman/aardvark-dns", "/usr/libexec/podman/aardvark-dns"), phases: ["lab"] },
];

const absent = (phases) => TOOLS.filter((tool) => tool.phases.some((phase) => phases.includes(phase)) && !tool.there());
const isRoot = () => process.getuid?.() === 0;

const APT_ENV = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
const aptInstall = (packages) => run("apt-get", ["install", "-y", "--no-install-recommends", ...packages], { env: APT_ENV, complaint: `apt-get could not install ${packages.join(", ")}` });

/**
 * Installs what the phases lack where it can, names what stays missing, and answers it by phase: an absent or
 * empty list means that the phase can run.
 * @returns {Promise<Map<string, string[]>>}
 */
export async function provideTools(phases) {
  const isDebian = existsSync("/etc/debian_version") && onPath("apt-get");
  const lacking = absent(phases);
  if (isDebian && isRoot() && lacking.length) await installFromDebian(lacking);
  const missing = new Map();
  for (const tool of absent(phases)) {
    const how = isDebian ? `${isRoot() ? "" : "sudo "}apt-get install ${tool.package}` : (tool.elsewhere ?? `install ${tool.package} with your system's package manager`);
    console.log(`! missing: ${tool.package} (${how})`);
    if (!tool.optional) for (const phase of tool.phases) missing.set(phase, [...(missing.get(phase) ?? []), `needs ${tool.package}: ${how}`]);
  }
  if (phases.includes("lab") || phases.includes("browser")) await explainMissingRights(missing);
  return missing;
}

async function installFromDebian(tools) {
  const names = (some) => some.map((tool) => tool.package);
  const tried = async (what) => {
    try {
      await what();
    } catch (error) {
      console.log(`! ${error.message}`);
    }
  };
  await step(`installing ${names(tools).join(", ")}`, async () => {
    await tried(() => run("apt-get", ["update"], { env: APT_ENV, complaint: "apt-get could not read the package lists" }));
    const needed = names(tools.filter((tool) => !tool.optional));
    if (needed.length) await tried(() => aptInstall(needed));
    const wanted = names(tools.filter((tool) => tool.optional));
    if (wanted.length) await tried(() => aptInstall(wanted));
  });
}

// Engines in namespaces of their own need root; the tests of one engine use the one that is there.
async function explainMissingRights(missing) {
  if (platform === "linux" && isRoot()) return;
  const why = platform === "linux" ? "needs root, to make hosts with engines of their own: sudo npm test" : `needs Linux, to make hosts with engines of their own (this is ${platform})`;
  for (const phase of ["lab", "browser"]) missing.set(phase, [...(missing.get(phase) ?? []), why]);
  const engine = await ask("docker", ["version", "--format", "{{.Server.Version}}"]);
  console.log(engine.code === 0 ? `· the Docker engine that is there: ${engine.out.trim()}` : "! no Docker engine answers here");
}
