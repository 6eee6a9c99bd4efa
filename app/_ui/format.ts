"use client";
import { useMemo } from "react";
import { useLocale, useTranslations } from "use-intl";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const BYTE_UNITS = ["byte", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

type Unit = "second" | "minute" | "hour" | "day";

/** The largest unit that a span fills at least once, and how often. Never negative. */
export function wholeUnits(ms: number): { unit: Unit; count: number } {
  const span = Math.max(0, ms);
  if (span >= 2 * DAY) return { unit: "day", count: Math.floor(span / DAY) };
  if (span >= HOUR) return { unit: "hour", count: Math.floor(span / HOUR) };
  if (span >= MINUTE) return { unit: "minute", count: Math.floor(span / MINUTE) };
  return { unit: "second", count: Math.floor(span / SECOND) };
}

/** 0:00:41, up to a day. */
export function clockFace(ms: number): string {
  const total = Math.floor(Math.max(0, ms) / SECOND);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${Math.floor(total / 3_600)}:${two(Math.floor(total / 60) % 60)}:${two(total % 60)}`;
}

/** Making these takes far longer than using them, and every row of a long table uses them: made once a language. */
const formatters = new Map<string, ReturnType<typeof createFormatters>>();
function createFormatters(locale: string) {
  return {
    number: new Intl.NumberFormat(locale),
    short: new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 }),
    whole: new Intl.NumberFormat(locale, { maximumFractionDigits: 0 }),
    tenths: new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }),
    clock: new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }),
    minute: new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
    dateMinute: new Intl.DateTimeFormat(locale, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
    full: new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" }),
  };
}
function formattersFor(locale: string) {
  const known = formatters.get(locale) ?? createFormatters(locale);
  formatters.set(locale, known);
  return known;
}

/** Times, spans and sizes in the person's language. Spans and times are milliseconds. */
export function useFormat() {
  const t = useTranslations("format");
  const locale = useLocale();
  return useMemo(() => {
    const { number, short, whole, tenths, clock, minute, dateMinute, full } = formattersFor(locale);
    const bytes = (value: number) => {
      const power = value < 1 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log2(value) / 10));
      return t(`bytes.${BYTE_UNITS[power] ?? "byte"}`, { value: short.format(value / 1024 ** power) });
    };
    return {
      /** 1,204 */
      number: (value: number) => number.format(value),
      /** "0.412": three digits that count. */
      short: (value: number) => short.format(value),
      /** "41 %" of 0.41; below ten with one decimal. */
      percent: (share: number) => t("percent", { value: (share < 0.0995 ? tenths : whole).format(share * 100) }),
      /** "1.2 MiB/s" */
      rate: (bytesPerSecond: number) => t("perSecond", { amount: bytes(bytesPerSecond) }),
      /** "6 min", "12 d" */
      span: (ms: number) => {
        const { unit, count } = wholeUnits(ms);
        return t(`span.${unit}`, { count });
      },
      /** "6 min ago", "just now" */
      ago: (ms: number) => {
        const { unit, count } = wholeUnits(ms);
        return unit === "second" && count === 0 ? t("justNow") : t("ago", { span: t(`span.${unit}`, { count }) });
      },
      /** How long something has been up: 0:00:41 on the first day, then "12 d". */
      uptime: (ms: number) => (ms < DAY ? clockFace(ms) : t("span.day", { count: Math.floor(ms / DAY) })),
      /** How long something took: "356 ms", "3.2 s". */
      took: (ms: number) => (ms < SECOND ? t("milliseconds", { value: number.format(Math.round(ms)) }) : t("seconds", { value: short.format(ms / SECOND) })),
      /** "249 MiB" */
      bytes,
      /** 14:02:11 */
      clock: (at: number) => clock.format(at),
      /** 14:02 */
      minute: (at: number) => minute.format(at),
      /** Nov 22, 14:02 */
      dateMinute: (at: number) => dateMinute.format(at),
      /** The whole moment, for tooltips. */
      full: (at: number) => full.format(at),
    };
  }, [t, locale]);
}
