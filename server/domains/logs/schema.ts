/** Logs as the pages ask for them. Their text goes over /stream (server/streams); pages and hits come from here. */
import { z } from "zod/mini";
import { LIMITS } from "@/protocol/limits";
import { LogCursor, type LogLevel, LogQuery, LogStart } from "@/protocol/logs";
import { RuntimeId } from "@/protocol/shapes";

const HostId = z.string().check(z.minLength(1), z.maxLength(64));
const oneContainer = { hostId: HostId, id: RuntimeId };
/** Longest list of hosts or containers that a search may name. */
const NAMED = 1_000;

/** The input of the stream "logs.follow". */
export const FollowInput = z.strictObject({ ...oneContainer, start: LogStart, follow: z.boolean() });
export type FollowInput = z.infer<typeof FollowInput>;

export const PageInput = z.strictObject({
  ...oneContainer,
  /** null: the end. until: the last line before that moment, milliseconds since 1970. */
  before: z.nullable(z.union([LogCursor, z.strictObject({ until: z.number().check(z.nonnegative(), z.lte(253_402_300_799_999)) })])),
  lines: z.int().check(z.gte(1), z.lte(LIMITS.logPageLines)),
});
export type PageInput = z.infer<typeof PageInput>;

export const SearchInput = z.strictObject({
  /** What to look through: everything, some hosts, or some containers by their keys. */
  within: z.discriminatedUnion("what", [
    z.strictObject({ what: z.literal("all") }),
    z.strictObject({ what: z.literal("hosts"), hostIds: z.array(HostId).check(z.minLength(1), z.maxLength(NAMED)) }),
    z.strictObject({ what: z.literal("containers"), keys: z.array(z.string().check(z.maxLength(2_000))).check(z.minLength(1), z.maxLength(NAMED)) }),
  ]),
  query: LogQuery,
  /** The search ends when so many lines were found. */
  hits: z.int().check(z.gte(1), z.lte(LIMITS.logSearchHits)),
});
export type SearchInput = z.infer<typeof SearchInput>;

export interface SearchHit {
  hostId: string;
  /** The container's runtime id. */
  id: string;
  at: number | null;
  stream: "stdout" | "stderr";
  level: LogLevel | null;
  text: string;
  /** The text goes on; open the log at `cursor` for the rest. */
  cut: boolean;
  cursor: string;
}

/** How far one host is. bytes: looked at so far, of as many as there were; ofBytes null where nobody knows. */
export interface SearchProgress {
  hostId: string;
  state: "waiting" | "searching" | "done" | "failed";
  containers: number;
  of: number;
  bytes: number;
  ofBytes: number | null;
  hits: number;
}

/** What `logs.search` yields: every host's progress first, then hits as they come, and `done` last. */
export type SearchMessage =
  | { type: "progress"; hosts: SearchProgress[] }
  | { type: "hits"; hits: SearchHit[] }
  /** Not searched, or not whole. id null: the whole host. `code`: host_away, refused_by_host, …; null: the host itself says why. */
  | { type: "skipped"; hostId: string; id: string | null; code: string | null; why: string }
  /** more: the bound of hits was reached, and there may be others. */
  | { type: "done"; hits: number; more: boolean };
