/** Docker and Podman behind the Runtime interface, through the Engine API. */
import { CONTRACT, type EngineCall, type Verb } from "@/protocol/contract";
import { LIMITS } from "@/protocol/limits";
import type { AgentError, RuntimeStatus } from "@/protocol/shapes";
import { userInfo } from "node:os";
import type { Clock } from "../../clock";
import { AgentFailure } from "../../errors";
import type { LogRequest, Performed, Runtime, Sighting } from "../runtime";
import { createEngineClient, type EngineAnswer, type EngineClient, EngineFault } from "./client";
import type { EngineAddress } from "./address";
import type { EngineCandidate } from "./discovery";
import { clip, type Fields, fieldsAt, isFields, listAt, textAt } from "./fields";
import { readLines } from "./lines";
import { createListing } from "./listing";
import { openRaw } from "./raw-stream";
import { readDetails, readLoss } from "./read-container";
import { readEvent } from "./read-event";
import { readUsage } from "./read-usage";
import { chooseApiVersion } from "./versions";

/** How long a healthy engine may take for the cheapest call. One that is stopped or starved takes for ever. */
const PING_MS = 3_000;
const READ_MS = 10_000;
const LIST_MS = 20_000;
/** For what a container uses. An engine that does not know `one-shot` measures for two seconds. */
const USAGE_MS = 4_000;
/** `size=1` makes the engine walk the container's files. */
const SIZE_MS = 12_000;
const SMALL_BYTES = 64 * 1024;
/** 10,000 labels of 1 KB; what is over is not one container's business. */
const INSPECT_BYTES = 16 << 20;
/** Lists plugins, registries and runtimes. */
const INFO_BYTES = 1 << 20;
/** 30,000 stopped containers are 45 MB. */
const LIST_BYTES = 128 << 20;
/** Events repeat all labels. A longer line is skipped and the truth is listed again. */
const EVENT_LINE_BYTES = 16 << 20;
const EVENT_FILTER = ["create", "start", "die", "oom", "kill", "stop", "restart", "pause", "unpause", "health_status", "rename", "update", "destroy"];

interface Connection {
  address: EngineAddress;
  client: EngineClient;
  prefix: string;
  podman: boolean;
}
type Attempt = { status: RuntimeStatus; connection: Connection | null };

