"use client";
import { useEffect, useMemo, useState } from "react";
import { findPattern, findText, type Matcher } from "./matcher";

/** What is typed, as something to find with. While a pattern is no pattern, nothing is found and `error` says why. */
export function useMatcher(find: string, regex: boolean): { matcher: Matcher | null; error: string | null } {
  const text = useMemo(() => (find === "" || regex ? null : findText(find)), [find, regex]);
  const [made, setMade] = useState<{ of: string; matcher: Matcher | null; error: string | null } | null>(null);
  useEffect(() => {
    if (find === "" || !regex) return;
    let isOver = false;
    const settle = (matcher: Matcher | null, error: string | null) => {
      if (!isOver) setMade({ of: find, matcher, error });
    };
    findPattern(find).then((matcher) => settle(matcher, null), (reason: unknown) => settle(null, reason instanceof Error ? reason.message.replace(/^error parsing regexp: /, "") : String(reason)));
    return () => void (isOver = true);
  }, [find, regex]);
  if (!regex) return { matcher: text, error: null };
  return made?.of === find ? made : { matcher: null, error: null };
}
