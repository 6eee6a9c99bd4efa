"use client";
import { usePathname } from "next/navigation";
import { useTranslations } from "use-intl";
import { placeOf } from "./places";

/** The name of the place in the browser's tab. */
export function PageTitle() {
  const t = useTranslations("shell");
  const place = placeOf(usePathname());
  return <title>{place === null ? t("name") : t("pageTitle", { place: t(`places.${place}`) })}</title>;
}
