"use client";
import { memo, useState } from "react";
import { useTranslations } from "use-intl";
import { ContainerMenu } from "@/app/_features/operations/action-menu";
import { FailureLink, PendingMark } from "@/app/_features/operations/pending";
import type { Failure, Pending } from "@/app/_features/operations/progress";
import { PlaceLink } from "@/app/_features/shell/place-link";
import { containerPath } from "@/app/_features/shell/places";
import { CpuCell, MemoryCell } from "@/app/_features/metrics/cells";
import { Checkbox } from "@/app/_ui/checkbox";
import { classes } from "@/app/_ui/classes";
import { MoreIcon } from "@/app/_ui/icons";
import { ConditionMark } from "./condition-mark";
import { figuresState, type FleetRow } from "./fleet-row";
import { PortList } from "./port-list";
import { CELL, COLUMNS, IMAGE_CELL, PORTS_CELL } from "./table-columns";
import { UpSince } from "./up-since";

const PORTS_SHOWN = 2;
/** The picture goes before the figure does. */
const FIGURE_CELL = "[&>*]:flex-1 max-wide:[&_svg]:hidden max-wide:[&_[role=meter]]:hidden";

/** An image without its registry and path: what tells rows apart. The whole name is in the tooltip. */
const shortImage = (image: string) => image.slice(image.lastIndexOf("/") + 1) || image;

export interface RowLineProps {
  row: FleetRow;
  isSelected: boolean;
  /** The keys act on this line. */
  isCurrent: boolean;
  pending: Pending | undefined;
  /** What was done to it last, where it failed and was not read yet. */
  failure: Failure | undefined;
  /** Selects, or with shift everything up to here. */
  onSelect: (id: string, upTo: boolean) => void;
}

/** One container. Renders again only when something of its own has changed. */
export const RowLine = memo(function RowLine({ row, isSelected, isCurrent, pending, failure, onSelect }: RowLineProps) {
  const t = useTranslations("containers");
  const { container } = row;
  // A menu costs more than the rest of the row, so it is made for the row under the pointer, not for each that scrolls by.
  const [menu, setMenu] = useState<"near" | "asked" | null>(null);
  const more = (
    <button
      type="button"
      tabIndex={-1}
      aria-label={t("actionsFor", { name: container.name })}
      {...(menu === null ? { onClick: () => setMenu("asked") } : {})}
      className="grid size-[26px] place-items-center rounded-control text-ink-3 hover:bg-panel hover:text-ink"
    >
      <MoreIcon />
    </button>
  );
  return (
    <div
      onPointerEnter={() => setMenu((now) => now ?? "near")}
      className={classes(
        COLUMNS,
        "h-[34px] border-b border-line",
        isSelected ? "bg-accent-soft" : isCurrent ? "bg-raised" : "hover:bg-raised",
        isCurrent && "outline-2 -outline-offset-2 outline-accent/60",
        row.condition === "unknown" && "is-stale",
      )}
    >
      <div role="cell" className={classes(CELL, "justify-center")}>
        <Checkbox
          aria-label={t("selectOne", { name: container.name })}
          checked={isSelected}
          // The click tells of the shift key; the change does not.
          onClick={(event) => onSelect(row.id, event.shiftKey)}
          onChange={() => undefined}
        />
      </div>
      <div role="cell" className={CELL}>
        <PlaceLink path={containerPath(container)} prefetch={false} tabIndex={-1} className={classes("truncate font-[550] hover:underline", row.condition !== "unknown" && "text-ink")} title={container.name}>
          {container.name}
        </PlaceLink>
      </div>
      <div role="cell" className={classes(CELL, row.condition !== "unknown" && "text-ink-2")}>
        <span className="truncate" title={row.hostName}>
          {row.hostName}
        </span>
      </div>
      <div role="cell" className={CELL}>
        {pending ? <PendingMark pending={pending} /> : <ConditionMark row={row} />}
        {failure && !pending ? <FailureLink failure={failure} /> : null}
      </div>
      <div role="cell" className={classes(CELL, "justify-end", row.condition !== "unknown" && "text-ink-2")}>
        <UpSince row={row} />
      </div>
      <div role="cell" className={classes(CELL, FIGURE_CELL)}>
        <CpuCell row={row.id} state={figuresState(row)} of="container" />
      </div>
      <div role="cell" className={classes(CELL, FIGURE_CELL)}>
        <MemoryCell row={row.id} state={figuresState(row)} of="container" />
      </div>
      <div role="cell" className={classes(CELL, PORTS_CELL)}>
        <PortList row={row} limit={PORTS_SHOWN} />
      </div>
      <div role="cell" className={classes(CELL, IMAGE_CELL, row.condition !== "unknown" && "text-ink-2")}>
        <span className="truncate font-mono text-12" title={container.image}>
          {shortImage(container.image)}
        </span>
      </div>
      <div role="cell" className="flex items-center justify-center">
        {menu === null ? more : <ContainerMenu row={row} trigger={more} defaultOpen={menu === "asked"} />}
      </div>
    </div>
  );
});
