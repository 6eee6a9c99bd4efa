"use client";
import type { KeyboardEvent } from "react";
import { memo } from "react";
import { useTranslations } from "use-intl";
import type { Condition } from "@/app/_features/containers/condition";
import { CONDITIONS, countConditions } from "@/app/_features/containers/condition";
import type { FleetRow } from "@/app/_features/containers/fleet-row";
import { PlaceLink } from "@/app/_features/shell/place-link";
import { containerPath, hostPath } from "@/app/_features/shell/places";
import type { Scope } from "@/app/_features/shell/scope";
import { useScope, withScope } from "@/app/_features/shell/scope";
import { Age } from "@/app/_ui/age";
import { classes } from "@/app/_ui/classes";
import { useFormat } from "@/app/_ui/format";
import { Panel, PanelHead } from "@/app/_ui/panel";
import type { StateShape, StateTone } from "@/app/_ui/state-mark";
import { StateMark } from "@/app/_ui/state-mark";
import type { HostGroup } from "./use-now-view";
import { useOpen } from "./use-open";

/** Not by colour alone: what does not run is hollow, what is unknown is dashed, what fails is full. */
const CELL: Record<Condition, string> = {
  running: "bg-[color-mix(in_srgb,var(--ok)_72%,var(--panel))]",
  starting: "bg-accent",
  failing: "bg-bad",
  paused: "border-2 border-warn",
  stopped: "border border-control",
  unknown: "border border-dashed border-unknown",
};
export const MARK: Record<Condition, { shape: StateShape; tone: StateTone }> = {
  running: { shape: "running", tone: "ok" },
  starting: { shape: "starting", tone: "info" },
  failing: { shape: "failing", tone: "bad" },
  paused: { shape: "starting", tone: "warn" },
  stopped: { shape: "ended", tone: "muted" },
  unknown: { shape: "unknown", tone: "muted" },
};

interface CellsProps {
  rows: readonly FleetRow[];
  scope: Scope;
}

/** The containers of one host. Drawn again only when one of them changed. */
const Cells = memo(function Cells({ rows, scope }: CellsProps) {
  const t = useTranslations("now.condition");
  const words = Object.fromEntries(CONDITIONS.map((condition) => [condition, t(condition)])) as Record<Condition, string>;
  return (
    <ul className="mt-[5px] flex flex-wrap gap-[2px]">
      {rows.map((row) => {
        const says = `${row.container.name} · ${words[row.condition]}`;
        return (
          <li key={row.id} className="flex">
            <a
              data-cell=""
              tabIndex={-1}
              href={withScope(containerPath(row.container), scope)}
              title={says}
              aria-label={says}
              className={classes("size-[11px] rounded-cell max-desk:size-[14px]", CELL[row.condition])}
            />
          </li>
        );
      })}
    </ul>
  );
});

/** From this many hosts on, those out of sight are not laid out. */
const MANY_HOSTS = 24;

function HostCells({ group, scope, isOneOfMany }: { group: HostGroup; scope: Scope; isOneOfMany: boolean }) {
  const { host, rows } = group;
  const isDown = host.link !== "up";
  return (
    <section aria-label={host.name} className={classes("w-[102px] max-desk:w-full", isOneOfMany && "[contain-intrinsic-size:auto_102px_auto_60px] [content-visibility:auto]")}>
      <div className="flex items-baseline gap-1.5 text-12">
        <PlaceLink path={hostPath(host.id)} className={classes("min-w-0 flex-1 truncate rounded-small hover:text-accent", isDown && "text-unknown")} title={host.name}>
          {host.name}
        </PlaceLink>
        <span className={classes("shrink-0 text-11", isDown ? "text-unknown" : "text-ink-3")}>{isDown ? <Age at={host.confirmedAt} as="span" /> : rows.length}</span>
      </div>
      <Cells rows={rows} scope={scope} />
    </section>
  );
}

/** Arrow keys go from cell to cell; the whole fleet is one stop for Tab. */
function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[event.code];
  if (step === undefined || !(event.target instanceof HTMLElement)) return;
  const cells = [...event.currentTarget.querySelectorAll<HTMLElement>("a[data-cell]")];
  const from = cells.indexOf(event.target);
  if (cells.length === 0) return;
  event.preventDefault();
  if (event.code === "ArrowRight" || event.code === "ArrowLeft" || from < 0) return cells[Math.min(Math.max(from + step, 0), cells.length - 1)]?.focus();
  // Up and down: the nearest cell of the next line in that direction.
  const here = cells[from]?.getBoundingClientRect();
  if (!here) return;
  const reach = (cell: HTMLElement) => {
    const box = cell.getBoundingClientRect();
    const down = (box.top - here.top) * step;
    return down > 2 ? down * 4 + Math.abs(box.left - here.left) : Infinity;
  };
  const next = cells.reduce<HTMLElement | null>((best, cell) => (reach(cell) < (best ? reach(best) : Infinity) ? cell : best), null);
  next?.focus();
}

/** The whole fleet at a glance: one cell a container, host by host. */
export function FleetCells({ groups }: { groups: readonly HostGroup[] }) {
  const t = useTranslations("now");
  const format = useFormat();
  const { scope } = useScope();
  const open = useOpen();
  const counts = countConditions(groups.flatMap((group) => group.rows.map((row) => row.condition)));
  return (
    <Panel aria-labelledby="fleet-title">
      <PanelHead id="fleet-title" title={t("fleet.title")} aside={t("fleet.aside")}>
        {CONDITIONS.toReversed()
          .filter((condition) => counts[condition] > 0)
          .map((condition) => (
            <StateMark key={condition} {...MARK[condition]}>
              {t("fleet.count", { count: format.number(counts[condition]), condition: t(`condition.${condition}`) })}
            </StateMark>
          ))}
      </PanelHead>
      <div
        role="group"
        tabIndex={0}
        aria-label={t("fleet.keys")}
        onKeyDown={moveFocus}
        onClick={open}
        className="flex flex-wrap gap-x-3.5 gap-y-4 rounded-b-panel p-3.5 outline-offset-[-3px]! max-desk:gap-y-3"
      >
        {groups.map((group) => (
          <HostCells key={group.host.id} group={group} scope={scope} isOneOfMany={groups.length >= MANY_HOSTS} />
        ))}
      </div>
    </Panel>
  );
}
