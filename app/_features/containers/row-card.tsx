"use client";
import { memo } from "react";
import { useTranslations } from "use-intl";
import { FailureLink, PendingMark } from "@/app/_features/operations/pending";
import { RestartHold } from "@/app/_features/operations/restart-hold";
import { PlaceLink } from "@/app/_features/shell/place-link";
import { containerPath } from "@/app/_features/shell/places";
import { FiguresLine } from "@/app/_features/metrics/cells";
import { Checkbox } from "@/app/_ui/checkbox";
import { classes } from "@/app/_ui/classes";
import { ConditionMark } from "./condition-mark";
import { figuresState } from "./fleet-row";
import type { RowLineProps } from "./row-line";
import { UpSince } from "./up-since";

/** One container on a phone: a touch opens it, holding the button restarts it. */
export const RowCard = memo(function RowCard({ row, isSelected, pending, failure, onSelect }: Omit<RowLineProps, "isCurrent">) {
  const t = useTranslations("containers");
  const { container } = row;
  return (
    <div className={classes("flex items-stretch border-b border-line", isSelected && "bg-accent-soft", row.condition === "unknown" && "is-stale")}>
      <label role="cell" className="flex w-[38px] shrink-0 items-center justify-center">
        <Checkbox aria-label={t("selectOne", { name: container.name })} checked={isSelected} onChange={() => onSelect(row.id, false)} />
      </label>
      <div role="cell" className="min-w-0 flex-1 py-2.5">
        <PlaceLink path={containerPath(container)} prefetch={false} className="flex flex-col gap-0.5">
          <span className="flex items-baseline gap-2">
            <span className={classes("min-w-0 flex-1 truncate font-[550]", row.condition !== "unknown" && "text-ink")}>{container.name}</span>
            <span className="shrink-0 text-12 text-ink-3">{row.condition === "unknown" ? null : <UpSince row={row} />}</span>
          </span>
          <span className="flex items-baseline justify-between gap-2 text-12">
            {pending ? <PendingMark pending={pending} /> : <ConditionMark row={row} />}
            {pending ? null : <FiguresLine row={row.id} state={figuresState(row)} of="container" />}
          </span>
          <span className="truncate text-12 text-ink-3">
            {row.hostName} · <span className="font-mono">{container.image}</span>
          </span>
        </PlaceLink>
        {failure && !pending ? <FailureLink failure={failure} /> : null}
      </div>
      <div role="cell" className="flex shrink-0 items-center px-2.5">
        <RestartHold row={row} isPending={pending !== undefined} />
      </div>
    </div>
  );
});
