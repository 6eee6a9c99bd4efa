/**
 * The shapes of logs: where a place in a log is, what a stream of one says, a page of it, a search through many.
 * How a stream is written as bytes: log-messages.ts. How the text of a batch is read: log-text.ts.
 */
import { z } from "zod/mini";
import { LIMITS } from "./limits";

/** A place in a container's log: opaque to the hub and the page. After it the next line begins. */
export const LogCursor = z.string().check(z.regex(/^[A-Za-z0-9._:+-]{1,128}$/));
export type LogCursor = z.infer<typeof LogCursor>;

/**
 * How the text of a batch is written. entries: lines of Docker's json-file, `{"log","stream","time"}`.
 * multiplexed: the API's frames, 8 bytes of header and a payload that begins a line with a time stamp.
 * stamped: the API's bytes of a TTY container, each line beginning with a time stamp.
 */
export const LOG_FORMS = ["entries", "multiplexed", "stamped"] as const;
export type LogForm = (typeof LOG_FORMS)[number];
/** deflate: raw deflate (RFC 1951), each batch by itself. Used where a batch is large. */
export const LOG_PACKINGS = ["none", "deflate"] as const;
export type LogPacking = (typeof LOG_PACKINGS)[number];

const text = z.string().check(z.maxLength(LIMITS.textChars));
const count = z.int().check(z.nonnegative());
const time = z.number().check(z.nonnegative(), z.lte(253_402_300_799_999));

/** Where the lines come from; the first message of every stream, and again when it changes. */
export const LogSource = z.object({
  /** files: the engine's own log files. api: the engine's log API. */
  from: z.enum(["files", "api"]),
  /** The engine's log driver, e.g. "json-file"; null where the engine does not say. */
  driver: z.nullable(text),
  tty: z.boolean(),
  /** Lines may be missing where the engine rotates its files, and nobody can tell. */
  mayMiss: z.boolean(),
  /** Why it is not the files, for a person; null when it is. */
  why: z.nullable(text),
});
export type LogSource = z.infer<typeof LogSource>;

/** Lines that exist no more, or cannot be read. null: not known how many. */
export const LogGap = z.object({ at: z.nullable(time), bytes: z.nullable(count), why: text });
export type LogGap = z.infer<typeof LogGap>;

/** kind → head. The position in this list is the kind's number on the wire. */
export const LOG_KINDS = ["source", "batch", "gap", "live", "end"] as const;
export type LogKind = (typeof LOG_KINDS)[number];
export const LOG_HEADS = {
  source: LogSource,
  /** `from`: where the text begins, which is where the batch before it ended unless a gap lies between. `to`: where to go on. */
  batch: z.object({ from: LogCursor, to: LogCursor }),
  /** `to`: where to go on after it. */
  gap: z.extend(LogGap, { to: z.nullable(LogCursor) }),
  /** Everything that was there has been told; from here on lines come as they are written. */
  live: z.object({ at: time }),
  /** Nothing more will come: the container is gone, or `follow` was not asked for. */
  end: z.object({ why: text, gone: z.boolean() }),
};

export type LogMessage =
  | { kind: "source"; head: LogSource }
  | { kind: "batch"; head: z.infer<(typeof LOG_HEADS)["batch"]>; form: LogForm; packing: LogPacking; text: Uint8Array }
  | { kind: "gap"; head: z.infer<(typeof LOG_HEADS)["gap"]> }
  | { kind: "live"; head: z.infer<(typeof LOG_HEADS)["live"]> }
  | { kind: "end"; head: z.infer<(typeof LOG_HEADS)["end"]> };

/** Where a reader begins. tail: so many lines before the end. time: at the first line from then on, milliseconds since 1970. */
export const LogStart = z.discriminatedUnion("at", [
  z.strictObject({ at: z.literal("tail"), lines: z.int().check(z.nonnegative(), z.lte(LIMITS.logTailLines)) }),
  z.strictObject({ at: z.literal("oldest") }),
  z.strictObject({ at: z.literal("time"), since: time }),
  z.strictObject({ at: z.literal("cursor"), cursor: LogCursor }),
]);
export type LogStart = z.infer<typeof LogStart>;

/** Lines before a place, oldest first, as json-file entries that begin and end with a whole line. */
export const LogPage = z.object({
  source: LogSource,
  text: z.string().check(z.maxLength(LIMITS.logPageBytes)),
  from: z.nullable(LogCursor),
  to: z.nullable(LogCursor),
  /** Nothing older can be read. */
  first: z.boolean(),
  /** What is missing before the first line, where something is. */
  gap: z.nullable(LogGap),
});
export type LogPage = z.infer<typeof LogPage>;

/** The levels that a line can be told by, from the least to the worst. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
export const LogLevel = z.enum(LOG_LEVELS);
export type LogLevel = z.infer<typeof LogLevel>;

/** What to look for. Every part that is there must hold. */
export const LogQuery = z.strictObject({
  /** An RE2 pattern; null: any line. */
  pattern: z.nullable(z.string().check(z.maxLength(LIMITS.logPatternChars))),
  ignoreCase: z.boolean(),
  /** This level or worse; null: any, also lines that tell none. */
  level: z.nullable(LogLevel),
  since: z.nullable(time),
  until: z.nullable(time),
});
export type LogQuery = z.infer<typeof LogQuery>;

/**
 * One line of the answer to a search. Each container's hits come newest file last, in the order of its log. The
 * cursor of a hit is where its line begins, or a little before that.
 */
export const LogSearchFrame = z.discriminatedUnion("frame", [
  z.object({
    frame: z.literal("hit"), id: z.string().check(z.maxLength(64)), at: z.nullable(time), stream: z.enum(["stdout", "stderr"]), level: z.nullable(LogLevel),
    text: z.string().check(z.maxLength(LIMITS.logHitChars)), cut: z.boolean(), cursor: LogCursor,
  }),
  /** Bytes looked at so far, of as many as were there at the start; null where the API does not say. */
  z.object({ frame: z.literal("progress"), containers: count, of: count, bytes: count, ofBytes: z.nullable(count) }),
  /** This container's log could not be searched, or not whole. */
  z.object({ frame: z.literal("skipped"), id: z.string().check(z.maxLength(64)), why: text }),
  /** `more`: the bound of hits was reached. */
  z.object({ frame: z.literal("done"), hits: count, more: z.boolean() }),
]);
export type LogSearchFrame = z.infer<typeof LogSearchFrame>;
