"use client";
import { useSearchParams } from "next/navigation";
import { useEffect, useMemo, useRef, useState } from "react";
import { readView, VIEW_KEYS, writeView, type TableView } from "./view-url";

/** A pause in typing after which the filter goes into the address. Browsers refuse addresses that change with every key. */
const PAUSE_MS = 250;

/** Puts a view into the address in place; what else stands there (the scope) stays. */
function writeAddress(view: TableView): void {
  const url = new URL(location.href);
  for (const key of VIEW_KEYS) url.searchParams.delete(key);
  for (const [key, value] of new URLSearchParams(writeView(view))) url.searchParams.set(key, value);
  if (url.href !== location.href) history.replaceState(null, "", url);
}

/** The table's view, kept in the address, and what is typed into the filter before it gets there. */
export function useTableView() {
  const params = useSearchParams();
  const address = useMemo(() => readView(params), [params]);
  const [draft, setDraft] = useState<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(
    () => () => {
      if (timer.current) clearTimeout(timer.current);
    },
    [],
  );
  const view = useMemo<TableView>(() => (draft === null ? address : { ...address, filter: draft }), [address, draft]);
  const settle = (next: TableView) => {
    if (timer.current) clearTimeout(timer.current);
    timer.current = null;
    writeAddress(next);
  };
  return {
    view,
    /** While typing: shown at once, in the address after a pause. */
    type: (filter: string) => {
      setDraft(filter);
      if (timer.current) clearTimeout(timer.current);
      timer.current = setTimeout(() => settle({ ...view, filter }), PAUSE_MS);
    },
    /** The person left the field. */
    leave: () => {
      settle(view);
      setDraft(null);
    },
    /** A choice: in the address at once. */
    set: (change: Partial<TableView>) => {
      settle({ ...view, ...change });
      // A field that still has the person's words shows the new ones from here on.
      setDraft(change.filter ?? null);
    },
  };
}
