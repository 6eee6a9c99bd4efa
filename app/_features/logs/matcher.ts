/**
 * Finding words in lines. A pattern is RE2's, as on the hosts: its time grows with the line alone, so that no
 * pattern stops the page. Without a capital letter the case does not count.
 */

export type Range = readonly [start: number, end: number];
export interface Matcher {
  test(text: string): boolean;
  /** Where it occurs, ascending, not overlapping, at most MOST_RANGES. */
  ranges(text: string): Range[];
}

/** Hits that are marked in one line. */
const MOST_RANGES = 200;
/** Characters of one line that a pattern is held against. */
export const PATTERN_LINE_CHARS = 16_384;

/** Whether the case counts: only where somebody has typed a capital letter. */
export const hasCapital = (text: string): boolean => text !== text.toLowerCase();

/** A pattern that finds the text as it is, for a RegExp and for RE2. */
export const escapePattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

/** Finds the text as it is. */
export function findText(text: string): Matcher {
  // Nothing of it is special to a RegExp: the time grows with the line alone.
  const pattern = new RegExp(escapePattern(text), hasCapital(text) ? "gu" : "giu");
  return {
    test(line) {
      pattern.lastIndex = 0;
      return pattern.test(line);
    },
    ranges: (line) => collect(line, (from) => {
      pattern.lastIndex = from;
      const found = pattern.exec(line);
      return found && [found.index, found.index + found[0].length];
    }),
  };
}

/** Finds what an RE2 pattern describes. Throws an Error whose message says what is wrong with the pattern. */
export async function findPattern(source: string): Promise<Matcher> {
  // Loaded when the first pattern is typed: most people look for words.
  const { RE2JS } = await import("re2js");
  const pattern = RE2JS.compile(source, ignoresCase(source) ? RE2JS.CASE_INSENSITIVE : 0);
  const shorten = (line: string) => (line.length > PATTERN_LINE_CHARS ? line.slice(0, PATTERN_LINE_CHARS) : line);
  return {
    test: (line) => pattern.matcher(shorten(line)).find(),
    ranges(line) {
      const matcher = pattern.matcher(shorten(line));
      return collect(line, () => (matcher.find() ? [matcher.start(), matcher.end()] : null));
    },
  };
}

/** As `hasCapital`, but `\S` and `\pL` are no capital letters that somebody looks for. */
export const ignoresCase = (pattern: string): boolean => !hasCapital(pattern.replace(/\\[pP](\{[^}]*\}|.)|\\./g, ""));

/** Calls `next` with where the last hit ended until it finds none. Empty hits are passed over. */
function collect(line: string, next: (from: number) => Range | null): Range[] {
  const ranges: Range[] = [];
  let from = 0;
  // An empty hit moves on by one, so each step makes the rest shorter.
  for (let steps = 0; steps <= line.length && ranges.length < MOST_RANGES; steps++) {
    const found = next(from);
    if (!found) break;
    const [start, end] = found;
    if (end > start) ranges.push(found);
    from = Math.max(end, from + 1);
  }
  return ranges;
}
