"use client";
import { memo, useMemo } from "react";
import { useTranslations } from "use-intl";
import { StackMenu } from "@/app/_features/operations/action-menu";
import { GroupSums } from "@/app/_features/metrics/cells";
import { Checkbox } from "@/app/_ui/checkbox";
import { classes } from "@/app/_ui/classes";
import { DownIcon, MoreIcon, RightIcon } from "@/app/_ui/icons";
import { StateMark } from "@/app/_ui/state-mark";
import { notable, type Group } from "./arrangement";
import { CONDITION_MARKS } from "./condition-mark";
import { figuresState, type FleetRow } from "./fleet-row";

export interface GroupLineProps {
  group: Group;
  isFolded: boolean;
  isCurrent: boolean;
  extent: "none" | "some" | "all";
  onFold: (id: string) => void;
  onSelect: (group: Group) => void;
  /** All containers of the stack, also those that the filter hides: an action means the whole stack. */
  stackRows: readonly FleetRow[];
}

/** The head of a group: its name, its sums, and for a stack what can be done with it as a whole. */
export const GroupLine = memo(function GroupLine({ group, isFolded, isCurrent, extent, onFold, onSelect, stackRows }: GroupLineProps) {
  const t = useTranslations("containers");
  const name = group.name ?? t("group.noStack");
  const measured = useMemo(() => group.rows.filter((row) => figuresState(row) === "now").map((row) => row.id), [group.rows]);
  const Arrow = isFolded ? RightIcon : DownIcon;
  return (
    <div className={classes("flex h-[30px] items-center border-b border-line bg-raised text-12 text-ink-2 max-desk:h-[44px]", isCurrent && "outline-2 -outline-offset-2 outline-accent/60")}>
      <div role="cell" className="flex w-[38px] shrink-0 items-center justify-center px-2.5">
        <Checkbox aria-label={t("group.select", { name })} checked={extent === "all"} some={extent === "some"} onChange={() => onSelect(group)} />
      </div>
      <div role="cell" className="flex min-w-0 flex-1 items-center gap-2 overflow-hidden">
        <button
          type="button"
          aria-expanded={!isFolded}
          aria-label={t(isFolded ? "group.unfold" : "group.fold", { name })}
          onClick={() => onFold(group.id)}
          className="flex min-w-0 items-center gap-1.5 self-stretch rounded-small py-1 pl-1.5 font-medium hover:text-ink"
        >
          <Arrow className="size-3!" />
          <span className="truncate">{name}</span>
        </button>
        <span className="shrink-0 text-ink-3">· {t("group.containers", { count: group.rows.length })}</span>
        {group.kind === "stack" && group.name !== null ? (
          <span className="min-w-0 truncate text-ink-3 max-phone:hidden">
            · {group.hosts.length === 1 ? group.hosts[0]?.name : t("group.hosts", { count: group.hosts.length })}
          </span>
        ) : null}
        <GroupSums rows={measured} />
        {notable(group.counts).map(({ condition, count }) => (
          <StateMark key={condition} {...CONDITION_MARKS[condition]} className={classes("shrink-0", condition !== "failing" && "max-phone:hidden")}>
            {t(`conditionCount.${condition}`, { count })}
          </StateMark>
        ))}
      </div>
      {group.kind === "stack" && group.name !== null ? (
        <div role="cell" className="flex w-[40px] shrink-0 items-center justify-center">
          <StackMenu
            name={group.name}
            rows={stackRows}
            trigger={
              <button type="button" aria-label={t("group.actions", { name })} className="grid size-[26px] place-items-center rounded-control text-ink-3 hover:bg-panel hover:text-ink max-desk:size-[40px]">
                <MoreIcon />
              </button>
            }
          />
        </div>
      ) : null}
    </div>
  );
});
