/** glances, installed into a folder of its own by this machine's pip; nothing else of the machine is touched. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const VERSION = "4.5.8";
const INSTALL_WITHIN_MS = 90_000;

export type Glances = { command: string[]; env: Record<string, string> } | { missing: string };

/** How to run it against an engine, or why it cannot be. */
export async function installGlances(folder: string, socket: string): Promise<Glances> {
  const packages = join(folder, "glances");
  const pip = ["-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check", "--target", packages, `glances==${VERSION}`, "docker"];
  try {
    await promisify(execFile)("python3", pip, { timeout: INSTALL_WITHIN_MS });
  } catch (error) {
    return { missing: `pip could not install glances ${VERSION}: ${(error instanceof Error ? error.message : String(error)).split("\n").slice(-2).join(" ").slice(0, 300)}` };
  }
  // Without a screen, at its own pace.
  return { command: ["python3", "-m", "glances", "--stdout-json", "cpu,mem,load,network,fs,containers", "--disable-check-update"], env: { PYTHONPATH: packages, DOCKER_HOST: `unix://${socket}` } };
}
