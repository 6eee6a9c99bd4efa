"use client";
import { useRouter } from "next/navigation";
import { useSyncExternalStore, useTransition } from "react";
import { useLocale } from "use-intl";
import type { Locale } from "@/app/_i18n/locales";
import { createStore } from "@/app/_trpc/store";
import type { Theme } from "./preferences";
import { chooseLocale, chooseTheme, currentTheme } from "./preferences";

const changes = createStore(0);

/** The colours and how to choose others. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const theme = useSyncExternalStore<Theme>(changes.subscribe, currentTheme, () => "system");
  const choose = (next: Theme) => {
    chooseTheme(next);
    changes.set(changes.get() + 1);
  };
  return [theme, choose];
}

/** The language and how to choose another. What was typed into the page stays. */
export function useLanguage(): [Locale, (locale: Locale) => void] {
  const locale = useLocale();
  const router = useRouter();
  const [, start] = useTransition();
  const choose = (next: Locale) => {
    chooseLocale(next);
    start(() => router.refresh());
  };
  return [locale, choose];
}
