/**
 * The only reader of process.env in the hub. Everything is parsed once, and every mistake is named in one
 * answer, with the name of the variable and what it should look like.
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Email, Password } from "./domains/accounts/schema";
import { PublicUrl } from "./domains/settings/schema";
import { AppError } from "./lib/errors";

export interface Config {
  /** Where package.json, prisma/ and .next/ are. */
  root: string;
  /** Next compiles the pages as they are asked for; otherwise .next/ must have been built. */
  dev: boolean;
  /** 0: any free port; for tests. */
  port: number;
  /** The address to listen on. */
  host: string;
  dataDirectory: string;
  /** The first administrator, made while there is no user at all; null: through the set-up link. */
  admin: { email: string; password: string } | null;
  /** Overrides the setting; null: the setting counts. An origin without a path. */
  publicUrl: string | null;
  logLevel: string;
  version: string;
}

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];
// This file is server/config.ts, and one folder deep too once it is bundled (dist/hub.mjs).
const ROOT = fileURLToPath(new URL("..", import.meta.url));

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads this process's environment. AppError bad_input: all that is wrong with it, one sentence a line. */
export function readConfig(): Config {
  return parseConfig(process.env);
}

/** Settles what other packages read from the environment themselves. Call before they are loaded. */
export function prepareEnvironment(config: Config): void {
  Object.assign(process.env, { NODE_ENV: config.dev ? "development" : "production", NEXT_TELEMETRY_DISABLED: "1" });
  // Auth.js would take these over what it is told.
  for (const name of ["AUTH_URL", "NEXTAUTH_URL", "AUTH_SECRET", "NEXTAUTH_SECRET", "AUTH_TRUST_HOST"]) delete process.env[name];
}

/** The same for any environment; an empty value counts as absent. */
export function parseConfig(env: Environment): Config {
  const wrong: string[] = [];
  const text = (name: string) => env[name]?.trim() || null;
  const config: Config = {
    root: ROOT,
    dev: env["NODE_ENV"] === "development",
    port: parsePort(text("PORT"), wrong),
    host: text("BINNACLE_HOST") ?? "0.0.0.0",
    dataDirectory: resolve(text("BINNACLE_DATA") ?? join(ROOT, "data")),
    admin: parseAdmin(text("BINNACLE_ADMIN_EMAIL"), env["BINNACLE_ADMIN_PASSWORD"] || null, wrong),
    publicUrl: parsePublicUrl(text("BINNACLE_PUBLIC_URL"), wrong),
    logLevel: text("BINNACLE_LOG_LEVEL") ?? "info",
    version: (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string }).version,
  };
  if (!LOG_LEVELS.includes(config.logLevel)) wrong.push(`BINNACLE_LOG_LEVEL is "${config.logLevel}"; it can be ${LOG_LEVELS.join(", ")}.`);
  if (wrong.length > 0) throw new AppError("bad_input", wrong.join("\n"));
  return config;
}

function parsePort(text: string | null, wrong: string[]): number {
  if (text === null) return 3000;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  wrong.push(`PORT is "${text}"; it must be a number from 0 to 65535.`);
  return 0;
}

function parsePublicUrl(text: string | null, wrong: string[]): string | null {
  if (text === null) return null;
  const parsed = PublicUrl.safeParse(text.replace(/\/$/, ""));
  if (parsed.success) return new URL(parsed.data).origin;
  wrong.push(`BINNACLE_PUBLIC_URL is "${text}". ${parsed.error.issues[0]?.message ?? ""}`);
  return null;
}

function parseAdmin(email: string | null, password: string | null, wrong: string[]): Config["admin"] {
  if (email === null && password === null) return null;
  if (email === null || password === null) {
    wrong.push("BINNACLE_ADMIN_EMAIL and BINNACLE_ADMIN_PASSWORD belong together: set both, or neither and use the set-up link.");
    return null;
  }
  const goodEmail = Email.safeParse(email);
  const goodPassword = Password.safeParse(password);
  if (!goodEmail.success) wrong.push(`BINNACLE_ADMIN_EMAIL is "${email}". ${goodEmail.error.issues[0]?.message ?? ""}`);
  if (!goodPassword.success) wrong.push(`BINNACLE_ADMIN_PASSWORD cannot be used. ${goodPassword.error.issues[0]?.message ?? ""}`);
  return goodEmail.success && goodPassword.success ? { email: goodEmail.data, password: goodPassword.data } : null;
}
