/** The languages of the page. */
export const LOCALES = ["en", "ko"] as const;
export type Locale = (typeof LOCALES)[number];
/** Each language in its own words. */
export const LOCALE_NAMES: Record<Locale, string> = { en: "English", ko: "한국어" };
export const LOCALE_COOKIE = "locale";

export const isLocale = (text: string | undefined): text is Locale => LOCALES.some((locale) => locale === text);

/** The chosen language, else the first one of the browser's that we speak, else English. */
export function resolveLocale(cookie: string | undefined, acceptLanguage: string | null): Locale {
  if (isLocale(cookie)) return cookie;
  const wanted = (acceptLanguage ?? "").split(",").map((part) => {
    const [tag = "", ...parameters] = part.trim().split(";");
    const quality = Number(parameters.find((parameter) => parameter.trim().startsWith("q="))?.trim().slice(2) ?? 1);
    return { language: tag.trim().toLowerCase().split("-")[0], quality: Number.isFinite(quality) ? quality : 0 };
  });
  wanted.sort((one, other) => other.quality - one.quality);
  return wanted.map((one) => one.language).find(isLocale) ?? "en";
}
