"use client";
import type { ReactNode } from "react";
import { useTranslations } from "use-intl";
import { Checkbox } from "@/app/_ui/checkbox";
import { classes } from "@/app/_ui/classes";
import { FIGURE_SORTS, type Order, type Sort } from "./arrangement";
import { CELL, COLUMNS, IMAGE_CELL, PORTS_CELL } from "./table-columns";

interface TableHeadProps {
  order: Order;
  onOrder: (order: Order) => void;
  extent: "none" | "some" | "all";
  onSelectAll: () => void;
}

/** The head of the table; stays in sight. A click on a column sorts by it, another one turns it round. */
export function TableHead({ order, onOrder, extent, onSelectAll }: TableHeadProps) {
  const t = useTranslations("containers");
  const column = (by: Sort, className?: string) => {
    const isOn = order.by === by;
    return (
      <Cell className={className} sort={isOn ? (order.descending ? "descending" : "ascending") : "none"}>
        <button type="button" onClick={() => onOrder({ by, descending: isOn ? !order.descending : FIGURE_SORTS.has(by) })} className={classes("flex items-center gap-1 rounded-small hover:text-ink", isOn && "text-ink-2")} title={t("sortBy", { column: t(`column.${by}`) })}>
          {t(`column.${by}`)}
          {isOn && (order.by !== "name" || order.descending) ? <span aria-hidden="true">{order.descending ? "↓" : "↑"}</span> : null}
        </button>
      </Cell>
    );
  };
  return (
    <div role="rowgroup" className="sticky top-0 z-10 rounded-t-panel border-b border-line bg-panel text-12 font-medium text-ink-3">
      <div role="row" aria-rowindex={1} className={classes(COLUMNS, "h-[34px]")}>
        <Cell className="justify-center">
          <Checkbox aria-label={t("selectAll")} checked={extent === "all"} some={extent === "some"} onChange={onSelectAll} />
        </Cell>
        {column("name")}
        {column("host")}
        {column("state")}
        {column("up", "justify-end")}
        {column("cpu")}
        {column("memory")}
        <Cell className={PORTS_CELL}>{t("column.ports")}</Cell>
        {column("image", IMAGE_CELL)}
        <Cell>
          <span className="sr-only">{t("actionsFor", { name: "" })}</span>
        </Cell>
      </div>
    </div>
  );
}

function Cell({ children, className, sort }: { children: ReactNode; className?: string | undefined; sort?: "ascending" | "descending" | "none" }) {
  return (
    <div role="columnheader" aria-sort={sort} className={classes(CELL, className)}>
      {children}
    </div>
  );
}
