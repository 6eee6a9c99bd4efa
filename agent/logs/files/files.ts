/** Logs from the engine's own files: the fastest way, and the only one that misses nothing at a rotation. */
import { LIMITS } from "@/protocol/limits";
import type { LogCursor, LogPage, LogStart } from "@/protocol/logs";
import type { Clock } from "../../clock";
import { AgentFailure } from "../../errors";
import type { LogAccess, LogReader, LogRefusal } from "../log-reader";
import { endOf, linesBack, seekTime } from "./back";
import { NotReadable, openBeneath, openRoot } from "./beneath";
import { type Chain, createChain } from "./chain";
import { step } from "./forward";
import { findPlace, type LogPlace } from "./place";
import { createFileReader } from "./reader";
import { closeSegments, cursorAt, locate, openSegments, type Place, type Segment } from "./segments";
import { createWaker } from "./waker";

export interface FileLogsOptions {
  /** The engine's document of a container; rejects with an AgentFailure. */
  inspect(id: string): Promise<Record<string, unknown>>;
  /** The engine's data directory, e.g. /var/lib/docker; null where it does not say. */
  dataRoot(): Promise<string | null>;
  /** Where the host's files are for the agent, e.g. /host; empty where they are its own. */
  hostRoot: string;
  clock: Clock;
}

/** A piece of a scan. The bytes are good until the next is asked for. */
export interface ScanPiece {
  text: Uint8Array;
  from: LogCursor;
  to: LogCursor;
}
export interface Scan {
  /** As many bytes will be looked at, give or take what comes meanwhile. */
  bytes: number;
  /** Entries, oldest first; records of before `since` or after `until` may be among them. Closes what it holds when it is left. */
  pieces: AsyncGenerator<ScanPiece, void, undefined>;
}

export interface FileLogs extends LogAccess {
  /** The whole log within a span, for a search. */
  scan(id: string, span: { since: number | null; until: number | null }, signal: AbortSignal): Promise<Scan | LogRefusal>;
  /** Whether log files can be read on this host at all; `why` is for a person, with what would change it. */
  reach(): Promise<{ direct: boolean; why: string | null }>;
}

const TOO_FAST = "The engine rotates this log faster than its files can be opened.";
/** A page of the other driver grows when it is turned into entries. */
const GROWTH = 3;

export function createFileLogs({ inspect, dataRoot, hostRoot, clock }: FileLogsOptions): FileLogs {
  async function placeOf(id: string): Promise<LogPlace | LogRefusal> {
    return findPlace(await inspect(id), { dataRoot: await dataRoot(), hostRoot });
  }
  /** Opens the directory of a log for `work`, which closes it. */
  async function withChain<T>(id: string, work: (chain: Chain, place: LogPlace) => Promise<T>): Promise<T | LogRefusal> {
    const place = await placeOf(id);
    if ("why" in place) return place;
    try {
      const directory = openBeneath(place.root, place.parts);
      return await work(createChain({ directory, base: place.base, codec: place.codec, clock }), place);
    } catch (error) {
      if (error instanceof NotReadable) return { why: error.why };
      throw error;
    }
  }
  /** As withChain, with all files open; both are closed afterwards. */
  const withSegments = <T>(id: string, work: (chain: Chain, segments: Segment[], place: LogPlace) => Promise<T>) =>
    withChain(id, async (chain, place) => {
      let segments: Segment[] | null = null;
      try {
        segments = await openSegments(chain, clock);
        return segments ? await work(chain, segments, place) : { why: TOO_FAST };
      } finally {
        closeSegments(segments ?? []);
        chain.directory.close();
      }
    });

  async function open(id: string, start: LogStart, { follow, signal }: { follow: boolean; signal: AbortSignal }): Promise<LogReader | LogRefusal> {
    return withChain(id, async (chain, place) => {
      let segments: Segment[] = [];
      try {
        const opened = await openSegments(chain, clock);
        if (!opened) throw new NotReadable(TOO_FAST);
        segments = opened;
        const { at, why } = await startAt(chain, segments, start);
        signal.throwIfAborted();
        const segment = segments[at.index];
        closeSegments(segments.filter((other) => other !== segment));
        const waker = createWaker({ path: chain.directory.path, base: place.base, clock, always: place.single });
        const file = segment ? { file: segment.file, age: segment.age, offset: at.offset } : null;
        return createFileReader({ file, gap: why === null ? null : { why } }, { chain, waker, clock, source: place.source, follow, signal });
      } catch (error) {
        closeSegments(segments);
        chain.directory.close();
        throw error;
      }
    });
  }

  async function page(id: string, before: LogCursor | { until: number } | null, lines: number, signal: AbortSignal): Promise<LogPage | LogRefusal> {
    return withSegments(id, async (chain, segments, { source }) => {
      const end = await pageEnd(chain, segments, before);
      if ("why" in end) return { source, text: "", from: null, to: null, first: false, gap: { at: null, bytes: null, why: end.why } };
      signal.throwIfAborted();
      for (let want = Math.min(lines, LIMITS.logPageLines); ; want = Math.floor(want / 2)) {
        const bytes = chain.codec.lines ? LIMITS.logPageBytes : LIMITS.logPageBytes / GROWTH;
        const { start, first } = await linesBack(chain, segments, end, want, bytes);
        const text = await textBetween(chain, segments, start, end);
        if (text.length > LIMITS.logPageBytes && want > 1) continue;
        const [from, to] = [await cursorAt(chain, segments, start), await cursorAt(chain, segments, end)];
        return { source, text: text.toString("utf8"), from, to, first, gap: null };
      }
    });
  }

  async function scan(id: string, { since, until }: { since: number | null; until: number | null }, signal: AbortSignal): Promise<Scan | LogRefusal> {
    return withChain(id, async (chain) => {
      const segments = await openSegments(chain, clock);
      const release = () => {
        closeSegments(segments ?? []);
        chain.directory.close();
      };
      try {
        if (!segments) throw new NotReadable(TOO_FAST);
        const start = since === null ? { index: 0, offset: 0 } : await seekTime(chain, segments, since, "from");
        const end = until === null ? await endOf(chain.codec, segments) : await seekTime(chain, segments, until, "after");
        return { bytes: bytesBetween(segments, start, end), pieces: scanPieces(chain, segments, start, end, signal, release) };
      } catch (error) {
        release();
        throw error;
      }
    });
  }

  return { open, page, scan, reach: async () => filesReach({ dataRoot: await dataRoot(), hostRoot }) };
}

