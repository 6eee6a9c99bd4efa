/**
 * The set-up link's secret stands behind the `#`, which browsers send to no server. It is taken out of the
 * address bar at once, so that it stands in no history and no screenshot, and is kept in this page alone.
 */
let taken: string | null = null;

/** The secret of the link this page was opened by; null when there was none. */
export function readSecret(): string | null {
  taken = decodeFragment(location.hash.slice(1)) || taken;
  return taken;
}

/** Takes the secret out of the address bar and of the history. */
export function hideSecret(): void {
  if (location.hash) history.replaceState(history.state, "", location.pathname + location.search);
}

function decodeFragment(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment; // a broken escape is a wrong secret, which the server says
  }
}
