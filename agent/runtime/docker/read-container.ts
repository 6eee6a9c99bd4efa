/** Turns what an engine says of a container into the protocol's shapes. */
import { constants } from "node:os";
import { LIMITS } from "@/protocol/limits";
import { type Container, ContainerState, Health, type Loss, type Port } from "@/protocol/shapes";
import { deriveTarget, type LocalTarget } from "@/protocol/target";
import type { Sighting } from "../runtime";
import { clip, type Fields, fieldsAt, isFields, listAt, textAt, timeAt, wholeAt } from "./fields";

const ID = /^[a-f0-9]{12,64}$/;
const TARGET_CHARS = 255;
/** Microseconds; what the kernel takes where no period is named. */
const DEFAULT_CPU_PERIOD = 100_000;
/** Entries of each kind that Loss can carry. */
const LOSS_ENTRIES = 256;
/** What Podman calls its states, where Docker has another word. */
const PODMAN_STATES: Readonly<Record<string, ContainerState>> = { configured: "created", initialized: "created", stopped: "exited", stopping: "running" };

/** Reads `GET /containers/ID/json`. null when it has no usable id. */
export function readDetails(document: Fields): Sighting | null {
  const id = textAt(document, "Id");
  if (!ID.test(id)) return null;
  const state = fieldsAt(document, "State");
  const config = fieldsAt(document, "Config");
  const host = fieldsAt(document, "HostConfig");
  const rawLabels = readLabels(fieldsAt(config, "Labels"));
  const name = readName(textAt(document, "Name"), id);
  const status = readState(textAt(state, "Status"));
  const startedAt = timeAt(state, "StartedAt");
  const container: Container = {
    id,
    target: clipTarget(deriveTarget(name, rawLabels), name),
    name,
    image: clip(textAt(config, "Image"), LIMITS.textChars),
    imageId: clip(textAt(document, "Image"), LIMITS.textChars),
    state: status,
    health: readHealth(fieldsAt(state, "Health")),
    // While it runs, engines show 0 in place of the last run's exit code.
    exitCode: startedAt === null || status === "running" || status === "paused" ? null : wholeAt(state, "ExitCode"),
    oomKilled: state.OOMKilled === true,
    error: clip(textAt(state, "Error"), LIMITS.textChars) || null,
    createdAt: timeAt(document, "Created") ?? 0,
    startedAt,
    finishedAt: timeAt(state, "FinishedAt"),
    restartCount: Math.max(0, wholeAt(document, "RestartCount") ?? 0),
    restartPolicy: readRestartPolicy(textAt(fieldsAt(host, "RestartPolicy"), "Name")),
    autoRemove: host.AutoRemove === true,
    ports: readPorts(fieldsAt(document, "NetworkSettings", "Ports"), fieldsAt(config, "ExposedPorts")),
    ...keepLabels(rawLabels),
  };
  const pid = wholeAt(state, "Pid") ?? 0;
  return { container, stopSignal: signalNumber(config.StopSignal), pid: pid > 0 ? pid : null, hostNetwork: textAt(host, "NetworkMode") === "host", cpuLimit: readCpuLimit(host) };
}

/**
 * Reads one entry of `GET /containers/json`: enough for a container that was not inspected. What the
 * list does not tell stays at "not known". null when it has no usable id.
 */
export function readSummary(entry: Fields): Sighting | null {
  const id = textAt(entry, "Id");
  if (!ID.test(id)) return null;
  const rawLabels = readLabels(fieldsAt(entry, "Labels"));
  const first = listAt(entry, "Names").find((name) => typeof name === "string");
  const name = readName(typeof first === "string" ? first : "", id);
  const status = textAt(entry, "Status");
  const exit = /^Exited \((-?\d+)\)/.exec(status);
  const container: Container = {
    id,
    target: clipTarget(deriveTarget(name, rawLabels), name),
    name,
    image: clip(textAt(entry, "Image"), LIMITS.textChars),
    imageId: clip(textAt(entry, "ImageID"), LIMITS.textChars),
    state: readState(textAt(entry, "State")),
    health: status.includes("(healthy)") ? "healthy" : status.includes("(unhealthy)") ? "unhealthy" : status.includes("(health: starting)") ? "starting" : "none",
    exitCode: exit ? Number(exit[1]) : null,
    oomKilled: false,
    error: null,
    createdAt: Math.max(0, (wholeAt(entry, "Created") ?? 0) * 1_000),
    startedAt: null,
    finishedAt: null,
    restartCount: 0,
    restartPolicy: "no",
    autoRemove: false,
    ports: [],
    ...keepLabels(rawLabels),
  };
  return { container, stopSignal: null, pid: null, hostNetwork: false, cpuLimit: null };
}

