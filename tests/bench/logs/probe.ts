/**
 * What the bench puts into a page: it looks at every line that the page's store takes in (LOG_ROWS_EVENT), at
 * the number that `spew` wrote into it, and finds what is missing or came twice. It costs the page some
 * hundredths of a microsecond a line, which is on our own bill.
 */
import { LOG_ROWS_EVENT } from "@/app/_features/logs/log-store";
import type { Tab } from "./browser";

export interface Seen {
  lines: number;
  lost: number;
  repeated: number;
  /** Chunks in which the store counted another number of lines than there are; gaps are told by the store's own rows. */
  odd: number;
  /** Milliseconds for these lines. */
  ms: number;
}

export const PROBE = `(() => {
  const seen = { lines: 0, lost: 0, repeated: 0, odd: 0 };
  const probe = (globalThis.__probe = { seen, openedAt: null, isOpen: false, next: 0, wakes: [] });
  const Real = WebSocket;
  globalThis.WebSocket = class extends Real {
    constructor(url, protocols) {
      super(url, protocols);
      if (!String(url).endsWith("/stream")) return;
      probe.openedAt ??= performance.now();
      this.addEventListener("message", () => (probe.isOpen = true), { once: true });
    }
  };
  // Where the number begins: behind {"log":" in the engine's entries; behind a frame's head and its time stamp over the API.
  const at = { entries: 8, multiplexed: 8 + 31 };
  addEventListener(${JSON.stringify(LOG_ROWS_EVENT)}, ({ detail: { chunk } }) => {
    const { bytes } = chunk;
    const offset = at[chunk.form];
    let lines = 0;
    let next = probe.next;
    for (let start = 0; start < bytes.length; lines++) {
      let number = 0;
      for (let i = start + offset; i < start + offset + 10; i++) number = number * 10 + bytes[i] - 48;
      if (number === next) next = number + 1;
      else if (number > next) {
        seen.lost += number - next;
        next = number + 1;
      } else seen.repeated += 1;
      if (chunk.form === "entries") {
        const end = bytes.indexOf(10, start + 200);
        start = end < 0 ? bytes.length : end + 1;
      } else start += 8 + ((bytes[start + 4] << 24) | (bytes[start + 5] << 16) | (bytes[start + 6] << 8) | bytes[start + 7]);
    }
    probe.next = next;
    if (lines !== chunk.lines) seen.odd += 1;
    seen.lines += chunk.lines;
    if (probe.wakes.length > 0) probe.wakes = probe.wakes.filter((wake) => !wake());
  });
})()`;

/** When the page's stream has said its first word. */
export function untilOpen(tab: Tab): Promise<void> {
  return tab.evaluate(`new Promise((resolve, reject) => {
    const from = performance.now();
    const look = () => (__probe.isOpen ? resolve() : performance.now() - from > 30000 ? reject(new Error("no stream was opened")) : setTimeout(look, 5));
    look();
  })`);
}

/** Scrolls on as soon as there is more, as somebody who holds End down: what is beyond two views is not let in before. */
export function readOn(tab: Tab): Promise<void> {
  return tab.evaluate(`void (function scroll() {
    const log = document.querySelector('[role="log"]');
    if (log) log.scrollTop = log.scrollHeight;
    requestAnimationFrame(scroll);
  })()`);
}

/** What was seen when `lines` lines are in the store, from the moment the page asked for them. */
export function untilLines(tab: Tab, lines: number, withinMs: number): Promise<Seen> {
  return tab.evaluate(`new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("only " + JSON.stringify(__probe.seen) + " of ${lines} lines came")), ${withinMs});
    const wake = () => {
      if (__probe.seen.lines < ${lines}) return false;
      clearTimeout(timer);
      resolve({ ...__probe.seen, ms: performance.now() - __probe.openedAt });
      return true;
    };
    if (!wake()) __probe.wakes.push(wake);
  })`);
}

/** What was seen from now on for so long. */
export function during(tab: Tab, ms: number): Promise<Seen> {
  return tab.evaluate(`new Promise((resolve) => {
    const from = performance.now();
    const before = __probe.seen.lines;
    setTimeout(() => resolve({ ...__probe.seen, lines: __probe.seen.lines - before, ms: performance.now() - from }), ${ms});
  })`);
}
