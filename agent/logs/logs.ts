/**
 * What containers say: each log by the best way there is to it. From the engine's files where they can be read, over
 * its API otherwise; a place in a log belongs to the way by which it was read, and is gone on from in the same way.
 */
import { LIMITS } from "@/protocol/limits";
import type { LogCursor, LogForm, LogPage, LogSource, LogStart } from "@/protocol/logs";
import type { Clock } from "../clock";
import { AgentFailure } from "../errors";
import type { Reflector } from "../reflector";
import type { Runtime } from "../runtime/runtime";
import { createApiLogs, isApiCursor } from "./api/api-logs";
import { createFileLogs, type FileLogs } from "./files/files";
import { cutLines, type LastLines } from "./last-lines";
import type { LogAccess, LogReader, LogRefusal } from "./log-reader";
import { createTails } from "./tails";

/** Logs that are followed at once. Each may hold a connection to the engine and some 2 MiB. Protects the agent. */
const FOLLOWS = 48;
/** A box is made right after a death: what the container said last must be there, or it is not waited for. */
const LAST_LINES_MS = 5_000;

/** A log to be gone through once. */
export interface LogScan {
  source: LogSource;
  /** About how much of it there is; null where nobody says. */
  bytes: number | null;
  /** Oldest first; lines of before or after the span may be among them. The text is good until the next is asked for. */
  pieces: AsyncIterable<{ text: Uint8Array; form: LogForm; from: LogCursor; to: LogCursor }>;
}
export interface Span {
  since: number | null;
  until: number | null;
}

/** All reject with an AgentFailure: `not_found` without such a container, `unsupported` for a log that cannot be read at all. */
export interface Logs {
  open(id: string, start: LogStart, options: { follow: boolean; signal: AbortSignal }): Promise<LogReader>;
  page(id: string, before: LogCursor | { until: number } | null, lines: number, signal: AbortSignal): Promise<LogPage>;
  scan(id: string, span: Span, signal: AbortSignal): Promise<LogScan>;
  /** The end of a log for a black box, also of a container that the engine removed as it ended. Never rejects: what is wrong is `why`. */
  lastLines(id: string, lines: number): Promise<LastLines>;
  /** Whether log files are read directly on this host, as far as that is known now. */
  reach(): { direct: boolean; why: string | null };
  stop(): void;
}

export interface LogsOptions {
  runtime: Runtime;
  reflector: Reflector;
  clock: Clock;
  /** Where the agent sees the host's files; empty: they are its own. */
  hostRoot: string;
  /** For tests: the ways themselves. */
  files?: FileLogs;
  api?: LogAccess;
}

/** A place in the API's answer has none in the files. */
const BEGUN_BY_API = "This reading began over the engine's API and goes on there.";

