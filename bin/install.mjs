// Installs the packages, only when those of the lockfile are not there yet.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run } from "./child.mjs";
import { step } from "./console.mjs";

const readJson = (path) => {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null; // absent or cut short: the same as not installed
  }
};

/**
 * Whether every package of the lockfile is installed in its version. npm writes its own record
 * (node_modules/.package-lock.json) as the last act of an install, so a killed install counts as none.
 * Packages of other platforms are not expected, nor, without `dev`, those for development.
 */
export function isInstalled(root, { dev }) {
  const wanted = readJson(join(root, "package-lock.json"));
  const have = readJson(join(root, "node_modules", ".package-lock.json"));
  if (!wanted?.packages || !have?.packages) return false;
  return Object.entries(wanted.packages).every(([path, entry]) => {
    if (path === "" || entry.optional || entry.devOptional || (entry.dev && !dev)) return true;
    return have.packages[path]?.version === entry.version && existsSync(join(root, path, "package.json"));
  });
}

/**
 * Makes node_modules what the lockfile says. The lockfile itself is left alone. Development packages
 * that are already there stay (npm would remove them with --omit=dev).
 */
export async function install({ dev, stream = process.stderr }) {
  if (isInstalled(ROOT, { dev })) return;
  const keepDev = dev || existsSync(join(ROOT, "node_modules", "vitest"));
  const args = ["install", "--no-save", "--no-audit", "--no-fund", keepDev ? "--include=dev" : "--omit=dev"];
  // Under `npm start` npm says where it is itself; that also works where `npm` is a script of another kind.
  const npm = process.env.npm_execpath;
  const [program, first] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
  await step("installing packages", () =>
    run(program, [...first, ...args], { complaint: "The packages could not be installed. Check the network and the disk, then run the command again" }),
    stream,
  );
}
