"use client";
import { useTranslations } from "use-intl";
import { HeadCell } from "@/app/_ui/table";
import type { HostFigure, HostOrder } from "./host-order";

/** A column's head that sorts by it: the busiest first, then the idlest, then by name again. */
export function FigureHead({ by, order, onOrder }: { by: HostFigure; order: HostOrder; onOrder: (order: HostOrder) => void }) {
  const t = useTranslations("hosts");
  const direction = order?.by === by ? (order.descending ? "descending" : "ascending") : "none";
  const next: HostOrder = direction === "none" ? { by, descending: true } : direction === "descending" ? { by, descending: false } : null;
  return (
    <HeadCell aria-sort={direction}>
      <button type="button" onClick={() => onOrder(next)} title={t("sortBy", { column: t(`column.${by}`) })} className="flex items-center gap-1 rounded-small hover:text-ink">
        {t(`column.${by}`)}
        {direction === "none" ? null : <span aria-hidden="true">{direction === "descending" ? "↓" : "↑"}</span>}
      </button>
    </HeadCell>
  );
}
