// More specific names first: every browser also calls itself what it descends from.
const BROWSERS: readonly [RegExp, string][] = [
  [/\bEdgA?\//, "Edge"], [/\bOPR\//, "Opera"], [/\bSamsungBrowser\//, "Samsung Internet"], [/\bWhale\//, "Whale"], [/\bFirefox\/|\bFxiOS\//, "Firefox"],
  [/Chrome\/|\bChromium\/|\bCriOS\//, "Chrome"], [/\bSafari\//, "Safari"],
];
const SYSTEMS: readonly [RegExp, string][] = [
  [/\biPhone\b|\biPad\b/, "iOS"], [/\bAndroid\b/, "Android"], [/\bWindows\b/, "Windows"], [/\bMac OS X\b|\bMacintosh\b/, "macOS"], [/\bCrOS\b/, "ChromeOS"], [/\bLinux\b|\bX11\b/, "Linux"],
];

const match = (text: string, names: readonly [RegExp, string][]) => names.find(([pattern]) => pattern.test(text))?.[1] ?? null;

/** Which browser on which system a User-Agent header speaks of; null where it does not say. Good enough to tell one's own sessions apart. */
export function readUserAgent(text: string): { browser: string | null; system: string | null } {
  return { browser: match(text, BROWSERS), system: match(text, SYSTEMS) };
}
