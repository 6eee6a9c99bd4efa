"use client";
import { useTranslations } from "use-intl";
import { LOCALES, LOCALE_NAMES } from "@/app/_i18n/locales";
import { signOut } from "@/app/_features/auth/credentials";
import { useMe } from "@/app/_features/auth/me";
import { THEMES } from "@/app/_features/preferences/preferences";
import { useLanguage, useTheme } from "@/app/_features/preferences/use-preferences";
import { classes } from "@/app/_ui/classes";
import { Menu, MenuChoice, MenuItem, MenuLine } from "@/app/_ui/menu";
import { openKeySheet } from "./overlays";

/** Who is signed in; colours, language, keys, and the way out. */
export function UserMenu({ compact }: { compact?: boolean }) {
  const t = useTranslations("shell");
  const me = useMe();
  const [theme, chooseTheme] = useTheme();
  const [locale, chooseLocale] = useLanguage();
  const initial = [...me.user.name][0]?.toUpperCase() ?? "";
  return (
    <Menu
      align="end"
      label={t("userMenu")}
      trigger={
        <button type="button" title={t("userMenu")} className="flex min-h-[34px] items-center gap-2.5 rounded-control px-2 text-ink-2 hover:text-ink max-wide:justify-center max-wide:px-0 max-desk:size-[44px]">
          <span aria-hidden="true" className="grid size-[22px] shrink-0 place-items-center rounded-full bg-accent-soft text-11 font-semibold text-accent">
            {initial}
          </span>
          <span className={classes("min-w-0 truncate", compact ? "sr-only" : "max-wide:sr-only")}>{me.user.name}</span>
        </button>
      }
    >
      <MenuChoice label={t("theme.label")} value={theme} onChange={chooseTheme} options={THEMES.map((value) => ({ value, label: t(`theme.${value}`) }))} />
      <MenuLine />
      <MenuChoice label={t("language")} value={locale} onChange={chooseLocale} options={LOCALES.map((value) => ({ value, label: LOCALE_NAMES[value] }))} />
      <MenuLine />
      <MenuItem onSelect={openKeySheet} aside="?">
        {t("keys.title")}
      </MenuItem>
      <MenuItem onSelect={() => void signOut()}>{t("signOut")}</MenuItem>
    </Menu>
  );
}
