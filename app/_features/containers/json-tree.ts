/** A JSON document as lines of a tree, of which only the open part is listed. */

export interface TreeLine {
  /** Keys from the root, joined as a JSON pointer: unique. */
  path: string;
  depth: number;
  name: string;
  /** A leaf's value as JSON; null for a branch. */
  value: string | null;
  /** Of a branch: how many things it holds. */
  size: number;
  isOpen: boolean;
  isHit: boolean;
}

/** Lines listed at most: protects the page from a document with ten thousand environment values. */
export const TREE_LINES = 5_000;

type Json = unknown;
const isBranch = (value: Json): value is Record<string, Json> | Json[] => typeof value === "object" && value !== null;
const pointer = (path: string, key: string) => `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
const leafText = (value: Json): string => JSON.stringify(value) ?? "null";

/**
 * `open` holds the paths of open branches. With a search text, branches that hold a hit are open and what
 * holds none is left out.
 */
export function treeLines(document: Record<string, Json>, open: ReadonlySet<string>, search: string): { lines: TreeLine[]; hits: number } {
  const wanted = search.trim().toLowerCase();
  const lines: TreeLine[] = [];
  let hits = 0;

  const fits = (name: string, value: Json) => wanted !== "" && (name.toLowerCase().includes(wanted) || (!isBranch(value) && leafText(value).toLowerCase().includes(wanted)));
  const holdsHit = (value: Json): boolean => isBranch(value) && Object.entries(value).some(([name, inner]) => fits(name, inner) || holdsHit(inner));

  function walk(node: Record<string, Json> | Json[], path: string, depth: number, isWithinHit: boolean): void {
    for (const [name, value] of Object.entries(node)) {
      if (lines.length >= TREE_LINES) return;
      const isHit = fits(name, value);
      if (isHit) hits++;
      const isHolding = wanted !== "" && holdsHit(value);
      // What lies within a hit is shown when it is opened by hand.
      if (wanted !== "" && !isHit && !isHolding && !isWithinHit) continue;
      const here = pointer(path, name);
      const isOpen = isBranch(value) && (isHolding || open.has(here));
      lines.push({ path: here, depth, name, value: isBranch(value) ? null : leafText(value), size: isBranch(value) ? Object.keys(value).length : 0, isOpen, isHit });
      if (isOpen) walk(value as Record<string, Json>, here, depth + 1, isWithinHit || isHit);
    }
  }
  walk(document, "", 0, false);
  return { lines, hits };
}

/** Text cut at the hits: every second part is one. */
export function splitHits(text: string, search: string): string[] {
  const wanted = search.trim().toLowerCase();
  if (wanted === "") return [text];
  const folded = text.toLowerCase();
  // Folding can change the length of a few letters; then marks would be off, so there are none.
  if (folded.length !== text.length) return [text];
  const parts: string[] = [];
  let from = 0;
  for (let at = folded.indexOf(wanted); at >= 0; at = folded.indexOf(wanted, from)) {
    parts.push(text.slice(from, at), text.slice(at, at + wanted.length));
    from = at + wanted.length;
  }
  return [...parts, text.slice(from)];
}
