import type { Locale } from "@/app/_i18n/locales";
import { LOCALE_COOKIE } from "@/app/_i18n/locales";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
export const THEME_COOKIE = "theme";
export const isTheme = (text: string | undefined): text is Theme => THEMES.some((theme) => theme === text);

const YEAR_SECONDS = 365 * 24 * 3_600;
function remember(name: string, value: string): void {
  document.cookie = `${name}=${value}; path=/; max-age=${value ? YEAR_SECONDS : 0}; samesite=lax`;
}

/** Chooses the colours, here at once and in every later page of this browser. */
export function chooseTheme(theme: Theme): void {
  remember(THEME_COOKIE, theme === "system" ? "" : theme);
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

/** What holds now. */
export function currentTheme(): Theme {
  const theme = document.documentElement.dataset["theme"];
  return isTheme(theme) ? theme : "system";
}

/** Chooses the language; the page asks the server for its texts again. */
export function chooseLocale(locale: Locale): void {
  remember(LOCALE_COOKIE, locale);
}
