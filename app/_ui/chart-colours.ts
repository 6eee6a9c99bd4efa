/** The colours of a canvas, read from the page's own variables, so that charts follow the theme as everything else does. */

const NAMES = ["line", "ink-3", "panel", "bad", "unknown", "s0", "s1", "s2", "s3"] as const;
export type Palette = Record<(typeof NAMES)[number], string>;

/** What the variables mean inside `element` now. A variable may be light-dark(…), which only a used colour resolves. */
export function readPalette(element: HTMLElement): Palette {
  const probe = document.createElement("span");
  probe.hidden = true;
  element.append(probe);
  const entries = NAMES.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(entries) as Palette;
}

/** Calls back when the theme changed: chosen by the person, or by the system. Returns how to stop. */
export function onThemeChange(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", listener);
  return () => {
    observer.disconnect();
    dark.removeEventListener("change", listener);
  };
}

/** The same colour, more transparent. Takes what browsers compute: rgb(…), rgba(…) or color(…). */
export function faded(colour: string, share: number): string {
  return `color-mix(in srgb, ${colour} ${Math.round(share * 100)}%, transparent)`;
}
