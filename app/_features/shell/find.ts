/** One thing that the palette can lead to. */
export interface Finding {
  id: string;
  /** What is matched and shown. */
  label: string;
  /** Said beside it; matched too. */
  aside: string;
  kind: "place" | "host" | "container";
  path: string;
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
