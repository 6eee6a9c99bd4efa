import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Plain } from "./console.mjs";

const LOOK_AGAIN_MS = 250;
// Far beyond the slowest build seen: past it, the other build hangs and a person must look.
const LONGEST_WAIT_MS = 10 * 60_000;
// A lock without an owner for this long was left by a process killed while it took the lock.
const OWNERLESS_MS = 5_000;

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM"; // alive, and another user's
  }
};

/** Who holds the lock: a process id, "gone" when that process is no more, null when it is not to be told. */
function holderOf(lock) {
  try {
    const pid = Number(readFileSync(lock, "utf8"));
    if (pid > 0) return isAlive(pid) ? pid : "gone";
    return Date.now() - statSync(lock).mtimeMs > OWNERLESS_MS ? "gone" : null;
  } catch {
    return null; // released this moment
  }
}

/**
 * Waits until no other process builds in this checkout, then holds the lock until the returned function is
 * called. The lock of a process that is gone is taken over.
 */
export async function holdBuildLock(folder, write) {
  const lock = join(folder, ".build-lock");
  const from = performance.now();
  for (let said = false; ; said = true) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      return () => rmSync(lock, { force: true });
    } catch (error) {
      if (error.code !== "EEXIST") throw new Plain(`The build cannot write to ${folder}: ${error.message}`);
    }
    const holder = holderOf(lock);
    if (holder === "gone") {
      rmSync(lock, { force: true });
      continue;
    }
    if (performance.now() - from > LONGEST_WAIT_MS)
      throw new Plain(`Another build (process ${holder ?? "unknown"}) has not ended for 10 minutes. End it, delete ${lock}, then run the command again.`);
    if (!said) write("· waiting for another build of this checkout …");
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}