export function createLogs({ runtime, reflector, clock, hostRoot, ...given }: LogsOptions): Logs {
  const dataRoot = rememberedRoot(runtime);
  const files = given.files ?? createFileLogs({ inspect: (id) => runtime.inspect(id), dataRoot, hostRoot, clock });
  const api = given.api ?? createApiLogs({ runtime, clock });
  let open = 0;
  let reach = { direct: false, why: "The agent has not looked yet." as string | null };

  const lookAround = () => {
    if (reflector.status().state !== "up") return;
    files.reach().then((now) => (reach = now), () => undefined); // it is asked again when the engine is back
  };
  const unsubscribe = reflector.subscribe(({ what }) => what === "status" && lookAround());
  lookAround();

  /** The first way that takes it. `cursor`: by which the place was read, where one is given. */
  async function by<T extends LogReader | LogPage>(cursor: LogCursor | null, files: () => Promise<T | LogRefusal>, api: (why: string | null) => Promise<T | LogRefusal>): Promise<T> {
    const direct = cursor !== null && isApiCursor(cursor) ? null : await files();
    if (direct && !isRefusal(direct)) return direct;
    const answer = await api(direct ? direct.why : BEGUN_BY_API);
    if (isRefusal(answer)) throw new AgentFailure("unsupported", `This log cannot be read. ${answer.why}`);
    return answer;
  }
  const openReader = (id: string, start: LogStart, options: { follow: boolean; signal: AbortSignal }) =>
    by<LogReader>(start.at === "cursor" ? start.cursor : null, () => files.open(id, start, options), async (why) => withWhy(await api.open(id, start, options), why));

  async function openCounted(id: string, start: LogStart, options: { follow: boolean; signal: AbortSignal }): Promise<LogReader> {
    if (open >= FOLLOWS) throw new AgentFailure("busy", `${FOLLOWS} logs of this host are being read already. Close one.`);
    open += 1;
    let isOpen = true;
    const release = () => {
      if (isOpen) open -= 1;
      isOpen = false;
    };
    try {
      const reader = await openReader(id, start, options);
      return { source: reader.source, read: () => reader.read(), close: () => (release(), reader.close()) };
    } catch (error) {
      release();
      throw error;
    }
  }
  const page: Logs["page"] = (id, before, lines, signal) =>
    by<LogPage>(typeof before === "string" ? before : null, () => files.page(id, before, lines, signal), async (why) => {
      const answer = await api.page(id, before, lines, signal);
      return "source" in answer ? { ...answer, source: { ...answer.source, why: answer.source.why ?? why } } : answer;
    });
  const tails = createTails({ reflector, clock, open: openReader });

  return {
    open: openCounted,
    page,
    reach: () => reach,
    async scan(id, span, signal) {
      const scan = await files.scan(id, span, signal);
      if (!("why" in scan)) return { source: { from: "files", driver: null, tty: false, mayMiss: false, why: null }, bytes: scan.bytes, pieces: asEntries(scan.pieces) };
      const start: LogStart = span.since === null ? { at: "oldest" } : { at: "time", since: span.since };
      const reader = await openCounted(id, start, { follow: false, signal });
      return { source: { ...reader.source, why: scan.why }, bytes: null, pieces: piecesOf(reader) };
    },
    async lastLines(id, lines) {
      const signal = AbortSignal.timeout(LAST_LINES_MS);
      const held = await tails.take(id, lines);
      if (held) return held;
      try {
        const { text, gap } = await page(id, null, Math.min(lines, LIMITS.boxLines), signal);
        return cutLines(text, lines, gap?.why ?? null);
      } catch (error) {
        if (!(error instanceof AgentFailure) && !signal.aborted) throw error;
        return { lines: "", cut: 0, why: tails.whyNot(id) ?? (error instanceof AgentFailure ? error.message : "The log could not be read in time.") };
      }
    },
    stop() {
      unsubscribe();
      tails.stop();
    },
  };
}

function isRefusal(answer: LogReader | LogPage | LogRefusal): answer is LogRefusal {
  return "why" in answer;
}

function withWhy(reader: LogReader | LogRefusal, why: string | null): LogReader | LogRefusal {
  if (isRefusal(reader)) return reader;
  return { source: { ...reader.source, why }, read: () => reader.read(), close: () => reader.close() };
}

/** The engine does not move its directory while it runs; a failure is not remembered. */
function rememberedRoot(runtime: Runtime): () => Promise<string | null> {
  let root: Promise<string | null> | null = null;
  let of = "";
  return () => {
    const { engine, version } = runtime.status();
    if (root === null || of !== `${engine} ${version}`) {
      of = `${engine} ${version}`;
      root = runtime.dataRoot();
      root.catch(() => (root = null));
    }
    return root;
  };
}

async function* asEntries(pieces: AsyncIterable<{ text: Uint8Array; from: LogCursor; to: LogCursor }>) {
  for await (const piece of pieces) yield { ...piece, form: "entries" as const };
}

async function* piecesOf(reader: LogReader) {
  try {
    for (;;) {
      const piece = await reader.read();
      if (piece.what === "text") yield piece;
      else if (piece.what === "end") return;
    }
  } finally {
    reader.close();
  }
}