/** A runtime that looks for its engine among `candidates`, anew at each connect. */
export function createDockerRuntime({ candidates, clock }: { candidates: () => EngineCandidate[]; clock: Clock }): Runtime {
  let connection: Connection | null = null;
  let status: RuntimeStatus = { state: "absent", why: "The agent has not looked for a container engine yet.", engine: null, version: null, apiVersion: null };

  function connected(): Connection {
    if (connection) return connection;
    throw new AgentFailure("engine_unavailable", status.why ?? "The container engine is away.");
  }

  async function get(path: string, deadlineMs: number, maxBytes: number): Promise<Fields | readonly unknown[] | null> {
    const { client, prefix } = connected();
    const answer = await failing(client.call({ method: "GET", path: prefix + path, deadlineMs, maxBytes }));
    if (answer.status === 404) return null;
    if (answer.status !== 200) throw new AgentFailure("engine_error", refusal(answer).message);
    return parseBody(answer.body);
  }
  async function document(id: string, query: string, deadlineMs: number): Promise<Fields | null> {
    const found = await get(`/containers/${encodeURIComponent(id)}/json${query}`, deadlineMs, INSPECT_BYTES);
    return isFields(found) ? found : null;
  }
  async function existing(id: string, query = "", deadlineMs = READ_MS): Promise<Fields> {
    const found = await document(id, query, deadlineMs);
    if (!found) throw new AgentFailure("not_found", `There is no container ${id.slice(0, 12)} on this host any more.`);
    return found;
  }
  async function look(id: string): Promise<Sighting | null> {
    const found = await document(id, "", READ_MS);
    listing.forget(id);
    return found && readDetails(found);
  }

  const listing = createListing({ entries: () => get("/containers/json?all=1", LIST_MS, LIST_BYTES), look });

  return {
    status: () => status,
    async connect() {
      const attempts: Attempt[] = [];
      for (const candidate of candidates()) {
        const attempt = await tryEngine(candidate, clock);
        attempts.push(attempt);
        if (attempt.connection) break;
      }
      const best = attempts.find((a) => a.connection) ?? attempts.find((a) => a.status.state !== "absent") ?? attempts[0];
      connection = best?.connection ?? null;
      const { state, why, engine, version, apiVersion } = best?.status ?? status;
      status = {
        // One that answered before has not gone away for good because its socket is missing now.
        state: state === "absent" && status.engine !== null ? "down" : state,
        why,
        engine: engine ?? status.engine,
        version: version ?? status.version,
        apiVersion: apiVersion ?? status.apiVersion,
      };
      return status;
    },
    async ping() {
      const { client } = connected();
      const answer = await failing(client.call({ method: "GET", path: "/_ping", deadlineMs: PING_MS, maxBytes: SMALL_BYTES }));
      if (answer.status !== 200) throw new AgentFailure("engine_unavailable", `The engine answered ${answer.status} to a ping.`);
    },
    list: listing.list,
    look,
    inspect: existing,
    async loss(id) {
      try {
        return readLoss(await existing(id, "?size=1", SIZE_MS));
      } catch (error) {
        if (!(error instanceof AgentFailure) || error.code !== "deadline") throw error;
        return readLoss(await existing(id)); // the size takes too long: say all but the size
      }
    },
    async usage(id) {
      const document = await get(`/containers/${encodeURIComponent(id)}/stats?stream=false&one-shot=true`, USAGE_MS, INSPECT_BYTES);
      return isFields(document) ? readUsage(document) : null;
    },
    async follow({ since, onEvent, onDoubt }) {
      const { client, prefix, podman } = connected();
      // Podman knows other event names, so there it sends all of a container's.
      const filters = JSON.stringify({ type: ["container"], ...(podman ? {} : { event: EVENT_FILTER }) });
      const from = since === null ? "" : `&since=${(since / 1_000).toFixed(6)}`;
      const answer = await failing(client.open({ method: "GET", path: `${prefix}/events?filters=${encodeURIComponent(filters)}${from}`, deadlineMs: READ_MS }));
      if (answer.statusCode !== 200) {
        answer.destroy();
        throw new AgentFailure("engine_error", `The engine answered ${answer.statusCode} when asked for its events.`);
      }
      const { ended } = readLines(answer, {
        maxBytes: EVENT_LINE_BYTES,
        onDropped: () => onDoubt(`an event over ${EVENT_LINE_BYTES >> 20} MiB was skipped`),
        onLine(line) {
          const event = readEvent(line);
          if (event === "unreadable") onDoubt("the engine said something that is not an event");
          else if (event) onEvent(event);
        },
      });
      return { ended, close: () => void answer.destroy() };
    },
    async dataRoot() {
      const info = await get("/info", READ_MS, INFO_BYTES);
      return isFields(info) ? textAt(info, "DockerRootDir") || null : null;
    },
    async openLog(id, request, receiver) {
      const { address, prefix } = connected();
      const answer = await failing(openRaw({ address, clock, path: `${prefix}/containers/${encodeURIComponent(id)}/logs?${logQuery(request)}`, deadlineMs: READ_MS, receiver }));
      if (!("status" in answer)) return answer;
      const { code, message } = refusal(answer);
      throw new AgentFailure(code, message);
    },
    async perform(verb, input) {
      if (!connection) return { state: "refused", error: { code: "engine_unavailable", message: status.why ?? "The container engine is away." } };
      const { client, prefix } = connection;
      const { engine, deadlineMs }: Verb & { engine: EngineCall } = CONTRACT[verb];
      try {
        const answer = await client.call({ method: engine.method, path: prefix + engineUrl(engine, input), deadlineMs, maxBytes: SMALL_BYTES });
        // 304: it is so already.
        if (answer.status < 300 || answer.status === 304) return { state: "done" };
        return { state: "refused", error: refusal(answer) };
      } catch (error) {
        return performFault(error);
      }
    },
  };
}

/** The path and query of an engine call: the template's names and the allowed query, taken from the input. */
export function engineUrl(engine: EngineCall, input: Readonly<Record<string, unknown>>): string {
  const path = engine.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(input[name])));
  const query = (engine.query ?? []).flatMap((name) => (input[name] === undefined ? [] : [`${name}=${encodeURIComponent(String(input[name]))}`]));
  return query.length > 0 ? `${path}?${query.join("&")}` : path;
}

function logQuery({ follow, tail, since, until }: LogRequest): string {
  const query = new URLSearchParams({ stdout: "1", stderr: "1", timestamps: "1", follow: follow ? "1" : "0", tail: tail === null ? "all" : String(tail) });
  if (since !== null) query.set("since", since);
  if (until !== null) query.set("until", until);
  return query.toString();
}

