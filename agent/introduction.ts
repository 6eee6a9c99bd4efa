/** How the agent introduces itself and its host. */
import { readFileSync } from "node:fs";
import { arch, cpus, hostname, platform, release, totalmem, uptime } from "node:os";
import { VERB_NAMES } from "@/protocol/contract";
import { LIMITS } from "@/protocol/limits";
import type { Hello } from "@/protocol/shapes";
import { PROTOCOL_RANGE } from "@/protocol/version";
import { version } from "../package.json";

export const AGENT_VERSION: string = version;

/** The Hello of this moment, without what main.ts knows of configuration and runtime. */
export function introduce(now: number): Pick<Hello, "protocol" | "agentVersion" | "capabilities" | "host"> {
  const text = (value: string) => value.slice(0, LIMITS.textChars);
  return {
    protocol: PROTOCOL_RANGE,
    agentVersion: AGENT_VERSION,
    // A verb that it answers is a capability; what it would refuse by policy, `allow` says.
    capabilities: VERB_NAMES.filter((verb) => !verb.startsWith("session.")),
    host: {
      hostname: text(hostname()),
      os: text(systemName()),
      arch: arch(),
      kernel: text(release()),
      cpus: cpus().length,
      memoryBytes: totalmem(),
      bootedAt: Math.max(0, now - uptime() * 1_000),
    },
  };
}

/** Like "Debian GNU/Linux 12 (bookworm)"; the platform's short name where the system does not tell. */
function systemName(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? platform();
  } catch {
    return platform();
  }
}
