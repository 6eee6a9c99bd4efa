/**
 * JSON from the other end of the tunnel. Text that is nested deeper than `LIMITS.jsonDepth` is refused
 * before it is parsed, because whatever walks the value later recurses; a key `__proto__` is dropped,
 * because copying it onto an object would change that object's prototype; half a surrogate pair becomes
 * U+FFFD, because it is no text: SQLite's driver ends the process over one.
 */
import { LIMITS } from "@/protocol/limits";

export type ParsedJson = { ok: true; value: unknown } | { ok: false; why: string };

const QUOTE = 34;
const BACKSLASH = 92;

/** Whether brackets outside strings ever nest deeper than `depth`. */
function deeperThan(text: string, depth: number): boolean {
  let open = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === BACKSLASH) i++;
      else if (c === QUOTE) inString = false;
    } else if (c === QUOTE) inString = true;
    else if (c === 91 || c === 123) {
      if (++open > depth) return true;
    } else if (c === 93 || c === 125) open--;
  }
  return false;
}

/** The value of a JSON text from the other end, or why it is refused. Never throws. */
export function parseJson(text: string, depth: number = LIMITS.jsonDepth): ParsedJson {
  if (deeperThan(text, depth)) return { ok: false, why: `JSON nested deeper than ${depth}` };
  try {
    // A key can also be spelt with \u escapes, so only text without any of these is parsed the fast way.
    if (!/__proto__|\\u(00|d[89a-f])/i.test(text)) return { ok: true, value: JSON.parse(text) as unknown };
    return { ok: true, value: JSON.parse(text, (key, value: unknown) => (key === "__proto__" ? undefined : wellFormed(value))) as unknown };
  } catch {
    return { ok: false, why: "not JSON" };
  }
}

// With the u flag a whole pair is one character, and only a half matches.
const HALF = /[\ud800-\udfff]/u;
const HALVES = /[\ud800-\udfff]/gu;

/** A value whose parts are well-formed already: its own text, or its keys. */
function wellFormed(value: unknown): unknown {
  if (typeof value === "string") return value.replace(HALVES, "\ufffd");
  if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.keys(value).some((key) => HALF.test(key))) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key.replace(HALVES, "\ufffd"), part as unknown]));
}
