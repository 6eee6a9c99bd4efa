/**
 * Target: the lasting identity of something that runs. A runtime id names one generation of a target,
 * so that a recreated container keeps its history, alerts, grants and links.
 *
 * scope / namespace / workload / replica: the scope is a host's id, the namespace a compose project (or
 * none), the workload a service or the container's own name, the replica its number (or none).
 */
import { z } from "zod/mini";

/** The part of a target that the agent knows; the hub adds the scope. */
export const LocalTarget = z.object({
  namespace: z.nullable(z.string().check(z.maxLength(255))),
  workload: z.string().check(z.minLength(1), z.maxLength(255)),
  replica: z.nullable(z.int().check(z.nonnegative())),
});
export type LocalTarget = z.infer<typeof LocalTarget>;

/** A target as the hub knows it. */
export interface Target extends LocalTarget {
  scope: string;
}

const ABSENT = "-";
// A lone "-" means absent, so a real "-" is written with its escape.
// Half a surrogate pair, which only a broken or hostile agent sends, has no encoding and would throw.
const encode = (part: string) => (part === ABSENT ? "%2D" : encodeURIComponent(part.replace(/[\ud800-\udfff]/gu, "\ufffd")));

/** One string for a target, safe as a key and as the tail of a URL path: `scope/namespace/workload/replica`. */
export function formatTarget(target: Target): string {
  const namespace = target.namespace === null ? ABSENT : encode(target.namespace);
  const replica = target.replica === null ? ABSENT : String(target.replica);
  return `${encode(target.scope)}/${namespace}/${encode(target.workload)}/${replica}`;
}

/** The target that a string names, or null when it names none. */
export function parseTarget(text: string): Target | null {
  const parts = text.split("/");
  if (parts.length !== 4) return null;
  const [scope, namespace, workload, replica] = parts as [string, string, string, string];
  if (!scope || !namespace || !workload || !/^(-|\d{1,9})$/.test(replica)) return null;
  try {
    return {
      scope: decodeURIComponent(scope),
      namespace: namespace === ABSENT ? null : decodeURIComponent(namespace),
      workload: decodeURIComponent(workload),
      replica: replica === ABSENT ? null : Number(replica),
    };
  } catch {
    return null; // malformed percent escape
  }
}

/**
 * The target of a container, from its name and labels. Compose names the project, the service and the
 * number; a `compose run` container is its own workload; a container without labels is known by its name.
 */
export function deriveTarget(name: string, labels: Readonly<Record<string, string>>): LocalTarget {
  const project = labels["com.docker.compose.project"] || null;
  const service = labels["com.docker.compose.service"];
  const oneOff = labels["com.docker.compose.oneoff"]?.toLowerCase() === "true";
  if (!project || !service || oneOff) return { namespace: project, workload: name, replica: null };
  const number = Number(labels["com.docker.compose.container-number"]);
  return { namespace: project, workload: service, replica: Number.isSafeInteger(number) && number >= 0 ? number : null };
}
