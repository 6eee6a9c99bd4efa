/**
 * Real Docker hosts on one machine, for tests: each has its own network, name, mounts, processes and
 * dockerd. A typed wrapper of lab.sh. Every run takes a slot of its own, so runs never meet; a lab is
 * taken down by its owner, and by a reaper when the owner died in any way.
 *
 * Needs Linux, root, dockerd, iproute2, iptables, curl, a C compiler and busybox-static.
 */
import { type ChildProcess, execFile, spawn, spawnSync, type SpawnOptions } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const SCRIPT = join(HERE, "lab.sh");
/** Labs that can exist at once: 198.18.0.0/15 has 512 networks of 256 addresses. */
const SLOTS = 512;
/** Not os.tmpdir(): dockerd's unix sockets need a short path. */
const ROOT = "/tmp";
const OUTPUT_BYTES = 32 << 20;

/** A process inside a host or on the hub's side. `kill` reaches the process itself, not its wrapper. */
export interface LabProcess {
  child: ChildProcess;
  /** Its pid as this machine counts; undefined once it is gone. */
  pid(): number | undefined;
  kill(signal: NodeJS.Signals): void;
  /** Resolves with the exit code (null: by signal) when it has ended. */
  exited: Promise<number | null>;
}

export interface LabHost {
  name: string;
  /** Where the hub's side reaches it. */
  ip: string;
  /** Path of the engine's unix socket, reachable from everywhere on this machine. */
  socket: string;
  /** Runs the docker client against this host; resolves with its output, trimmed. */
  docker(args: readonly string[]): Promise<string>;
  /** Runs a program inside the host; resolves with its output, trimmed. */
  exec(argv: readonly string[]): Promise<string>;
  spawn(argv: readonly string[], options?: SpawnOptions): LabProcess;
  /** Sends a signal to dockerd. */
  kill(signal: "KILL" | "TERM" | "STOP" | "CONT"): Promise<void>;
  /** Starts dockerd again and waits until it answers. */
  start(): Promise<void>;
  /** Unplugs the host's network cable. */
  cut(): Promise<void>;
  /** Takes back cut, blackhole, slow and loss. */
  heal(): Promise<void>;
  /** Drops every packet both ways without telling anybody. */
  blackhole(): Promise<void>;
  /** Resets every connection over the lab's network. */
  reset(): Promise<void>;
  /** Limits what the host sends, e.g. "1mbit". */
  slow(rate: string): Promise<void>;
  /** Loses this share of incoming packets, 0 to 1. */
  loss(share: number): Promise<void>;
  freezeContainers(): Promise<void>;
  thawContainers(): Promise<void>;
}

export interface Lab {
  dir: string;
  hosts: LabHost[];
  /** The host with this number, from 1. Throws when there is none. */
  host(number: number): LabHost;
  /** Where hosts reach the hub's side. */
  hubIp: string;
  hubExec(argv: readonly string[]): Promise<string>;
  hubSpawn(argv: readonly string[], options?: SpawnOptions): LabProcess;
  /** Takes everything down; safe to call more than once. */
  down(): Promise<void>;
}

export interface LabOptions {
  hosts: number;
  /** Directories with another dockerd and containerd, put before PATH. */
  dockerdPath?: string;
  /** Extra arguments for dockerd, separated by spaces. */
  dockerdArgs?: string;
  /** Do not load the test image. */
  bare?: boolean;
}

/** The image every host has, unless `bare`: busybox with all applets, and `spew` (numbered lines at full speed). */
export const LAB_IMAGE = "busybox:local";

/** Starts `hosts` Docker hosts. Rejects with lab.sh's own words when they cannot start, having cleaned up. */
export async function startLab(options: LabOptions): Promise<Lab> {
  sweepStaleLabs();
  const slot = claimSlot();
  const env: NodeJS.ProcessEnv = {
    ...slotEnv(slot, ownerOf(process.pid)),
    ...(options.dockerdPath === undefined ? {} : { LAB_DOCKERD_PATH: options.dockerdPath }),
    ...(options.dockerdArgs === undefined ? {} : { LAB_DOCKERD_ARGS: options.dockerdArgs }),
  };
  const lab = (args: readonly string[]) => run(SCRIPT, args, env);
  const stopReaping = startReaper(env);
  const release = onProcessEnd(() => spawnSync(SCRIPT, ["down"], { env, stdio: "ignore" }));
  const down = async () => {
    await lab(["down"]);
    release();
    stopReaping();
  };
  try {
    await lab(["up", String(options.hosts)]);
    if (!options.bare) await lab(["up", String(options.hosts), await seedImage(`unix://${slotDir(slot)}/h1/docker.sock`)]);
    const hosts = Array.from({ length: options.hosts }, (_, i) => createHost(`h${i + 1}`, slot, env));
    return {
      dir: slotDir(slot),
      hosts,
      host(number) {
        const host = hosts[number - 1];
        if (!host) throw new Error(`this lab has ${hosts.length} hosts, there is no number ${number}`);
        return host;
      },
      hubIp: `${slotNet(slot)}.250`,
      hubExec: (argv) => lab(["hubexec", ...argv]),
      hubSpawn: (argv, spawnOptions) => spawnWrapped(["hubexec", ...argv], env, spawnOptions, false),
      down,
    };
  } catch (error) {
    await down();
    throw error;
  }
}

