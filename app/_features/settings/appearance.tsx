"use client";
import type { ReactNode } from "react";
import { useTranslations } from "use-intl";
import { THEMES } from "@/app/_features/preferences/preferences";
import { useLanguage, useTheme } from "@/app/_features/preferences/use-preferences";
import { LOCALES, LOCALE_NAMES } from "@/app/_i18n/locales";
import { Chip } from "@/app/_ui/chip";
import { Panel, PanelHead } from "@/app/_ui/panel";

function Choices({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2" role="group" aria-label={label}>
      <span className="w-[120px] text-ink-2 max-desk:w-full">{label}</span>
      <span className="flex flex-wrap gap-2">{children}</span>
    </div>
  );
}

/** Colours and language of this browser. */
export function Appearance() {
  const t = useTranslations("settings.appearance");
  const themes = useTranslations("shell.theme");
  const [theme, chooseTheme] = useTheme();
  const [locale, chooseLocale] = useLanguage();
  return (
    <Panel>
      <PanelHead title={t("title")} />
      <div className="flex flex-col gap-3 p-3.5">
        <Choices label={t("theme")}>
          {THEMES.map((value) => (
            <Chip key={value} on={value === theme} onClick={() => chooseTheme(value)}>
              {themes(value)}
            </Chip>
          ))}
        </Choices>
        <Choices label={t("language")}>
          {LOCALES.map((value) => (
            <Chip key={value} on={value === locale} onClick={() => chooseLocale(value)} lang={value}>
              {LOCALE_NAMES[value]}
            </Chip>
          ))}
        </Choices>
      </div>
    </Panel>
  );
}
