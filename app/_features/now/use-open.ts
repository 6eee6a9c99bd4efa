"use client";
import type { MouseEvent } from "react";
import { useGo } from "@/app/_features/shell/use-go";

/** One click handler for many plain links: goes there within the page. A thousand link components would cost too much. */
export function useOpen() {
  const go = useGo();
  return (event: MouseEvent<HTMLElement>) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[data-cell]") : null;
    if (!link || event.defaultPrevented) return;
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(link.pathname + link.search);
  };
}
