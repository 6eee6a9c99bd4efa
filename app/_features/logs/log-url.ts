/**
 * What a log view shows, as a query string: an address can be sent to a colleague, and Back brings it back.
 * Without a container the same words are a search through all of them. Defaults are left out.
 */
import { LIMITS } from "@/protocol/limits";
import { LOG_LEVELS, type LogLevel } from "@/protocol/logs";
import { parseTarget } from "@/protocol/target";

/** Containers in one view: as many as can be told apart, and a stream each. */
export const MOST_SOURCES = 24;
/** Spans that a search can be bound to, the shortest first. */
export const SPANS = { "15m": 15 * 60_000, "1h": 3_600_000, "6h": 6 * 3_600_000, "24h": 24 * 3_600_000, "7d": 7 * 24 * 3_600_000 } as const;
export type Span = keyof typeof SPANS;

export interface LogAddress {
  /** Lasting addresses of the containers, in the order of their colours. */
  keys: string[];
  find: string;
  /** `find` is an RE2 pattern. */
  regex: boolean;
  /** This level or worse; null: all. */
  level: LogLevel | null;
  /** Where the view begins; `at` goes before it. */
  from: "tail" | "oldest";
  /** A moment to begin at, milliseconds since 1970. */
  at: number | null;
  /** The exact line at that moment, in the log of the first container. */
  line: string | null;
  /** How far back a search looks; null: to the first line. */
  within: Span | null;
}

export const LOG_KEYS = ["c", "find", "re", "level", "from", "at", "line", "within"] as const;
const LATEST = 253_402_300_799_999;
const CURSOR = /^[A-Za-z0-9._:+-]{1,128}$/;

const isKey = (text: string) => text.length <= 2_000 && parseTarget(text) !== null;

/** The view that an address names; what makes no sense in it falls back to the default. */
export function readAddress(params: Pick<URLSearchParams, "get" | "getAll">): LogAddress {
  const at = Number(params.get("at") ?? "");
  const line = params.get("line") ?? "";
  const keys = [...new Set(params.getAll("c").filter(isKey))].slice(0, MOST_SOURCES);
  const hasTime = Boolean(params.get("at")) && Number.isFinite(at) && at >= 0 && at <= LATEST;
  const within = params.get("within");
  return {
    keys,
    find: (params.get("find") ?? "").slice(0, LIMITS.logPatternChars),
    regex: params.get("re") === "1",
    level: LOG_LEVELS.find((level) => level === params.get("level")) ?? null,
    from: params.get("from") === "oldest" ? "oldest" : "tail",
    at: hasTime ? at : null,
    line: CURSOR.test(line) ? line : null,
    within: within !== null && Object.hasOwn(SPANS, within) ? (within as Span) : null,
  };
}

/** The query string of a view with its "?", or "" for an empty one. */
export function writeAddress(address: Partial<LogAddress>): string {
  const params = new URLSearchParams();
  for (const key of address.keys ?? []) params.append("c", key);
  if (address.find) params.set("find", address.find);
  if (address.find && address.regex) params.set("re", "1");
  if (address.level) params.set("level", address.level);
  if (address.from === "oldest") params.set("from", "oldest");
  if (address.at !== null && address.at !== undefined) params.set("at", String(Math.floor(address.at)));
  if (address.line) params.set("line", address.line);
  if (address.within) params.set("within", address.within);
  const text = params.toString();
  return text ? `?${text}` : "";
}

/** The log view of some containers. */
export const logsPath = (keys: readonly string[], rest: Partial<Omit<LogAddress, "keys">> = {}): string => `/logs${writeAddress({ ...rest, keys: keys.slice(0, MOST_SOURCES) })}`;
