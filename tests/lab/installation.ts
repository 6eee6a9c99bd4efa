/**
 * A whole Binnacle on the lab: the hub in the lab's hub namespace, agents inside their hosts, all as the
 * built bundles that a person runs. Everything it starts ends with `close`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, openClient, signIn } from "./client";
import { eventually } from "./eventually";
import type { Lab } from "./lab";
import { type Program, ROOT, start } from "./processes";

export const ADMIN = { email: "ana@example.test", password: "correct horse battery" };
const PORT = "3000"; // a namespace of its own: no other 3000 can be in the way

export interface Installation {
  /** As hosts and browsers reach it. */
  readonly url: string;
  readonly dataDir: string;
  hub(): Program;
  /** Starts the hub again on the same data and port, e.g. after a kill; returns when it is ready. */
  restartHub(): Promise<void>;
  /** A new signed-in session of the administrator. */
  client(): Promise<Client>;
  /** Starts an agent inside a host of the lab. */
  agent(host: string, options?: { args?: string[]; stateDir?: string }): Program;
  /** The arguments of a fresh join line: --hub … --pin … --token …. */
  joinArguments(client: Client, options?: { minutes?: number; uses?: number; hostId?: string }): Promise<string[]>;
  stateDir(host: string): string;
  close(): Promise<void>;
}

/** The arguments that a join line names, after `npm run agent --`. */
export function argumentsOf(line: string): string[] {
  const at = line.indexOf(" -- ");
  if (at < 0) throw new Error(`not a join line: ${line}`);
  return line.slice(at + 4).split(" ");
}

/** Starts the hub on the lab, with an administrator. */
export async function install(lab: Lab, options: { hubEnv?: Record<string, string> } = {}): Promise<Installation> {
  const directory = mkdtempSync(join(tmpdir(), "bi-"));
  const dataDir = join(directory, "data");
  const url = `http://${lab.hubAddress}:${PORT}`;
  const programs: Program[] = [];
  const clients: Client[] = [];
  const startHub = () => {
    const [command = "", ...args] = lab.hubCommand([process.execPath, join(ROOT, "dist/hub.mjs")]);
    const env = {
      PORT, BINNACLE_DATA: dataDir, BINNACLE_PUBLIC_URL: url, NODE_ENV: "production", BINNACLE_LOG_LEVEL: "info",
      BINNACLE_ADMIN_EMAIL: ADMIN.email, BINNACLE_ADMIN_PASSWORD: ADMIN.password, ...options.hubEnv,
    };
    const program = start(command, args, { env, ipc: true });
    programs.push(program);
    return program;
  };
  let hub = startHub();
  const ready = () =>
    eventually("the hub is ready", async () => {
      if (!hub.running()) throw new Error(`the hub exited:\n${hub.log()}`);
      return (await fetch(`${url}/readyz`)).ok;
    }, 60_000);
  const close = async () => {
    for (const client of clients) client.close();
    for (const program of programs) await program.kill();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await ready();
  } catch (error) {
    await close();
    throw error;
  }
  const stateDir = (host: string) => join(directory, `agent-${host}`);
  return {
    url,
    dataDir,
    hub: () => hub,
    async restartHub() {
      hub = startHub();
      await ready();
    },
    async client() {
      const client = openClient(url, await signIn(url, ADMIN.email, ADMIN.password));
      clients.push(client);
      return client;
    },
    agent(host, { args = [], stateDir: own } = {}) {
      const program = [process.execPath, join(ROOT, "dist/agent.mjs"), "--docker", `unix://${lab.socket(host)}`, "--state-dir", own ?? stateDir(host), ...args];
      const [command = "", ...rest] = lab.hostCommand(host, program);
      const agent = start(command, rest);
      programs.push(agent);
      return agent;
    },
    async joinArguments(client, join = {}) {
      return argumentsOf((await client.api.hosts.createJoin.mutate(join)).line);
    },
    stateDir,
    close,
  };
}