function createHost(name: string, slot: number, env: NodeJS.ProcessEnv): LabHost {
  const lab = (...args: string[]) => run(SCRIPT, args, env);
  const order = async (...args: string[]) => void (await lab(...args));
  const socket = `${slotDir(slot)}/${name}/docker.sock`;
  return {
    name,
    ip: `${slotNet(slot)}.${10 + Number(name.slice(1))}`,
    socket,
    docker: (args) => run("docker", ["-H", `unix://${socket}`, ...args], env),
    exec: (argv) => lab("exec", name, ...argv),
    spawn: (argv, options) => spawnWrapped(["exec", name, ...argv], env, options, true),
    kill: (signal) => order("kill", name, signal === "KILL" ? "9" : signal),
    start: () => order("start", name),
    cut: () => order("cut", name),
    heal: () => order("heal", name),
    blackhole: () => order("blackhole", name),
    reset: () => order("reset", name),
    slow: (rate) => order("slow", name, rate),
    loss: (share) => order("loss", name, String(share)),
    freezeContainers: () => order("freeze", name),
    thawContainers: () => order("thaw", name),
  };
}

function slotDir(slot: number): string {
  return join(ROOT, `bnl${slot}`);
}
function slotNet(slot: number): string {
  return `198.${18 + (slot >> 8)}.${slot & 255}`;
}
function slotEnv(slot: number, owner: string): NodeJS.ProcessEnv {
  return { ...process.env, LAB: slotDir(slot), LAB_PREFIX: `bnl${slot}`, LAB_NET: slotNet(slot), LAB_OWNER: owner };
}

/** Takes the first free slot; making its directory is the lock. */
function claimSlot(): number {
  for (let slot = 0; slot < SLOTS; slot++) {
    try {
      mkdirSync(slotDir(slot));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") continue;
      throw error;
    }
    // Renamed into its place: whoever reads half an owner would take the lab for a dead one's.
    writeFileSync(join(slotDir(slot), "owner.new"), ownerOf(process.pid));
    renameSync(join(slotDir(slot), "owner.new"), join(slotDir(slot), "owner"));
    return slot;
  }
  throw new Error(`all ${SLOTS} lab slots are taken; remove ${ROOT}/bnl* of labs that no longer run`);
}

function ownerOf(pid: number): string {
  return `${pid} ${startedAt(pid)}`;
}

/** A process's start time in clock ticks, so that a reused pid is not taken for the owner. */
function startedAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

/** Takes down labs whose owner died before it could, e.g. when the reaper was killed as well. */
function sweepStaleLabs(): void {
  for (let slot = 0; slot < SLOTS; slot++) {
    let owner: string;
    try {
      owner = readFileSync(join(slotDir(slot), "owner"), "utf8");
    } catch {
      continue; // free, or being claimed at this moment
    }
    if (ownerOf(Number(owner.split(" ")[0])) !== owner) spawnSync(SCRIPT, ["down"], { env: slotEnv(slot, owner), stdio: "ignore" });
  }
}

/** A process apart that takes the lab down if this one dies without doing so. Returns how to end it. */
function startReaper(env: NodeJS.ProcessEnv): () => void {
  const reaper = spawn(SCRIPT, ["reap", String(process.pid)], { env, detached: true, stdio: "ignore" });
  reaper.unref();
  return () => void reaper.kill("SIGKILL");
}

/** Runs `task` if this process ends by exit, SIGINT or SIGTERM. Returns how to forget it. */
function onProcessEnd(task: () => void): () => void {
  const bySignal = (signal: NodeJS.Signals) => {
    task();
    forget();
    process.kill(process.pid, signal);
  };
  const forget = () => {
    process.off("exit", task);
    process.off("SIGINT", bySignal);
    process.off("SIGTERM", bySignal);
  };
  process.on("exit", task);
  process.on("SIGINT", bySignal);
  process.on("SIGTERM", bySignal);
  return forget;
}

/** The test image as a tar, made once a machine and kept under a name of what it is made of. */
async function seedImage(dockerHost: string): Promise<string> {
  const busybox = spawnSync("which", ["busybox"], { encoding: "utf8" }).stdout.trim();
  const parts = [join(HERE, "seed.sh"), join(HERE, "spew.c"), busybox].filter((path) => existsSync(path));
  const hash = createHash("sha256");
  for (const part of parts) hash.update(readFileSync(part));
  const tar = join(ROOT, `binnacle-lab-image-${hash.digest("hex").slice(0, 12)}.tar`);
  if (existsSync(tar)) return tar;
  const fresh = `${tar}.${process.pid}`;
  try {
    await run(join(HERE, "seed.sh"), [fresh], { ...process.env, DOCKER_HOST: dockerHost });
    renameSync(fresh, tar);
  } finally {
    rmSync(fresh, { force: true });
  }
  return tar;
}

function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, [...args], { env, maxBuffer: OUTPUT_BYTES, encoding: "utf8" }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${[file, ...args].join(" ")}: ${stderr.trim() || error.message}`));
      else resolve(stdout.trim());
    });
  });
}

function spawnWrapped(args: readonly string[], env: NodeJS.ProcessEnv, options: SpawnOptions | undefined, forks: boolean): LabProcess {
  const child = spawn(SCRIPT, [...args], { stdio: ["ignore", "pipe", "pipe"], ...options, env: { ...env, ...options?.env } });
  const exited = new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("exit", (code) => resolve(code));
  });
  // nsenter forks to enter a pid namespace, so the program is the wrapper's child; on the hub's side it
  // is the wrapper itself.
  const pid = () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return undefined;
    if (!forks) return child.pid;
    try {
      const first = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ")[0];
      return first ? Number(first) : undefined;
    } catch {
      return undefined;
    }
  };
  return {
    child,
    pid,
    exited,
    kill(signal) {
      const target = pid();
      if (target === undefined) return;
      try {
        process.kill(target, signal);
      } catch {
        // it ended between the look and the signal
      }
      // nsenter stops itself when its program is stopped, and can then neither go on nor see it end.
      if (forks && signal !== "SIGSTOP") child.kill("SIGCONT");
    },
  };
}