async function startAt(chain: Chain, segments: readonly Segment[], start: LogStart): Promise<{ at: Place; why: string | null }> {
  const oldest = { index: 0, offset: 0 };
  if (start.at === "oldest" || segments.length === 0) return { at: oldest, why: null };
  if (start.at === "time") return { at: await seekTime(chain, segments, start.since, "from"), why: null };
  if (start.at === "cursor") {
    const { place, why } = await locate(chain, segments, start.cursor);
    return { at: place ?? oldest, why };
  }
  const end = await endOf(chain.codec, segments);
  return { at: (await linesBack(chain, segments, end, start.lines, Infinity)).start, why: null };
}

async function pageEnd(chain: Chain, segments: readonly Segment[], before: LogCursor | { until: number } | null): Promise<Place | { why: string }> {
  if (before === null) return endOf(chain.codec, segments);
  if (typeof before !== "string") return seekTime(chain, segments, before.until, "after");
  const { place, why } = await locate(chain, segments, before);
  return place ?? { why };
}

async function textBetween(chain: Chain, segments: readonly Segment[], start: Place, end: Place): Promise<Buffer> {
  const texts: Uint8Array[] = [];
  for await (const { text } of steps(chain, segments, start, end)) texts.push(text);
  return Buffer.concat(texts);
}

function bytesBetween(segments: readonly Segment[], start: Place, end: Place): number {
  let bytes = end.offset - start.offset;
  for (let index = start.index; index < end.index; index++) bytes += segments[index]?.size ?? 0;
  return Math.max(0, bytes);
}

async function* scanPieces(chain: Chain, segments: readonly Segment[], start: Place, end: Place, signal: AbortSignal, release: () => void): AsyncGenerator<ScanPiece, void, undefined> {
  try {
    for await (const { text, from, to } of steps(chain, segments, start, end, Buffer.allocUnsafeSlow(chain.codec.recordBytes))) {
      signal.throwIfAborted();
      yield { text, from: await cursorAt(chain, segments, from), to: await cursorAt(chain, segments, to) };
    }
  } finally {
    release();
  }
}

/** All entries between two places. What is damaged is left out. */
async function* steps({ codec }: Chain, segments: readonly Segment[], start: Place, end: Place, into?: Buffer): AsyncGenerator<{ text: Uint8Array; from: Place; to: Place }> {
  for (let index = start.index; index <= end.index; index++) {
    const segment = segments[index];
    if (!segment) continue;
    const size = index === end.index ? end.offset : segment.size;
    for (let offset = index === start.index ? start.offset : 0; offset < size; ) {
      const next = await step(segment.file, codec, { offset, size, final: index < end.index, ...(into && { into }) });
      if (next === "changed" || next.what === "nothing") break;
      const from = { index, offset };
      offset += next.used;
      if (next.what === "text") yield { text: next.text, from, to: { index, offset } };
    }
  }
}

/** Whether log files can be read on this host at all, and if not, why and what to do about it. */
export function filesReach({ dataRoot, hostRoot }: { dataRoot: string | null; hostRoot: string }): { direct: boolean; why: string | null } {
  if (dataRoot === null) return { direct: false, why: "The engine does not say where it keeps its log files." };
  try {
    const root = openRoot(hostRoot + dataRoot);
    try {
      root.directory("containers").close();
    } finally {
      root.close();
    }
    return { direct: true, why: null };
  } catch (error) {
    if (!(error instanceof NotReadable)) throw new AgentFailure("internal", "The engine's directory cannot be looked at.", { cause: error });
    if (error.code === "EACCES" || error.code === "EPERM") return { direct: false, why: `The agent may not read ${dataRoot}. Run it as root to read the log files directly.` };
    if (error.code !== "ENOENT") return { direct: false, why: `${dataRoot} cannot be read: ${error.why}` };
    return {
      direct: false,
      why: hostRoot === "" ? `There is no ${dataRoot} where the agent runs. In a container, start it with -v ${dataRoot}:/host${dataRoot}:ro and --host-root /host to read the log files directly.` : `There is no ${hostRoot}${dataRoot} where the agent runs. Start it with -v ${dataRoot}:${hostRoot}${dataRoot}:ro to read the log files directly.`,
    };
  }
}
