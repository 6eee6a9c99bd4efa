"use client";
import { useTranslations } from "use-intl";
import { classes } from "@/app/_ui/classes";

/** Beside something that reached the server only after its host had been cut off. */
export function LateMark({ className }: { className?: string }) {
  const t = useTranslations("containers");
  return (
    <span title={t("lateHint")} className={classes("inline-flex items-center gap-1.5 text-12 whitespace-nowrap text-ink-3", className)}>
      <span aria-hidden="true" className="chart-hatch inline-block h-[9px] w-[14px] rounded-cell border border-line" />
      {t("late")}
    </span>
  );
}
