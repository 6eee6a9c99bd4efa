"use client";
import { useCallback, useState } from "react";

/** Which groups are folded, as long as the page lives. */
export function useFolding() {
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback((id: string) => {
    setFolded((current) => {
      const next = new Set(current);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  return { folded, toggle, setAll: (ids: readonly string[]) => setFolded(new Set(ids)) };
}
