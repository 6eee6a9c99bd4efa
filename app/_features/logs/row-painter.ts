/**
 * When the rows are painted: soon after a change, and a few times a second while lines pour in. Each paint is
 * a new RowView; between two paints nothing is rendered and no line is parsed.
 */
import type { LogStore } from "./log-store";
import type { Criteria, RowScan, RowView } from "./row-scan";

/** Between two paints while lines pour in. */
const PAINT_MS = 120;
/** Work on levels and hits in one go, and the pause after it. */
const WORK_MS = 8;
const REST_MS = 12;

export interface RowPainter {
  get(): RowView;
  subscribe(listener: () => void): () => void;
  /** Other criteria: painted at once as far as they are known. */
  ask(criteria: Criteria): void;
}

export function createRowPainter(store: LogStore, scan: RowScan, now: () => number = () => performance.now()): RowPainter {
  const listeners = new Set<() => void>();
  let view = scan.view();
  let paintedAt = -Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let unsubscribe: (() => void) | undefined;

  function paint(): void {
    clearTimeout(timer);
    timer = undefined;
    const isWhole = scan.work(now() + WORK_MS);
    // Half-known rows are worth a paint of their own only now and then.
    if (isWhole || now() - paintedAt >= PAINT_MS) {
      view = scan.view();
      paintedAt = now();
      for (const listener of listeners) listener();
    }
    if (!isWhole) timer = setTimeout(paint, REST_MS);
  }
  function changed(): void {
    if (timer !== undefined) return;
    const wait = paintedAt + PAINT_MS - now();
    if (wait <= 0) paint();
    else timer = setTimeout(paint, wait);
  }

  return {
    get: () => view,
    subscribe(listener) {
      listeners.add(listener);
      if (listeners.size === 1) {
        unsubscribe = store.subscribe(changed);
        changed();
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        unsubscribe?.();
        clearTimeout(timer);
        timer = undefined;
      };
    },
    ask(criteria) {
      scan.ask(criteria);
      paintedAt = -Infinity;
      paint();
    },
  };
}
