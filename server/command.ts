/**
 * `npm run binnacle -- …`: what the person at the hub's machine may do without signing in. It opens the
 * hub's database itself, beside the running hub or without it; the hub notices what changed there.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { readConfig, type Config } from "./config";
import { openDatabase, type Db } from "./db/client";
import { asDiskError } from "./db/data-directory";
import { pendingMigrations } from "./db/migrate";
import { createPasswords } from "./domains/accounts/passwords";
import { createAccountsRepo } from "./domains/accounts/repo";
import { Email, Password } from "./domains/accounts/schema";
import { createAccountsService } from "./domains/accounts/service";
import { createHostsRepo } from "./domains/hosts/repo";
import { CreateJoinInput } from "./domains/hosts/schema";
import { createHostsService } from "./domains/hosts/service";
import { createSettingsRepo } from "./domains/settings/repo";
import { createSettingsService } from "./domains/settings/service";
import { lanAddress } from "./http/caller";
import { systemClock } from "./lib/clock";
import { AppError, describeError } from "./lib/errors";
import { loadHubIdentity } from "./lib/hub-identity";
import { createLogger } from "./lib/logger";
import { createSocketRegistry } from "./live/sockets";

/** A command line that is not one: exit code 2, with the list. */
class Usage extends Error {}

const COMMANDS = {
  "token create-join": { options: "[--tags a,b] [--uses N] [--minutes N]", does: "make a line that adds a host", run: createJoin },
  "token list": { options: "", does: "show the join lines that are still open", run: listJoins },
  "user list": { options: "", does: "show who may sign in", run: listUsers },
  "user reset-password": { options: "EMAIL", does: "set a new password, read from standard input, and end that person's sessions", run: resetPassword },
  "setup-link": { options: "", does: "make a new set-up link while there is no administrator", run: setupLink },
} as const;
type CommandName = keyof typeof COMMANDS;

interface Hub {
  config: Config;
  db: Db;
  services: Awaited<ReturnType<typeof openServices>>;
}

async function main(words: string[]): Promise<void> {
  if (words.length === 0 || words[0] === "--help" || words[0] === "help") return void process.stdout.write(`${help()}\n`);
  const name = (Object.keys(COMMANDS) as CommandName[]).find((known) => words.slice(0, known.split(" ").length).join(" ") === known);
  if (!name) throw new Usage(`There is no command "${words.join(" ")}".`);
  const rest = words.slice(name.split(" ").length);
  const config = readConfig();
  const file = join(config.dataDirectory, "binnacle.db");
  if (!existsSync(file)) throw new AppError("not_found", `There is no Binnacle database in ${config.dataDirectory}. Start Binnacle once, or say with BINNACLE_DATA where its data is.`);
  if ((await pendingMigrations(file, join(config.root, "prisma", "migrations"))).length > 0) throw new AppError("conflict", "This database is from an older version of Binnacle. Start Binnacle once with this version, then run the command again.");
  const database = await openDatabase(file);
  try {
    await COMMANDS[name].run({ config, db: database.db, services: await openServices(config, database.db) }, rest);
  } catch (error) {
    throw asDiskError(error, config.dataDirectory) ?? error;
  } finally {
    await database.close();
  }
}

async function openServices(config: Config, db: Db) {
  const log = createLogger("silent");
  const { pin } = await loadHubIdentity(config.dataDirectory);
  const settings = await createSettingsService({
    repo: createSettingsRepo(db),
    fixedPublicUrl: config.publicUrl,
    guessPublicUrl: () => `http://${lanAddress() ?? "localhost"}:${config.port}`,
    testAddress: () => Promise.resolve({ ok: false, reason: "no_answer", detail: "Only the running hub can test an address." }),
    version: config.version,
    pin,
    log,
  });
  const accounts = createAccountsService({ repo: createAccountsRepo(db), passwords: createPasswords(), settings, sockets: createSocketRegistry(systemClock), clock: systemClock, log });
  // No link is live in this process; the hub's own gateway turns out whom the database no longer names.
  const gateway = { link: () => undefined, disconnect: () => undefined };
  const hosts = createHostsService({ repo: createHostsRepo(db), gateway, clock: systemClock, log, publicUrl: settings.publicUrl, pin });
  return { accounts, hosts, settings };
}

const JOIN_LIMITS: Record<string, string> = {
  tags: "Give up to 16 tags of letters, digits and . _ : / -, with commas between them.",
  uses: "Give a whole number from 1 to 100.",
  minutes: "Give a whole number from 1 to 10080 (a week).",
};

