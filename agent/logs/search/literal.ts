/**
 * What a line must contain so that a pattern can match it. Found in raw bytes, it spares all other lines from being
 * parsed: a search is then about as fast as grep. Where the pattern is not plain enough there is none, and every
 * line is looked at; a wrong literal would hide lines, so anything in doubt ends it.
 */

/** Shorter ones are found everywhere. */
const SHORTEST = 2;
/** Characters that the engines write differently in json-file text: escaped, or put for what is no UTF-8. */
const UNSAFE = /["\\<>&\u0000-\u001f\u007f\u2028\u2029\ufffd\ud800-\udfff]/u;  
const NOT_PLAIN = /["\\<>&]|[^\u0020-\u007e]/u;
const META = new Set("^$.|?*+()[]{}\\");

/**
 * The longest text that every match contains, in the bytes that it has in any form of log; null: none is known.
 * `asciiOnly`: for a search that ignores case, whose rules beyond ASCII are too many to be told here.
 */
export function requiredLiteral(pattern: string, asciiOnly: boolean): string | null {
  let best = "";
  for (const run of literalRuns(pattern)) {
    for (const safe of run.split(asciiOnly ? NOT_PLAIN : UNSAFE)) if (safe.length > best.length) best = safe;
  }
  return best.length >= SHORTEST ? best : null;
}

/** Stretches of characters that stand in every match side by side. */
function literalRuns(pattern: string): string[] {
  const runs: string[] = [];
  let run: string[] = [];
  const end = () => {
    if (run.length > 0) runs.push(run.join(""));
    run = [];
  };
  const chars = [...pattern];
  for (let i = 0; i < chars.length; ) {
    const char = chars[i]!;
    if (char === "|") return []; // either side will do, so neither must be there
    let atom: string | null = null;
    let next = i + 1;
    if (char === "\\") {
      const escaped = chars[i + 1] ?? "";
      if (!/[^A-Za-z0-9]/.test(escaped)) {
        if (/[QpPx0-7]/.test(escaped)) return runs; // takes more than one character, or quotes what follows
        next = i + 2;
      } else {
        atom = escaped;
        next = i + 2;
      }
    } else if (char === "[" || char === "(") {
      const close = char === "[" ? classEnd(chars, i) : groupEnd(chars, i);
      if (close === null) return [];
      // Flags for the rest of the pattern change what its characters mean.
      if (char === "(" && /^\(\?[a-zA-Z-]+\)$/.test(chars.slice(i, close).join(""))) return runs;
      next = close;
    } else if (!META.has(char)) atom = char;
    const quantifier = quantifierAt(chars, next);
    if (atom === null) end();
    else if (quantifier.length === 0) run.push(atom);
    else {
      if (quantifier.least > 0) run.push(atom);
      end();
    }
    i = next + quantifier.length;
  }
  end();
  return runs;
}

/** How many characters `*`, `+`, `?`, `{n}` or `{n,m}` take there, with the `?` that makes them lazy, and how often what is before must be at least. */
function quantifierAt(chars: readonly string[], at: number): { length: number; least: number } {
  let length = 0;
  let least = 1;
  const counted = /^\{(\d{1,4})(?:,\d{0,4})?\}/.exec(chars.slice(at, at + 12).join(""));
  if (counted) {
    length = counted[0].length;
    least = Number(counted[1]);
  } else if (chars[at] === "*" || chars[at] === "?") [length, least] = [1, 0];
  else if (chars[at] === "+") length = 1;
  if (length > 0 && chars[at + length] === "?") length += 1;
  return { length, least };
}

function classEnd(chars: readonly string[], at: number): number | null {
  let i = at + 1;
  if (chars[i] === "^") i += 1;
  if (chars[i] === "]") i += 1;
  for (; i < chars.length; i++) {
    if (chars[i] === "\\") i += 1;
    else if (chars[i] === "[" && chars[i + 1] === ":") {
      const close = chars.indexOf("]", i + 2);
      if (close < 0) return null;
      i = close;
    } else if (chars[i] === "]") return i + 1;
  }
  return null;
}

function groupEnd(chars: readonly string[], at: number): number | null {
  let depth = 0;
  for (let i = at; i < chars.length; i++) {
    if (chars[i] === "\\") {
      if (chars[i + 1] === "Q") return null;
      i += 1;
    } else if (chars[i] === "[") {
      const close = classEnd(chars, i);
      if (close === null) return null;
      i = close - 1;
    } else if (chars[i] === "(") depth += 1;
    else if (chars[i] === ")" && --depth === 0) return i + 1;
  }
  return null;
}
