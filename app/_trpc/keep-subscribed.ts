/** A subscription that the server ended is asked for again after this long. */
const AGAIN_MS = 1_000;

export interface Feed<T> {
  onData: (message: T) => void;
  onStarted: () => void;
  onStopped: () => void;
}
type Subscribe<T> = (handlers: { onStarted: () => void; onData: (message: T) => void; onError: () => void; onComplete: () => void; onConnectionStateChange: (state: { state: string }) => void }) => { unsubscribe: () => void };

/** Keeps one subscription going for good; returns how to end it. */
export function keepSubscribed<T>(subscribe: Subscribe<T>, feed: Feed<T>): () => void {
  let ended = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let current: { unsubscribe: () => void } | undefined;
  const again = () => {
    if (ended) return;
    feed.onStopped();
    clearTimeout(timer);
    timer = setTimeout(begin, AGAIN_MS);
  };
  function begin(): void {
    current?.unsubscribe();
    current = subscribe({
      onStarted: feed.onStarted,
      onData: feed.onData,
      onError: again,
      onComplete: again,
      onConnectionStateChange: ({ state }) => {
        if (state === "connecting") feed.onStopped();
      },
    });
  }
  begin();
  return () => {
    ended = true;
    clearTimeout(timer);
    current?.unsubscribe();
  };
}
