/** The agent's settings: flags, and the same by environment variables. The only reader of the environment. */
import { homedir, hostname } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Allowance } from "@/protocol/shapes";
import { parseEngineAddress } from "./runtime/docker/address";
import type { EngineHints } from "./runtime/docker/discovery";

/** Something in the settings is wrong. The sentence is for the person who typed them. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

export interface AgentConfig {
  /** null: as remembered in the state directory; so are the next two. */
  hub: string | null;
  pin: string | null;
  token: string | null;
  name: string;
  engine: EngineHints;
  stateDir: string;
  allow: Allowance;
  /** Where the host's /proc and /sys/fs/cgroup are mounted; null: where they always are. */
  hostRoot: string | null;
}

const FLAGS = {
  hub: { variable: "BINNACLE_HUB", value: "URL", does: "address of the hub, like https://binnacle.example" },
  pin: { variable: "BINNACLE_PIN", value: "PIN", does: "fingerprint of the hub's certificate, from the line that Add host shows" },
  token: { variable: "BINNACLE_TOKEN", value: "TOKEN", does: "join token from the same line; needed until the hub has accepted this host" },
  name: { variable: "BINNACLE_NAME", value: "NAME", does: "what this host would like to be called (its host name)" },
  docker: { variable: "BINNACLE_DOCKER", value: "ADDRESS", does: "the engine: unix:///path/to.sock or tcp://host:port (found by itself)" },
  "state-dir": { variable: "BINNACLE_STATE_DIR", value: "DIR", does: "where this agent keeps its key and what it remembers (/var/lib/binnacle-agent as root, else ~/.binnacle-agent)" },
  "host-root": { variable: "BINNACLE_HOST_ROOT", value: "DIR", does: "in a container: where the host's /proc and /sys/fs/cgroup are mounted, read-only, as DIR/proc and DIR/sys/fs/cgroup" },
  allow: { variable: "BINNACLE_ALLOW", value: "LEVEL", does: "the most that any hub may do here: view, operate or all (all)" },
} as const;
type Flag = keyof typeof FLAGS;

/** What `--help` prints. */
export function helpText(): string {
  const rows = Object.entries(FLAGS).map(([flag, { variable, value, does }]) => `  ${`--${flag} ${value}`.padEnd(20)}${does}\n${" ".repeat(22)}or ${variable}`);
  return `The Binnacle agent: shows this machine's containers to a hub, and does what the hub asks within --allow.\n\n${rows.join("\n")}\n\nHub, pin and key are remembered, so a later start needs no flags.\n`;
}

/** The settings of this process; null when help was asked for. Throws ConfigError. */
export function readConfig(words: readonly string[] = process.argv.slice(2), env: Readonly<Record<string, string | undefined>> = process.env): AgentConfig | null {
  const flags = parseFlags(words);
  if (flags === null) return null;
  const setting = (flag: Flag) => {
    const { variable } = FLAGS[flag];
    const given = flags[flag];
    return given !== undefined ? { value: given, from: `--${flag}` } : env[variable] ? { value: env[variable], from: variable } : null;
  };
  const home = homedir();
  const stateDir = setting("state-dir")?.value ?? (process.getuid?.() === 0 ? "/var/lib/binnacle-agent" : join(home, ".binnacle-agent"));
  return {
    hub: checked(setting("hub"), readHubUrl),
    pin: checked(setting("pin"), (text) => (/^[A-Za-z0-9_-]{43}$/.test(text) ? text : problem("is not a pin: it has 43 letters, digits, - and _. Copy the whole line that Add host shows"))),
    token: checked(setting("token"), (text) => (/^[A-Za-z0-9_-]{16,128}$/.test(text) ? text : problem("is not a join token. Copy the whole line that Add host shows", { secret: true }))),
    name: checked(setting("name"), readName) ?? (hostname() || "host").slice(0, 128),
    engine: {
      flag: checked(setting("docker"), (text) => {
        const address = parseEngineAddress(text);
        return "problem" in address ? problem(`cannot be used: ${address.problem}`) : text;
      }),
      dockerHost: env.DOCKER_HOST || null,
      dockerContext: env.DOCKER_CONTEXT || null,
      dockerConfigDir: env.DOCKER_CONFIG || join(home, ".docker"),
      home,
      xdgRuntimeDir: env.XDG_RUNTIME_DIR || null,
    },
    stateDir: resolve(stateDir),
    allow: checked(setting("allow"), (text) => Allowance.safeParse(text).data ?? problem("is none of view, operate and all")) ?? "all",
    hostRoot: checked(setting("host-root"), (text) => (isAbsolute(text) ? text.replace(/(?<=.)\/+$/, "") : problem("is not a whole path, like /host"))),
  };
}

function parseFlags(words: readonly string[]): Partial<Record<Flag, string>> | null {
  const options = Object.fromEntries(Object.keys(FLAGS).map((flag) => [flag, { type: "string" as const }]));
  try {
    const { values } = parseArgs({ args: [...words], options: { ...options, help: { type: "boolean", short: "h" } }, allowPositionals: false });
    return values.help ? null : (values as Partial<Record<Flag, string>>);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!code?.startsWith("ERR_PARSE_ARGS")) throw error;
    // Node's own first sentence names the flag; what follows it is advice for other programs.
    const advice = code === "ERR_PARSE_ARGS_INVALID_OPTION_VALUE" ? `A value that begins with "-" is written like --pin=VALUE.` : "--help lists the flags.";
    throw new ConfigError(`${message.split(/[.\n]/)[0]}. ${advice}`);
  }
}

/** Marks a value as unusable, with the end of the sentence that says why. */
function problem(why: string, options?: { secret: boolean }): { why: string; secret: boolean } {
  return { why, secret: options?.secret ?? false };
}

function checked<T extends string>(setting: { value: string; from: string } | null, check: (text: string) => T | ReturnType<typeof problem>): T | null {
  if (setting === null) return null;
  const result = check(setting.value);
  if (typeof result === "string") return result;
  throw new ConfigError(result.secret ? `The value of ${setting.from} ${result.why}.` : `${setting.from} "${setting.value.slice(0, 200)}" ${result.why}.`);
}

function readHubUrl(text: string): string | ReturnType<typeof problem> {
  if (!URL.canParse(text)) return problem("is not an address; it looks like https://binnacle.example or http://192.0.2.7:3000");
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") return problem("is not an http or https address");
  if (url.username || url.password) return problem("holds a user name or password, which the hub does not need; leave them out");
  if (url.search || url.hash) return problem("holds more than the hub's address; leave out what begins with ? or #");
  return url.href.replace(/\/+$/, "");
}

function readName(text: string): string | ReturnType<typeof problem> {
  const name = text.trim();
  if (name === "" || name.length > 128) return problem("is not a name: it needs 1 to 128 characters");
  return /\p{Cc}/u.test(name) ? problem("holds control characters") : name;
}
