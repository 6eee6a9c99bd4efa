"use client";
import { useRouter } from "next/navigation";
import type { MouseEvent } from "react";
import { useIsLive } from "@/app/_trpc/live";

/** One click handler for many plain links: goes there within the page. A thousand link components would cost too much. */
export function useOpen() {
  const router = useRouter();
  const isLive = useIsLive();
  return (event: MouseEvent<HTMLElement>) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[data-cell]") : null;
    if (!link || event.defaultPrevented) return;
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (isLive) router.push(link.pathname + link.search);
  };
}
