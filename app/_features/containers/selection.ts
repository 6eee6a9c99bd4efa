/** Which rows are selected. Plain values: the table keeps one in its state and replaces it. */

export interface Selection {
  ids: ReadonlySet<string>;
  /** Where a shift-selection begins: the row that was last selected by itself. */
  anchor: string | null;
}

export const NOTHING: Selection = { ids: new Set(), anchor: null };

/** Selects a row, or lets it go. */
export function toggle(selection: Selection, id: string): Selection {
  const ids = new Set(selection.ids);
  if (!ids.delete(id)) ids.add(id);
  return { ids, anchor: id };
}

/** Selects everything from the anchor to `id` in the table's order, in either direction. */
export function extendTo(selection: Selection, id: string, order: readonly string[]): Selection {
  const to = order.indexOf(id);
  const from = selection.anchor === null ? -1 : order.indexOf(selection.anchor);
  if (to < 0) return selection;
  if (from < 0) return { ids: new Set([...selection.ids, id]), anchor: id };
  const ids = new Set(selection.ids);
  for (let at = Math.min(from, to); at <= Math.max(from, to); at++) {
    const inRange = order[at];
    if (inRange !== undefined) ids.add(inRange);
  }
  return { ids, anchor: selection.anchor };
}

/** Selects all of these, or lets all go when all were selected: the box of a group and of the head. */
export function toggleAll(selection: Selection, ids: readonly string[]): Selection {
  const next = new Set(selection.ids);
  if (ids.every((id) => next.has(id))) for (const id of ids) next.delete(id);
  else for (const id of ids) next.add(id);
  return { ids: next, anchor: selection.anchor };
}

/** How much of a list is selected: what a box with three states shows. */
export function extent(selection: Selection, ids: readonly string[]): "none" | "some" | "all" {
  if (selection.ids.size === 0) return "none";
  let hits = 0;
  for (const id of ids) if (selection.ids.has(id)) hits++;
  return hits === 0 ? "none" : hits === ids.length ? "all" : "some";
}

/** The selection without rows that are gone: an action must never meet what nobody can see. Same object when nothing is gone. */
export function withoutGone(selection: Selection, exists: (id: string) => boolean): Selection {
  const kept = [...selection.ids].filter(exists);
  const anchor = selection.anchor !== null && exists(selection.anchor) ? selection.anchor : null;
  return kept.length === selection.ids.size && anchor === selection.anchor ? selection : { ids: new Set(kept), anchor };
}
