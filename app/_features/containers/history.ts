/** A target's history with the times of which nobody kept what happened, newest first. */
import type { GapView, HistoryEvent, HistoryPage } from "@/server/domains/fleet/schema";

export type HistoryLine =
  | { type: "event"; id: string; event: HistoryEvent; /** The events before it in time, as many as explain one. */ older: readonly HistoryEvent[]; /** Below it another container begins. */ anew: boolean }
  | { type: "gap"; id: string; gap: GapView };

/** Older events looked at to explain one. */
const AROUND = 4;

const endOf = (gap: GapView) => gap.until ?? gap.at;

/** Pages newest first. A gap lies above the first event from before its end. */
export function historyLines(pages: readonly HistoryPage[]): HistoryLine[] {
  const events = pages.flatMap((page) => page.events);
  const gaps = [...new Map(pages.flatMap((page) => page.gaps).map((gap) => [`${gap.at} ${gap.since ?? ""} ${gap.until ?? ""}`, gap]))].sort(([, a], [, b]) => endOf(b) - endOf(a));
  const lines: HistoryLine[] = [];
  const putGaps = (downTo: number) => {
    for (let next = gaps[0]; next && endOf(next[1]) >= downTo; next = gaps[0]) {
      gaps.shift();
      lines.push({ type: "gap", id: `gap ${next[0]}`, gap: next[1] });
    }
  };
  events.forEach((event, index) => {
    putGaps(event.at);
    const before = events[index + 1];
    lines.push({ type: "event", id: `${event.epoch}.${event.seq}`, event, older: events.slice(index + 1, index + 1 + AROUND), anew: before !== undefined && before.id !== event.id });
  });
  putGaps(-Infinity);
  return lines;
}
