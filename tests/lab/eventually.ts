type Truthy<T> = Exclude<T, false | null | undefined | 0 | "">;

/** Polls until `look` gives something truthy, and gives that; throws with `what` after `withinMs`. */
export async function eventually<T>(what: string, look: () => T | Promise<T>, withinMs = 20_000, everyMs = 25): Promise<Truthy<T>> {
  const end = performance.now() + withinMs;
  let last: unknown = undefined;
  for (;;) {
    try {
      const found = await look();
      if (found) return found as Truthy<T>;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