async function tryEngine(candidate: EngineCandidate, clock: Clock): Promise<Attempt> {
  const none = { engine: null, version: null, apiVersion: null };
  if ("problem" in candidate) return { status: { state: "absent", why: clip(candidate.problem, LIMITS.textChars), ...none }, connection: null };
  const client = createEngineClient({ address: candidate.address, clock });
  try {
    const answer = await client.call({ method: "GET", path: "/version", deadlineMs: PING_MS, maxBytes: SMALL_BYTES });
    const version = answer.status === 200 ? parseBody(answer.body) : null;
    if (!isFields(version)) {
      return { status: { state: "down", why: `What listens at ${client.where} answered ${answer.status} and not like a container engine. Name the engine's socket with --docker.`, ...none }, connection: null };
    }
    const podman = listAt(version, "Components").some((part) => textAt(fieldsAt(part), "Name") === "Podman Engine");
    const name = podman ? "Podman" : "Docker";
    const about = { engine: podman ? ("podman" as const) : ("docker" as const), version: clip(textAt(version, "Version"), LIMITS.textChars) };
    const choice = chooseApiVersion({ name, version: about.version, newest: textAt(version, "ApiVersion"), oldest: textAt(version, "MinAPIVersion") });
    if ("problem" in choice) return { status: { state: "down", why: clip(choice.problem, LIMITS.textChars), ...about, apiVersion: null }, connection: null };
    return { status: { state: "up", why: null, ...about, apiVersion: choice.version }, connection: { address: candidate.address, client, prefix: `/v${choice.version}`, podman } };
  } catch (error) {
    if (error instanceof EngineFault) return { status: { ...describeFault(error, candidate, client.where), ...none }, connection: null };
    throw error;
  }
}

/** What is wrong with an engine that could not be reached, and what to do about it. */
function describeFault(fault: EngineFault, { from }: { from: string | null }, where: string): Pick<RuntimeStatus, "state" | "why"> {
  const named = from === null ? "" : ` (named by ${from})`;
  switch (fault.kind) {
    case "absent":
      return {
        state: "absent",
        why: from === null
          ? "No container engine was found in the usual places. Install or start Docker or Podman, or name the engine's socket with --docker."
          : `There is nothing at ${where}${named}. Start the engine there, or name another with --docker.`,
      };
    case "denied":
      return { state: "denied", why: `The user "${userName()}" may not open ${where}${named}. Add it to the group that may (for Docker: usermod -aG docker ${userName()}, then start the agent again), or run the agent as root.` };
    case "down":
      return { state: "down", why: `Nothing answers at ${where}${named}. Start the engine there (for Docker: systemctl start docker).` };
    case "stalled":
      return { state: "down", why: `The engine at ${where}${named} takes connections but did not answer within ${PING_MS / 1_000} s: it is stopped or starved.` };
    default:
      return { state: "down", why: clip(`The engine at ${where}${named} does not work: ${fault.message}.`, LIMITS.textChars) };
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "this user"); // a uid without a name
  }
}

/** Turns a fault of the connection into the agent's own failure. */
async function failing<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw error instanceof EngineFault ? new AgentFailure(faultError(error).code, faultError(error).message, { cause: error }) : error;
  }
}
function faultError(fault: EngineFault): AgentError {
  const code = fault.kind === "stalled" ? "deadline" : fault.kind === "too_large" ? "engine_error" : "engine_unavailable";
  return { code, message: clip(`${fault.message.slice(0, 1).toUpperCase()}${fault.message.slice(1)}.`, LIMITS.textChars) };
}
function performFault(error: unknown): Performed {
  if (!(error instanceof EngineFault)) return { state: "unknown", error: { code: "internal", message: "The agent failed while it waited for the engine." } };
  return { state: error.sent ? "unknown" : "refused", error: faultError(error) };
}

/** What an engine's refusal means, with the engine's own words. */
function refusal(answer: Pick<EngineAnswer, "status" | "body">): AgentError {
  const said = parseBody(answer.body);
  const text = (isFields(said) ? textAt(said, "message") : answer.body.toString("utf8")).trim();
  const code = answer.status === 404 ? "not_found" : answer.status === 409 ? "conflict" : answer.status === 400 ? "bad_input" : "engine_error";
  return { code, message: clip(text || `The engine answered ${answer.status}.`, LIMITS.textChars) };
}

function parseBody(body: Buffer): Fields | readonly unknown[] | null {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return isFields(value) || Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
