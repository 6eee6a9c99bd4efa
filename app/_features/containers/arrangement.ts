/** From rows to what the table shows: filtered, sorted, grouped, with folded groups left out. */
import { CONDITIONS, countConditions, type Condition } from "./condition";
import { matches, type Term } from "./filter";
import { figuresState, sortKey, type FleetRow } from "./fleet-row";

export const GROUPINGS = ["stack", "host", "none"] as const;
export type Grouping = (typeof GROUPINGS)[number];
export const SORTS = ["name", "host", "state", "up", "cpu", "memory", "image"] as const;
export type Sort = (typeof SORTS)[number];
/** Orders of which the busiest is worth seeing first. */
export const FIGURE_SORTS: ReadonlySet<Sort> = new Set<Sort>(["cpu", "memory"]);
export interface Order {
  by: Sort;
  descending: boolean;
}

export interface Group {
  /** Stable for as long as the group is there: "s:checkout", "h:<host id>", "s:" for no stack. */
  id: string;
  kind: "stack" | "host";
  /** The stack's or the host's name; null: these belong to no stack. */
  name: string | null;
  rows: FleetRow[];
  hosts: { id: string; name: string }[];
  counts: Record<Condition, number>;
}

export type Line = { type: "group"; id: string; group: Group; folded: boolean } | { type: "row"; id: string; row: FleetRow };

/** Of sort keys, which were made so that plain order is the right one. */
const compareText = (a: string, b: string) => (a === b ? 0 : a < b ? -1 : 1);

const CONDITION_RANK: Record<Condition, number> = { failing: 0, starting: 1, unknown: 2, paused: 3, running: 4, stopped: 5 };

/** Since when it is what it is: the start of the run, or its end; null when never. */
export function sinceOf(row: Pick<FleetRow, "container">): number | null {
  const { state, startedAt, finishedAt } = row.container;
  return state === "exited" || state === "dead" ? finishedAt : state === "created" ? null : startedAt;
}

/** What a row uses now, by its id; undefined where nobody knows. */
export type FiguresOf = (id: string) => { cpu: number | null; memory: number | null } | undefined;
const NO_FIGURES: FiguresOf = () => undefined;

function compareBy(by: Exclude<Sort, "cpu" | "memory">, a: FleetRow, b: FleetRow): number {
  switch (by) {
    case "name":
      return 0; // the tie-break below
    case "host":
      return compareText(a.sortKeys.host, b.sortKeys.host);
    case "state":
      return CONDITION_RANK[a.condition] - CONDITION_RANK[b.condition];
    case "up":
      // Longest first; what never ran comes last.
      return (sinceOf(a) ?? Infinity) - (sinceOf(b) ?? Infinity) || 0;
    case "image":
      return compareText(a.sortKeys.image, b.sortKeys.image);
  }
}

/** A total order: rows never change places without a reason. */
function comparator({ by, descending }: Order, figuresOf: FiguresOf): (a: FleetRow, b: FleetRow) => number {
  return (a, b) => {
    if (by === "cpu" || by === "memory") {
      const one = figuresState(a) === "now" ? (figuresOf(a.id)?.[by] ?? null) : null;
      const other = figuresState(b) === "now" ? (figuresOf(b.id)?.[by] ?? null) : null;
      // What is not known is neither the least nor the most: it comes last either way.
      if (one === null || other === null) return Number(one === null) - Number(other === null) || byName(a, b);
      return (descending ? other - one : one - other) || byName(a, b);
    }
    const first = by === "name" ? compareText(a.sortKeys.name, b.sortKeys.name) : compareBy(by, a, b);
    if (first !== 0 && !Number.isNaN(first)) return descending ? -first : first;
    return byName(a, b);
  };
}

const byName = (a: FleetRow, b: FleetRow) => compareText(a.sortKeys.name, b.sortKeys.name) || compareText(a.sortKeys.host, b.sortKeys.host) || compareText(a.id, b.id);

export interface Arranged {
  lines: Line[];
  groups: Group[];
  /** Rows that the filter lets through, folded groups included, in the order of the table. */
  shown: FleetRow[];
  /** Of all rows that the filter lets through, leaving its state terms aside: what the state chips say. */
  counts: Record<Condition, number>;
}

/** `rows` in any order. `folded` holds ids of groups whose rows are not shown. `figuresOf` matters for an order by figures alone. */
export function arrange(rows: readonly FleetRow[], terms: readonly Term[], grouping: Grouping, order: Order, folded: ReadonlySet<string>, figuresOf: FiguresOf = NO_FIGURES): Arranged {
  const stateTerms = terms.filter((term) => term.key === "state");
  const otherTerms = terms.filter((term) => term.key !== "state");
  const beside = otherTerms.length === 0 ? [...rows] : rows.filter((row) => matches(row, otherTerms));
  const hits = stateTerms.length === 0 ? beside : beside.filter((row) => matches(row, stateTerms));
  const counts = countConditions(beside.map((row) => row.condition));
  hits.sort(comparator(order, figuresOf));
  if (grouping === "none") return { lines: hits.map((row) => ({ type: "row", id: row.id, row })), groups: [], shown: hits, counts };
  const groups = groupRows(hits, grouping);
  const lines: Line[] = [];
  for (const group of groups) {
    const isFolded = folded.has(group.id);
    lines.push({ type: "group", id: group.id, group, folded: isFolded });
    if (!isFolded) for (const row of group.rows) lines.push({ type: "row", id: row.id, row });
  }
  return { lines, groups, shown: groups.flatMap((group) => group.rows), counts };
}

/** Groups by name, those without a stack last. A stack may run on several hosts. */
function groupRows(rows: readonly FleetRow[], kind: "stack" | "host"): Group[] {
  const byId = new Map<string, FleetRow[]>();
  for (const row of rows) {
    const id = kind === "host" ? `h:${row.container.hostId}` : `s:${row.container.target.namespace ?? ""}`;
    const list = byId.get(id);
    if (list) list.push(row);
    else byId.set(id, [row]);
  }
  const groups = [...byId].map(([id, list]) => toGroup(id, kind, list));
  return groups.sort((a, b) => Number(a.name === null) - Number(b.name === null) || compareText(sortKey(a.name ?? ""), sortKey(b.name ?? "")) || (a.id < b.id ? -1 : 1));
}

function toGroup(id: string, kind: "stack" | "host", rows: FleetRow[]): Group {
  const hosts = new Map<string, string>();
  for (const row of rows) hosts.set(row.container.hostId, row.hostName);
  return {
    id,
    kind,
    name: kind === "host" ? (rows[0]?.hostName ?? null) : (rows[0]?.container.target.namespace ?? null),
    rows,
    hosts: [...hosts].map(([hostId, name]) => ({ id: hostId, name })).sort((a, b) => compareText(sortKey(a.name), sortKey(b.name))),
    counts: countConditions(rows.map((row) => row.condition)),
  };
}

/** The conditions of a group worth a word, worst first: nothing is said of a group that simply runs. */
export function notable(counts: Record<Condition, number>): { condition: Condition; count: number }[] {
  return CONDITIONS.filter((condition) => condition !== "running" && counts[condition] > 0).map((condition) => ({ condition, count: counts[condition] }));
}
