"use client";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Group } from "./arrangement";
import type { FleetRow } from "./fleet-row";
import { extendTo, NOTHING, toggle, toggleAll, withoutGone } from "./selection";

/** The selection among these rows. `shown` are those that the filter lets through, in the table's order. */
export function useSelection(rows: readonly FleetRow[], shown: readonly FleetRow[]) {
  const [kept, setKept] = useState(NOTHING);
  const byId = useMemo(() => (kept.ids.size === 0 ? null : new Map(rows.map((row) => [row.id, row]))), [rows, kept]);
  // What is gone is let go at once: an action must never meet what nobody can see.
  const selection = useMemo(() => (byId ? withoutGone(kept, (id) => byId.has(id)) : NOTHING), [kept, byId]);
  if (byId && selection !== kept) setKept(selection);
  const order = useRef<readonly FleetRow[]>(shown);
  useEffect(() => {
    order.current = shown;
  }, [shown]);
  const select = useCallback((id: string, upTo: boolean) => {
    setKept((current) => (upTo ? extendTo(current, id, order.current.map((row) => row.id)) : toggle(current, id)));
  }, []);
  const selectGroup = useCallback((group: Pick<Group, "rows">) => setKept((current) => toggleAll(current, group.rows.map((row) => row.id))), []);
  return {
    selection,
    selected: useMemo(() => (byId ? [...selection.ids].flatMap((id) => byId.get(id) ?? []) : []), [byId, selection]),
    select,
    selectGroup,
    selectAll: () => setKept((current) => toggleAll(current, shown.map((row) => row.id))),
    clear: () => setKept(NOTHING),
  };
}
