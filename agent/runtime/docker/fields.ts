/**
 * Reads fields of an engine's JSON. An engine is trusted with the host, but what it repeats (names,
 * labels, images) anybody can write: a field of the wrong type reads as absent, and no text is longer than
 * its limit.
 */

export type Fields = Readonly<Record<string, unknown>>;
const NONE: Fields = {};

/** The object at a path of keys, or an empty one. */
export function fieldsAt(value: unknown, ...path: string[]): Fields {
  let at = value;
  for (const key of path) at = isFields(at) ? at[key] : undefined;
  return isFields(at) ? at : NONE;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function listAt(fields: Fields, key: string): readonly unknown[] {
  const value = fields[key];
  return Array.isArray(value) ? value : [];
}

/** A text, or "" when there is none. */
export function textAt(fields: Fields, key: string): string {
  const value = fields[key];
  return typeof value === "string" ? value : "";
}

/** A whole number, also when it is written as a text; null when it is neither. */
export function wholeAt(fields: Fields, key: string): number | null {
  const value = fields[key];
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) ? number : null;
}

/** Milliseconds since 1970 of an RFC 3339 time, fractions kept; null for Go's zero time and for nonsense. */
export function timeAt(fields: Fields, key: string): number | null {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/.exec(textAt(fields, key));
  if (!parts) return null;
  const whole = Date.parse(`${parts[1]}${parts[3]}`);
  return whole > 0 ? whole + Number(parts[2] ?? 0) * 1_000 : null;
}

/** At most `max` UTF-16 units, without half a character at the end. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 1 : max);
}
