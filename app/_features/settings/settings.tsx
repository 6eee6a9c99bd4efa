"use client";
import { useTranslations } from "use-intl";
import { useMay } from "@/app/_features/auth/me";
import { About } from "./about";
import { Address } from "./address";
import { Appearance } from "./appearance";
import { Sessions } from "./sessions";

/** What can be set, for the server and for oneself. */
export function Settings() {
  const t = useTranslations("settings");
  const mayManage = useMay("settings.manage");
  return (
    <div className="flex w-full max-w-[760px] flex-col gap-4">
      <h1>{t("title")}</h1>
      <Appearance />
      <Sessions />
      {mayManage ? <Address /> : null}
      {mayManage ? <About /> : null}
    </div>
  );
}
