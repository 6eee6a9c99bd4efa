/**
 * The filter language of the fleet table. Terms are separated by blanks and all must hold:
 *   web            the word is somewhere in name, host, stack, image, port or id
 *   host:fra,icn   the host's name contains one of them (comma = or)
 *   !state:running the opposite; `state:!running` says the same
 *   stack:"web"    in quotes: exactly this; `stack:""` is what belongs to no stack
 *   image:*:4.*    a star stands for anything
 * A word with a colon whose head is no known key (`nginx:1.27`) is an ordinary word.
 */
import type { FleetRow } from "./fleet-row";

export const KEYS = ["name", "host", "state", "stack", "image", "port", "tag", "id"] as const;
export type Key = (typeof KEYS)[number];

export interface Value {
  /** Lower case. */
  text: string;
  /** Quoted: the whole must be equal. */
  exact: boolean;
}
export interface Term {
  key: Key | null;
  not: boolean;
  values: Value[];
  /** As it was typed, to be shown and to be taken out again. */
  source: string;
}

/** Protects the table from a pasted page: what is longer is cut. */
export const FILTER_CHARS = 500;

/** The terms of a typed filter. Never throws: what makes no sense is an ordinary word. */
export function parseFilter(text: string): Term[] {
  return splitTerms(text.slice(0, FILTER_CHARS)).flatMap((source) => parseTerm(source) ?? []);
}

/** Blanks divide, but not inside quotes. An open quote runs to the end. */
function splitTerms(text: string): string[] {
  return text.match(/(?:"[^"]*"?|[^\s"])+/g) ?? [];
}

function parseTerm(source: string): Term | null {
  let rest = source;
  let not = false;
  const negate = () => {
    if (rest.startsWith("!")) {
      not = !not;
      rest = rest.slice(1);
    }
  };
  negate();
  const colon = rest.indexOf(":");
  const head = rest.slice(0, Math.max(0, colon)).toLowerCase();
  const key = KEYS.find((name) => name === head) ?? null;
  if (key) {
    rest = rest.slice(colon + 1);
    negate();
  }
  const values = splitValues(rest);
  // "host:" while it is being typed hides nothing yet.
  return values.length === 0 ? null : { key, not, values, source };
}

function splitValues(text: string): Value[] {
  const values: Value[] = [];
  for (const part of text.match(/(?:"[^"]*"?|[^,"])+/g) ?? []) {
    const exact = part.startsWith('"');
    const value = part.replaceAll('"', "").toLowerCase();
    if (value !== "" || exact) values.push({ text: value, exact });
  }
  return values;
}

/** `pattern` with stars, anywhere in `text`. Linear in the text: no backtracking, whatever is typed. */
function contains(text: string, pattern: string): boolean {
  if (!pattern.includes("*")) return text.includes(pattern);
  let at = 0;
  for (const piece of pattern.split("*")) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return true;
}

const holds = (text: string, value: Value) => (value.exact ? text === value.text : contains(text, value.text));

/** All words by which a row's state may be called. */
function stateWords(row: FleetRow): string[] {
  if (row.condition === "unknown") return ["unknown"];
  const { state, health, oomKilled } = row.container;
  return [row.condition, state, ...(health === "none" ? [] : [health]), ...(oomKilled ? ["oom"] : [])];
}

function valueHolds(row: FleetRow, key: Key | null, value: Value): boolean {
  const { folded } = row;
  switch (key) {
    case "name":
    case "host":
    case "stack":
    case "image":
      return holds(folded[key], value);
    case "id":
      return folded.id.startsWith(value.text);
    case "state":
      return stateWords(row).some((word) => (value.exact ? word === value.text : value.text.includes("*") ? contains(word, value.text) : word.startsWith(value.text)));
    case "port":
      return row.container.ports.some((port) => String(port.public) === value.text || String(port.private) === value.text);
    case "tag":
      return folded.tags.some((tag) => holds(tag, value));
    case null:
      return (
        holds(folded.name, value) || holds(folded.host, value) || holds(folded.stack, value) || holds(folded.image, value) ||
        holds(folded.ports, value) || (value.text.length >= 4 && folded.id.startsWith(value.text))
      );
  }
}

/** Whether one term lets a row through. */
export function termHolds(row: FleetRow, term: Term): boolean {
  return term.values.some((value) => valueHolds(row, term.key, value)) !== term.not;
}

/** Whether all terms let a row through. */
export function matches(row: FleetRow, terms: readonly Term[]): boolean {
  return terms.every((term) => termHolds(row, term));
}

export interface Hiding {
  term: Term;
  /** Rows that this term alone keeps out. */
  hides: number;
  /** Rows that would be shown without it. */
  without: number;
}

/** Why a filter has no hits: what each term hides, the most useful one to drop first. */
export function explainNoHits(rows: readonly FleetRow[], terms: readonly Term[]): Hiding[] {
  return terms
    .map((term) => {
      const others = terms.filter((other) => other !== term);
      let hides = 0;
      let without = 0;
      for (const row of rows) {
        if (!termHolds(row, term)) hides++;
        if (matches(row, others)) without++;
      }
      return { term, hides, without };
    })
    .sort((a, b) => b.without - a.without || b.hides - a.hides);
}

/** The filter's text without one term. */
export function withoutTerm(text: string, term: Pick<Term, "source">): string {
  const sources = splitTerms(text.slice(0, FILTER_CHARS));
  const at = sources.indexOf(term.source);
  return sources.filter((_, index) => index !== at).join(" ");
}

/** The values that a key is held to now, or [] when it is free, negated or wild: then no chip is lit. */
export function chosenValues(text: string, key: Key): string[] {
  const term = parseFilter(text).find((candidate) => candidate.key === key);
  if (!term || term.not) return [];
  return term.values.map((value) => value.text);
}

/** The filter's text with `key` held to exactly these values (states are written bare, as people type them); none: the key is freed. Other terms stay as typed. */
export function withValues(text: string, key: Key, values: readonly string[]): string {
  const kept = splitTerms(text.slice(0, FILTER_CHARS)).filter((source) => parseTerm(source)?.key !== key && source.toLowerCase() !== `${key}:`);
  if (values.length > 0) kept.push(`${key}:${values.map((value) => (key === "state" ? value : `"${value.replaceAll('"', "")}"`)).join(",")}`);
  return kept.join(" ");
}
