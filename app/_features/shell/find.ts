/** One thing that the palette can lead to. */
export interface Finding {
  id: string;
  /** What is matched and shown. */
  label: string;
  /** Said beside it; matched too. */
  aside: string;
  kind: "place" | "host" | "container" | "action";
  path: string;
  /** In place of going to the path. */
  run?: () => void;
}

/** Fewest letters that are taken for the beginning of an action's name. */
const ACTION_LETTERS = 2;

/**
 * An action and what is left to look for, when one word of the text begins an action's name: "rest api",
 * "api 재시작". null when no word does, or nothing is left. `names` are in the person's language.
 */
export function readAction<T extends string>(text: string, names: ReadonlyMap<T, string>): { action: T; rest: string } | null {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length < 2) return null;
  for (const [action, name] of names) {
    const at = words.findIndex((word) => word.length >= ACTION_LETTERS && name.toLowerCase().startsWith(word));
    if (at >= 0) return { action, rest: words.toSpliced(at, 1).join(" ") };
  }
  return null;
}

/** Most rows shown: more would be read by nobody. */
export const SHOWN_FINDINGS = 40;

/** 0: the label begins with the word · 1: a part of it does · 2: it is within · 3: it is beside · null: no. */
function rank(finding: Finding, word: string): number | null {
  const label = finding.label.toLowerCase();
  const at = label.indexOf(word);
  if (at === 0) return 0;
  if (at > 0) return /[^\p{L}\p{N}]/u.test(label[at - 1] ?? "") ? 1 : 2;
  return finding.aside.toLowerCase().includes(word) ? 3 : null;
}

/** The things that every word of the text fits, the best first, at most SHOWN_FINDINGS. An empty text finds all. */
export function find(all: Iterable<Finding>, text: string): Finding[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  // Before anything is typed the order of the places themselves is the best there is.
  if (words.length === 0) return Array.from(all).slice(0, SHOWN_FINDINGS);
  const hits: { finding: Finding; score: number }[] = [];
  for (const finding of all) {
    let score = finding.kind === "container" ? 0.5 : 0;
    let fits = true;
    for (const word of words) {
      const one = rank(finding, word);
      if (one === null) {
        fits = false;
        break;
      }
      score += one;
    }
    if (fits) hits.push({ finding, score });
  }
  return hits
    .sort((one, other) => one.score - other.score || one.finding.label.length - other.finding.label.length || one.finding.label.localeCompare(other.finding.label))
    .slice(0, SHOWN_FINDINGS)
    .map((hit) => hit.finding);
}