/** Reads what a removal would lose from the inspect document with `size=1`. */
export function readLoss(document: Fields): Loss {
  const host = fieldsAt(document, "HostConfig");
  const loss: Loss = {
    writableBytes: wholeAt(document, "SizeRw"),
    anonymousVolumes: [],
    namedVolumes: [],
    bindMounts: [],
    running: fieldsAt(document, "State").Running === true,
    autoRemove: host.AutoRemove === true,
    restartPolicy: readRestartPolicy(textAt(fieldsAt(host, "RestartPolicy"), "Name")),
    compose: null,
  };
  for (const mount of listAt(document, "Mounts")) {
    if (!isFields(mount)) continue;
    const volume = textAt(mount, "Name");
    const [list, text] =
      textAt(mount, "Type") === "volume"
        ? // Engines give a volume without a name 64 hexadecimal digits.
          [/^[a-f0-9]{64}$/.test(volume) ? loss.anonymousVolumes : loss.namedVolumes, volume]
        : [textAt(mount, "Type") === "bind" ? loss.bindMounts : null, textAt(mount, "Source")];
    if (list && list.length < LOSS_ENTRIES) list.push(clip(text, LIMITS.textChars));
  }
  const labels = fieldsAt(document, "Config", "Labels");
  const project = clip(textAt(labels, "com.docker.compose.project"), LIMITS.textChars);
  const service = clip(textAt(labels, "com.docker.compose.service"), LIMITS.textChars);
  if (project && service) loss.compose = { project, service };
  return loss;
}

/** The labels that are texts, whole. `__proto__` is left out: it is no key that an object can hold safely. */
export function readLabels(labels: Fields): Record<string, string> {
  const read: Record<string, string> = {};
  for (const [key, value] of Object.entries(labels)) if (typeof value === "string" && key !== "__proto__") read[key] = value;
  return read;
}

/** A target whose parts are within their length. */
export function clipTarget(target: LocalTarget, name: string): LocalTarget {
  return {
    namespace: target.namespace === null ? null : clip(target.namespace, TARGET_CHARS),
    workload: clip(target.workload || name, TARGET_CHARS),
    replica: target.replica,
  };
}

/** Without the slash in front; the short id for a container that has no name (while it is removed). */
export function readName(text: string, id: string): string {
  return clip(text.replace(/^\//, ""), LIMITS.textChars) || id.slice(0, 12);
}

/** "SIGTERM", "TERM", "15" or 15 as a number; null for nothing and for nonsense. */
export function signalNumber(value: unknown): number | null {
  if (typeof value === "number") return Number.isSafeInteger(value) && value > 0 ? value : null;
  if (typeof value !== "string" || value === "") return null;
  if (/^\d{1,3}$/.test(value)) return Number(value);
  const name = value.toUpperCase().replace(/^(SIG)?/, "SIG");
  const realTime = /^SIGRTMIN(?:\+(\d{1,2}))?$/.exec(name);
  if (realTime) return 34 + Number(realTime[1] ?? 0); // as glibc counts
  return (constants.signals as Readonly<Record<string, number>>)[name] ?? null;
}

export function readHealthWord(text: string): Health | null {
  const parsed = Health.safeParse(text);
  return parsed.success ? parsed.data : null;
}

/** Either in billionths of a core, or as a quota of a period. */
function readCpuLimit(host: Fields): number | null {
  const nanoCpus = wholeAt(host, "NanoCpus") ?? 0;
  const quota = wholeAt(host, "CpuQuota") ?? 0;
  if (nanoCpus > 0) return nanoCpus / 1e9;
  return quota > 0 ? quota / (wholeAt(host, "CpuPeriod") || DEFAULT_CPU_PERIOD) : null;
}

function readHealth(health: Fields): Health {
  return readHealthWord(textAt(health, "Status")) ?? "none";
}

function readState(text: string): ContainerState {
  const parsed = ContainerState.safeParse(text);
  return parsed.success ? parsed.data : (PODMAN_STATES[text] ?? "dead");
}

function readRestartPolicy(text: string): Container["restartPolicy"] {
  return text === "always" || text === "unless-stopped" || text === "on-failure" ? text : "no";
}

/** Published ports while it runs; where there are none, those that the image exposes. */
function readPorts(bound: Fields, exposed: Fields): Port[] {
  const ports: Port[] = [];
  const published = Object.keys(bound).length > 0;
  for (const [key, bindings] of Object.entries(published ? bound : exposed)) {
    const match = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(key);
    if (!match) continue;
    const port = { private: Number(match[1]), protocol: (match[2] ?? "tcp") as Port["protocol"] };
    const open = published && Array.isArray(bindings) ? bindings.filter(isFields) : [];
    if (open.length === 0) ports.push({ ...port, public: null, address: null });
    for (const binding of open) {
      ports.push({ ...port, public: wholeAt(binding, "HostPort"), address: clip(textAt(binding, "HostIp"), LIMITS.textChars) || null });
    }
  }
  return ports.slice(0, LIMITS.ports);
}

/** At most LIMITS.labels labels, compose's own first, since identity and grouping stand on them. */
function keepLabels(all: Readonly<Record<string, string>>): { labels: Record<string, string>; labelsCut: number } {
  const keys = Object.keys(all);
  const ofCompose = (key: string) => key.startsWith("com.docker.compose.");
  const ordered = keys.length > LIMITS.labels ? [...keys.filter(ofCompose), ...keys.filter((key) => !ofCompose(key))] : keys;
  const labels: Record<string, string> = {};
  let kept = 0;
  let shortened = 0;
  for (const key of ordered) {
    const value = all[key] ?? "";
    if (kept === LIMITS.labels || key.length > LIMITS.labelValueChars) continue;
    labels[key] = clip(value, LIMITS.labelValueChars);
    if (value.length > LIMITS.labelValueChars) shortened++;
    kept++;
  }
  return { labels, labelsCut: keys.length - kept + shortened };
}
