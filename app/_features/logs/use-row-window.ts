"use client";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { RefObject } from "react";
import { createRowSizes, evenRows, indexOfId, measuredRows } from "./row-offsets";

/** Rows drawn beyond the window on each side, so that a fast wheel meets no blank. */
const OVERSCAN = 14;
/** Nearer to an end than this counts as there. */
const END_PX = 6;
/** Room above the first row, where it is said what comes before it. */
export const HEAD_PX = 30;
/** From here on older rows are asked for. */
const TOP_PX = 600;

/** What the window holds on to while rows come and go around it: a row, and how far into it the window begins. */
interface Anchor {
  id: number;
  index: number;
  within: number;
}
const TOP: Anchor = { id: -1, index: 0, within: 0 };

interface RowWindowOptions {
  count: number;
  /** All rows are among these: none that is still to be looked at is left out. */
  settled: boolean;
  /** Changes with each paint. */
  version: unknown;
  idOf: (index: number) => number;
  rowPx: number;
  /** Rows grow with their text. */
  measured: boolean;
  /** The window stays at the end. */
  following: boolean;
  /** The row that is there first is to stand within the window, not at its top, when others come before it. */
  middle: boolean;
  /** The person moved away from the end, or to it. */
  onLeaveEnd: () => void;
  onReachEnd: () => void;
  onNearTop: () => void;
}

/**
 * A list that is only drawn where it is seen, that stays at its end while it is followed, and otherwise stays
 * on the row that the person reads, whatever comes in before it.
 */
export function useRowWindow({ count, settled, version, idOf, rowPx, measured, following, middle, onLeaveEnd, onReachEnd, onNearTop }: RowWindowOptions) {
  const scroller = useRef<HTMLDivElement>(null);
  const block = useRef<HTMLDivElement>(null);
  /** Where the list was put last: what differs from it was done by the person. */
  const put = useRef(0);
  const [height, setHeight] = useState(0);
  const [anchor, setAnchor] = useState(TOP);
  const [sizes] = useState(createRowSizes);
  const [measure, setMeasure] = useState(0);

  const offsets = useMemo(
    () => (measured ? measuredRows(count, rowPx, idOf, sizes) : evenRows(count, rowPx)),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `version` and `measure` say that what the functions read has changed
    [measured, count, rowPx, idOf, sizes, version, measure],
  );
  const held = useMemo(() => {
    const index = anchor.id < 0 ? -1 : indexOfId(count, idOf, anchor.id, anchor.index);
    return index < 0 ? Math.min(anchor.index, Math.max(0, count - 1)) : index;
    // eslint-disable-next-line react-hooks/exhaustive-deps -- as above
  }, [anchor, count, idOf, version]);
  // The first rows that come are held on to, so that older ones may come before them.
  if (anchor.id < 0 && count > 0 && settled && !following) setAnchor({ id: idOf(0), index: 0, within: -HEAD_PX - (middle ? Math.floor(height / 3) : 0) });
  const total = HEAD_PX + offsets.total;
  const bottom = Math.max(0, total - height);
  const top = following ? bottom : Math.max(0, Math.min(bottom, HEAD_PX + offsets.of(held) + anchor.within));
  const first = Math.max(0, offsets.at(top - HEAD_PX) - OVERSCAN);
  const last = Math.min(count - 1, offsets.at(top - HEAD_PX + height) + OVERSCAN);

  useWidthAndHeight(scroller, useCallback((widthChanged: boolean, now: number) => {
    if (widthChanged) sizes.clear();
    setHeight(now);
    setMeasure((before) => before + 1);
  }, [sizes]));

  const takeAll = useCallback(() => {
    // Ends by itself: the same heights twice are no change.
    if (measured && block.current && takeHeights(block.current, sizes.take)) setMeasure((before) => before + 1);
  }, [measured, sizes]);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    takeAll();
    if (Math.abs(element.scrollTop - top) > 0.5) element.scrollTop = top;
    put.current = element.scrollTop;
  });

  // Also while the end is followed: a short log shows that it begins here.
  const isNearTop = top < TOP_PX;
  useEffect(() => {
    if (isNearTop) onNearTop();
    // Again with each paint: one page may not be enough to fill the window.
  }, [isNearTop, onNearTop, version]);

  const holdAt = (pixels: number) => {
    const index = Math.max(0, offsets.at(pixels - HEAD_PX));
    setAnchor({ id: count > 0 ? idOf(index) : -1, index, within: pixels - HEAD_PX - offsets.of(index) });
  };
  const onScroll = () => {
    const element = scroller.current;
    if (!element) return;
    const now = element.scrollTop;
    const by = now - put.current;
    if (Math.abs(by) <= 1) return;
    put.current = now;
    const isAtEnd = now + element.clientHeight >= element.scrollHeight - END_PX;
    if (following) {
      if (by > 0 || isAtEnd) return;
      onLeaveEnd();
    } else if (by > 0 && isAtEnd) onReachEnd();
    holdAt(now);
  };

  return {
    scroller,
    block,
    onScroll,
    first,
    last,
    /** Where the first drawn row begins. */
    start: HEAD_PX + offsets.of(first),
    total,
    /** The first row that is wholly in the window. */
    firstSeen: Math.max(0, offsets.at(top - HEAD_PX + rowPx - 1)),
    /** Stays where it is now, no longer at the end. */
    holdHere: () => holdAt(top),
    /** Brings a row into the window: into its middle, or just so far that it is seen. */
    scrollTo(index: number, where: "middle" | "near") {
      const [from, to] = [HEAD_PX + offsets.of(index), HEAD_PX + offsets.of(index + 1)];
      if (where === "near" && from >= top && to <= top + height) return holdAt(top);
      holdAt(Math.max(0, where === "middle" ? from - height / 2 + rowPx : from < top ? from - rowPx * 2 : to - height + rowPx * 2));
    },
  };
}

/** Reads the heights of the drawn rows; whether one differs from what was known. */
function takeHeights(block: HTMLElement, take: (heights: (readonly [number, number])[]) => boolean): boolean {
  const heights: [number, number][] = [];
  for (const row of block.children) if (row instanceof HTMLElement && row.dataset["row"]) heights.push([Number(row.dataset["row"]), row.offsetHeight]);
  return take(heights);
}

function useWidthAndHeight(element: RefObject<HTMLElement | null>, onChange: (widthChanged: boolean, height: number) => void): void {
  useEffect(() => {
    const of = element.current;
    if (!of) return;
    let width = of.clientWidth;
    const observer = new ResizeObserver(() => {
      onChange(width !== of.clientWidth, of.clientHeight);
      width = of.clientWidth;
    });
    observer.observe(of);
    return () => observer.disconnect();
  }, [element, onChange]);
}
