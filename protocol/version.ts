/**
 * The protocol's version: one integer with a dated history. Hub and agent each name the range they
 * speak; the link uses the highest version in both ranges, or is refused with both ranges named.
 *
 * Add a row for any change that an older peer could misread. A new verb or a new optional field needs
 * no row: a capability announces it.
 */
export const PROTOCOL_HISTORY = [
  { version: 1, since: "2026-11-22", change: "First version: session, telemetry, containers, operations." },
  { version: 2, since: "2026-11-28", change: "Samples, black boxes and outcomes are counted among the events and kept until telemetry.keep; logs and live metrics; a runtime status says what is read directly." },
] as const;

/** The version this tree speaks. A test holds it equal to the last row of the history. */
export const PROTOCOL_VERSION = 2;

/** The oldest version this tree still speaks. */
export const PROTOCOL_OLDEST = 2;

/** The versions one side can speak, both ends included. */
export interface VersionRange {
  oldest: number;
  newest: number;
}

/** What this tree can speak. */
export const PROTOCOL_RANGE: VersionRange = { oldest: PROTOCOL_OLDEST, newest: PROTOCOL_VERSION };

/** The highest version that both sides speak, or null when there is none. */
export function negotiate(ours: VersionRange, theirs: VersionRange): number | null {
  const version = Math.min(ours.newest, theirs.newest);
  return version >= Math.max(ours.oldest, theirs.oldest) ? version : null;
}