async function createJoin({ services }: Hub, words: string[]): Promise<void> {
  const { values } = read(() => parseArgs({ args: words, options: { tags: { type: "string" }, uses: { type: "string" }, minutes: { type: "string" } } }));
  const number = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  const tags = values.tags?.split(",").map((tag) => tag.trim()).filter(Boolean);
  const parsed = CreateJoinInput.safeParse({ ...(tags && { tags }), ...(values.uses && { uses: number(values.uses) }), ...(values.minutes && { minutes: number(values.minutes) }) });
  if (!parsed.success) {
    const option = String(parsed.error.issues[0]?.path[0]);
    throw new Usage(`--${option} cannot be that. ${JOIN_LIMITS[option] ?? ""}`);
  }
  const { line, expiresAt } = await services.hosts.createJoin({ ...parsed.data, createdBy: "command" });
  const { uses } = parsed.data;
  process.stderr.write(`Run this in a checkout of Binnacle on the new host (good for ${uses === 1 ? "one host" : `${uses} hosts`}, until ${new Date(expiresAt).toLocaleString()}):\n`);
  process.stdout.write(`${line}\n`);
}

async function listJoins({ services }: Hub, words: string[]): Promise<void> {
  read(() => parseArgs({ args: words, options: {} }));
  const joins = await services.hosts.joins();
  table(["ID", "USES LEFT", "UNTIL", "TAGS"], joins.map((join) => [join.id, String(join.usesLeft), new Date(join.expiresAt).toLocaleString(), join.tags.join(",")]));
}

async function listUsers({ services }: Hub, words: string[]): Promise<void> {
  read(() => parseArgs({ args: words, options: {} }));
  const users = await services.accounts.listUsers();
  table(["E-MAIL", "NAME", "ROLE", "SINCE"], users.map((user) => [user.email, user.name, user.disabled ? `${user.role} (disabled)` : user.role, new Date(user.createdAt).toLocaleString()]));
}

async function resetPassword({ services }: Hub, words: string[]): Promise<void> {
  const { positionals } = read(() => parseArgs({ args: words, options: {}, allowPositionals: true }));
  const email = Email.safeParse(positionals[0] ?? "");
  if (positionals.length !== 1 || !email.success) throw new Usage("Which user? Give one e-mail address.");
  const password = Password.safeParse(await askPassword());
  if (!password.success) throw new AppError("bad_input", password.error.issues[0]?.message ?? "This password cannot be used.");
  await services.accounts.resetPassword(email.data, password.data);
  process.stderr.write("The password is changed, and every session of this user has ended.\n");
}

async function setupLink({ services, config }: Hub, words: string[]): Promise<void> {
  read(() => parseArgs({ args: words, options: {} }));
  const secret = await services.accounts.makeSetupLink();
  if (secret === null) throw new AppError("conflict", "There is an administrator already. `user list` shows who; `user reset-password EMAIL` sets a new password.");
  const url = services.settings.isPublicUrlChosen() ? services.settings.publicUrl() : `http://localhost:${config.port}`;
  process.stderr.write("Good for 24 hours, once. Earlier links are dead.\n");
  process.stdout.write(`${url}/set-up#${secret}\n`);
}

/** The first line of standard input; shown as it is typed only where that is not a terminal. */
async function askPassword(): Promise<string> {
  const { stdin, stderr } = process;
  const lines = createInterface({ input: stdin, ...(stdin.isTTY ? { output: stderr, terminal: true } : {}) });
  if (stdin.isTTY) {
    stderr.write("New password (at least 10 characters): ");
    // readline echoes through this one function; a password must not stay on the screen.
    Object.assign(lines, { _writeToOutput: () => undefined });
  }
  for await (const line of lines) {
    lines.close();
    if (stdin.isTTY) stderr.write("\n");
    return line;
  }
  return "";
}

/** Runs a parse whose complaint is about what the person typed. */
function read<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new Usage(describeError(error).split(". To specify")[0] ?? "");
  }
}

function table(head: string[], rows: string[][]): void {
  if (rows.length === 0) return void process.stderr.write("None.\n");
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of [head, ...rows]) process.stdout.write(`${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()}\n`);
}

function help(): string {
  const lines = Object.entries(COMMANDS).map(([name, { options, does }]) => `  ${`${name} ${options}`.trim()}\n      ${does}`);
  return `npm run binnacle -- COMMAND\n\n${lines.join("\n")}\n\nBINNACLE_DATA says where the hub's data is (default: ./data).`;
}

process.umask(0o077);
main(process.argv.slice(2)).catch((error: unknown) => {
  const usage = error instanceof Usage;
  process.stderr.write(`${describeError(error)}\n${usage ? `\n${help()}\n` : ""}`);
  process.exitCode = usage ? 2 : 1;
});
