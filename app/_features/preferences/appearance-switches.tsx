"use client";
import { useTranslations } from "use-intl";
import { LOCALES, LOCALE_NAMES } from "@/app/_i18n/locales";
import { Button } from "@/app/_ui/button";
import { DownIcon } from "@/app/_ui/icons";
import { Menu, MenuChoice } from "@/app/_ui/menu";
import { THEMES } from "./preferences";
import { useLanguage, useTheme } from "./use-preferences";

/** Language and colours as two small menus, for pages without the rail. */
export function AppearanceSwitches() {
  const t = useTranslations("shell");
  const [theme, chooseTheme] = useTheme();
  const [locale, chooseLocale] = useLanguage();
  return (
    <div className="flex gap-1">
      <Menu align="end" trigger={<Button tone="quiet" aria-label={`${t("language")}: ${LOCALE_NAMES[locale]}`}>{LOCALE_NAMES[locale]} <DownIcon className="size-3!" /></Button>}>
        <MenuChoice value={locale} onChange={chooseLocale} options={LOCALES.map((value) => ({ value, label: LOCALE_NAMES[value] }))} />
      </Menu>
      <Menu align="end" trigger={<Button tone="quiet" aria-label={`${t("theme.label")}: ${t(`theme.${theme}`)}`}>{t(`theme.${theme}`)} <DownIcon className="size-3!" /></Button>}>
        <MenuChoice value={theme} onChange={chooseTheme} options={THEMES.map((value) => ({ value, label: t(`theme.${value}`) }))} />
      </Menu>
    </div>
  );
}
