"use client";
import { useEffect, useRef, useState } from "react";
import type { ReactNode, RefObject } from "react";
import { useWindowVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import type { Line } from "./arrangement";

/** Lines drawn beyond the window on each side, so that a fast wheel meets no white. */
const OVERSCAN = 12;

interface FleetListProps {
  lines: readonly Line[];
  label: string;
  sizeOf: (line: Line) => number;
  /** Lines grow with their text (cards): they are measured. */
  measured: boolean;
  render: (line: Line) => ReactNode;
  /** What sticks to the window's edges and must not cover the line that is scrolled to, in pixels. */
  padding: { start: number; end: number };
  head?: ReactNode;
  handleRef: RefObject<FleetListHandle | null>;
}
export interface FleetListHandle {
  scrollTo: (index: number) => void;
}

/** How far below the top of the page an element begins; follows everything that comes and goes above it. */
function usePageTop(element: RefObject<HTMLDivElement | null>): number {
  const [top, setTop] = useState(0);
  useEffect(() => {
    const measure = () => {
      if (element.current) setTop(Math.round(element.current.getBoundingClientRect().top + window.scrollY));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    if (element.current?.parentElement) observer.observe(element.current.parentElement);
    return () => observer.disconnect();
  }, [element]);
  return top;
}

/** Ten thousand lines of which only those in the window are drawn. The page itself scrolls. */
export function FleetList({ lines, label, sizeOf, measured, render, padding, head, handleRef }: FleetListProps) {
  const body = useRef<HTMLDivElement>(null);
  const scrollMargin = usePageTop(body);
  const virtualizer = useWindowVirtualizer({
    count: lines.length,
    estimateSize: (index) => {
      const line = lines[index];
      return line ? sizeOf(line) : 0;
    },
    getItemKey: (index) => lines[index]?.id ?? index,
    overscan: OVERSCAN,
    scrollMargin,
    scrollPaddingStart: padding.start,
    scrollPaddingEnd: padding.end,
  });
  useHandle(handleRef, virtualizer);
  return (
    <div role="table" aria-label={label} aria-rowcount={lines.length + 1}>
      {head}
      <div ref={body} role="rowgroup" className="relative" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map((item) => {
          const line = lines[item.index];
          if (!line) return null;
          return (
            <div
              key={item.key}
              role="row"
              aria-rowindex={item.index + 2}
              data-index={item.index}
              ref={measured ? virtualizer.measureElement : undefined}
              className="absolute inset-x-0 top-0"
              style={{ transform: `translateY(${item.start - scrollMargin}px)` }}
            >
              {render(line)}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function useHandle(handleRef: RefObject<FleetListHandle | null>, virtualizer: Virtualizer<Window, Element>): void {
  useEffect(() => {
    handleRef.current = { scrollTo: (index) => virtualizer.scrollToIndex(index, { align: "auto" }) };
    return () => void (handleRef.current = null);
  }, [handleRef, virtualizer]);
}
