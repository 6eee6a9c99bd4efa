"use client";
import type { ReactNode } from "react";
import { useTranslations } from "use-intl";
import { AppearanceSwitches } from "@/app/_features/preferences/appearance-switches";
import { Mark } from "@/app/_ui/icons";

/** One quiet column: the mark, the form, and the two choices that help to read it. */
export function AuthFrame({ children }: { children: ReactNode }) {
  const t = useTranslations("shell");
  return (
    <div className="flex min-h-dvh flex-col">
      <title>{t("name")}</title>
      <header className="flex h-[54px] items-center justify-between px-5 max-desk:px-3.5">
        <span className="flex items-center gap-[9px] text-15 font-[650] tracking-[-0.01em]">
          <Mark />
          {t("name")}
        </span>
        <AppearanceSwitches />
      </header>
      <main className="mx-auto flex w-full max-w-[440px] flex-1 flex-col gap-4 px-3.5 pt-[9dvh] pb-16 max-desk:pt-6">{children}</main>
    </div>
  );
}
