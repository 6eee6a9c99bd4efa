/** What a new host is called. */

/** Longest name; see HostName in schema.ts. */
const NAME_CHARS = 128;

/**
 * A name that can be shown safely: no control, format or unassigned characters (a right-to-left override
 * would make one host look like another), spaces run together. "host" when nothing is left.
 */
export function cleanName(name: string): string {
  const clean = name.replace(/\s/gu, " ").replace(/\p{C}/gu, "").replace(/ +/g, " ").trim();
  return cut(clean, NAME_CHARS) || "host";
}

/** `wanted`, or `wanted-2`, `wanted-3`… where that is taken. */
export function freeName(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  for (let number = 2; ; number += 1) {
    const suffix = `-${number}`;
    const name = cut(wanted, NAME_CHARS - suffix.length) + suffix;
    if (!taken.has(name)) return name;
  }
}

/** At most `chars` UTF-16 units, never half of a surrogate pair. */
function cut(text: string, chars: number): string {
  return text.slice(0, chars).replace(/[\uD800-\uDBFF]$/, "").trim();
}
