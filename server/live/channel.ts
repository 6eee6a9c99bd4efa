/**
 * Live channels: one publisher, many readers, each reader bounded. A reader that falls behind never holds
 * the publisher up and never makes the hub grow: what it missed is merged (by key) or dropped and counted,
 * as the channel declares.
 *
 * A subscription takes part from the moment `subscribe` returns, so that a reader can subscribe first,
 * then read what is there already, and miss nothing in between.
 */

/** One reader's end. It ends when `signal` aborts, when `return()` is called, or when the channel closes. */
export interface Subscription<Batch> extends AsyncIterableIterator<Batch> {
  return(): Promise<IteratorResult<Batch>>;
  [Symbol.asyncIterator](): Subscription<Batch>;
}

/** All keys that changed since the last read, each with its latest value, in the order of their first change. */
export interface LatestBatch<Key, Value> {
  entries: [Key, Value][];
  /** More keys changed than the reader may hold: `entries` is empty, and the reader must read everything anew. */
  overflowed: boolean;
}

export interface LatestChannel<Key, Value> {
  publish(key: Key, value: Value): void;
  subscribe(signal?: AbortSignal): Subscription<LatestBatch<Key, Value>>;
  /** Ends every subscription. */
  close(): void;
  /** How many readers there are now. */
  readers(): number;
}

/**
 * A channel that keeps the latest value of each key. `keys` bounds what one reader can hold unread.
 */
export function createLatestChannel<Key, Value>(limits: { keys: number }): LatestChannel<Key, Value> {
  const hub = createReaders<{ pending: Map<Key, Value>; overflowed: boolean }, LatestBatch<Key, Value>>({
    open: () => ({ pending: new Map(), overflowed: false }),
    take(state) {
      if (!state.overflowed && state.pending.size === 0) return null;
      const batch = { entries: [...state.pending], overflowed: state.overflowed };
      state.pending.clear();
      state.overflowed = false;
      return batch;
    },
  });
  return {
    publish(key, value) {
      hub.each((state) => {
        if (state.overflowed) return;
        state.pending.set(key, value);
        if (state.pending.size <= limits.keys) return;
        state.overflowed = true;
        state.pending.clear();
      });
    },
    subscribe: hub.subscribe,
    close: hub.close,
    readers: hub.readers,
  };
}

/** What came since the last read, oldest first; `skipped` older items were dropped before them. */
export interface QueueBatch<Item> {
  items: Item[];
  skipped: number;
}

export interface QueueChannel<Item> {
  publish(item: Item): void;
  subscribe(signal?: AbortSignal): Subscription<QueueBatch<Item>>;
  /** Ends every subscription. */
  close(): void;
  /** How many readers there are now. */
  readers(): number;
}

/** A channel that keeps every item up to `items` a reader; past that the oldest go and are counted. */
export function createQueueChannel<Item>(limits: { items: number }): QueueChannel<Item> {
  const hub = createReaders<{ queue: Item[]; skipped: number }, QueueBatch<Item>>({
    open: () => ({ queue: [], skipped: 0 }),
    take(state) {
      if (state.queue.length === 0) return null;
      // Twice the bound is allowed to pile up before the front is cut, so that a cut costs nothing per item.
      const cut = Math.max(0, state.queue.length - limits.items);
      const batch = { items: cut === 0 ? state.queue : state.queue.slice(cut), skipped: state.skipped + cut };
      state.queue = [];
      state.skipped = 0;
      return batch;
    },
  });
  return {
    publish(item) {
      hub.each((state) => {
        state.queue.push(item);
        if (state.queue.length < limits.items * 2) return;
        const cut = state.queue.length - limits.items;
        state.queue = state.queue.slice(cut);
        state.skipped += cut;
      });
    },
    subscribe: hub.subscribe,
    close: hub.close,
    readers: hub.readers,
  };
}

interface Policy<State, Batch> {
  open(): State;
  /** Empties a reader's state into a batch; null when there is nothing to read. */
  take(state: State): Batch | null;
}

/** The part that both kinds share: who reads, who waits, and how reading ends. */
function createReaders<State, Batch>(policy: Policy<State, Batch>) {
  const readers = new Set<{ state: State; wake: () => void; end: () => void }>();

  const subscribe = (signal?: AbortSignal): Subscription<Batch> => {
    const state = policy.open();
    let ended = false;
    let waiting: (() => void) | null = null;
    const wake = () => {
      const go = waiting;
      waiting = null;
      go?.();
    };
    const end = () => {
      if (ended) return;
      ended = true;
      readers.delete(reader);
      signal?.removeEventListener("abort", end);
      wake();
    };
    const reader = { state, wake, end };
    if (signal?.aborted) ended = true;
    else {
      readers.add(reader);
      signal?.addEventListener("abort", end, { once: true });
    }
    return {
      async next() {
        for (;;) {
          if (ended) return { done: true, value: undefined };
          const batch = policy.take(state);
          if (batch !== null) return { done: false, value: batch };
          await new Promise<void>((resolve) => {
            waiting = resolve;
          });
        }
      },
      async return() {
        end();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  };

  return {
    subscribe,
    each(change: (state: State) => void) {
      for (const reader of readers) {
        change(reader.state);
        reader.wake();
      }
    },
    close() {
      for (const reader of [...readers]) reader.end();
    },
    readers: () => readers.size,
  };
}
