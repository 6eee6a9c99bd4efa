/**
 * A whole Binnacle on the lab: the hub on the lab's hub side, agents inside their hosts, all as the built
 * bundles that a person runs. Everything it starts ends with `close`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HUB_FLAGS } from "../../bin/hub-flags.mjs";
import { AGENT_ENV, AGENT_FLAGS } from "../../bin/agent-flags.mjs";
import { type Client, openClient, signIn } from "./client";
import { eventually } from "./eventually";
import type { Lab, LabHost } from "./lab";
import { follow, type Program, ROOT } from "./processes";

export const ADMIN = { email: "ana@example.test", password: "correct horse battery" };
const PORT = "3000"; // in a namespace of its own: no other 3000 can be in the way

export interface Installation {
  /** As hosts, browsers and this process reach it. */
  readonly url: string;
  readonly dataDir: string;
  hub(): Program;
  /** Starts the hub again on the same data and port, after it was ended; returns when it is ready. */
  restartHub(): Promise<void>;
  /** A new signed-in session of the administrator. */
  client(): Promise<Client>;
  /** Starts an agent inside a host of the lab, as its owner would; `within` is put before it, e.g. a wrapper that hides files from it. */
  agent(host: LabHost, args?: string[], within?: string[]): Program;
  /** The arguments of a fresh join line: --hub … --pin … --token …. */
  joinArguments(client: Client, options?: { minutes?: number; uses?: number; hostId?: string }): Promise<string[]>;
  /** Joins a host under its lab name and waits until it is heard; gives its agent. */
  join(client: Client, host: LabHost, args?: string[]): Promise<Program>;
  stateDir(host: LabHost): string;
  close(): Promise<void>;
}

/** The arguments that a join line names, after `npm run agent --`. */
export function argumentsOf(line: string): string[] {
  const at = line.indexOf(" -- ");
  if (at < 0) throw new Error(`not a join line: ${line}`);
  return line.slice(at + 4).split(" ");
}

/** Starts the hub on the lab, with an administrator. */
export async function install(lab: Lab, hubEnv: Record<string, string> = {}): Promise<Installation> {
  const directory = mkdtempSync(join(tmpdir(), "bi-"));
  const dataDir = join(directory, "data");
  const url = `http://${lab.hubIp}:${PORT}`;
  const programs: Program[] = [];
  const clients: Client[] = [];
  const keep = (program: Program) => (programs.push(program), program);
  const startHub = () => {
    const env = {
      PORT, BINNACLE_DATA: dataDir, BINNACLE_PUBLIC_URL: url, NODE_ENV: "production", BINNACLE_LOG_LEVEL: "info",
      BINNACLE_ADMIN_EMAIL: ADMIN.email, BINNACLE_ADMIN_PASSWORD: ADMIN.password, ...hubEnv,
    } as NodeJS.ProcessEnv;
    return keep(follow(lab.hubSpawn([process.execPath, ...HUB_FLAGS, join(ROOT, "dist/hub.mjs")], { env, cwd: ROOT })));
  };
  let hub = startHub();
  const ready = () =>
    eventually("the hub is ready", async () => {
      if (!hub.running()) throw new Error(`the hub exited:\n${hub.log()}`);
      return (await fetch(`${url}/readyz`)).ok;
    }, 60_000);
  const stateDir = (host: LabHost) => join(directory, `agent-${host.name}`);
  const self: Installation = {
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
    agent: (host, args = [], within = []) =>
      keep(follow(host.spawn([...within, process.execPath, ...AGENT_FLAGS, join(ROOT, "dist/agent.mjs"), "--docker", `unix://${host.socket}`, "--state-dir", stateDir(host), ...args], { env: { ...process.env, ...AGENT_ENV } as NodeJS.ProcessEnv }))),
    async joinArguments(client, options = {}) {
      return argumentsOf((await client.api.hosts.createJoin.mutate(options)).line);
    },
    async join(client, host, args = []) {
      const agent = self.agent(host, ["--name", host.name, ...args, ...(await self.joinArguments(client))]);
      await eventually(`${host.name} is accepted`, () => {
        if (!agent.running()) throw new Error(`the agent exited:\n${agent.log()}`);
        return /accepted/i.test(agent.log());
      });
      return agent;
    },
    stateDir,
    async close() {
      for (const client of clients) client.close();
      await Promise.all(programs.map((program) => program.kill()));
      rmSync(directory, { recursive: true, force: true });
    },
  };
  await ready().catch(async (error: unknown) => {
    await self.close();
    throw error;
  });
  return self;
}
