"use client";
import { useDeferredValue, useMemo, useRef } from "react";
import { useTranslations } from "use-intl";
import { useFiguresOf, useTableFeed } from "@/app/_features/metrics/use-table";
import { useFailures, usePending } from "@/app/_features/operations/pending";
import { ADD_HOST_PATH } from "@/app/_features/shell/places";
import { PlaceLink } from "@/app/_features/shell/place-link";
import { useFleetReady } from "@/app/_trpc/live";
import { Button } from "@/app/_ui/button";
import { classes } from "@/app/_ui/classes";
import { EmptyState } from "@/app/_ui/empty-state";
import { Kbd } from "@/app/_ui/kbd";
import { Panel } from "@/app/_ui/panel";
import { useIsPhone } from "@/app/_ui/use-phone";
import { arrange, FIGURE_SORTS, type Line } from "./arrangement";
import { BulkBar } from "./bulk-bar";
import { FilterBar } from "./filter-bar";
import { parseFilter } from "./filter";
import { FleetList, type FleetListHandle } from "./fleet-list";
import type { FleetRow } from "./fleet-row";
import { GroupLine } from "./group-line";
import { NoHits } from "./no-hits";
import { RowCard } from "./row-card";
import { RowLine } from "./row-line";
import { extent } from "./selection";
import { GROUP_PX, ROW_PX } from "./table-columns";
import { TableHead } from "./table-head";
import { useFleetRows, useSettledHosts } from "./use-fleet-rows";
import { useFolding } from "./use-folding";
import { useSelection } from "./use-selection";
import { useTableKeys } from "./use-table-keys";
import { useTableView } from "./use-table-view";
import { ViewMenu } from "./view-menu";

/** Before a card was measured; three lines of text. */
const CARD_PX = 84;
const PHONE_GROUP_PX = 44;
const NO_ROWS: readonly FleetRow[] = [];

/** Containers of all hosts, live, in one table. */
export function ContainersScreen() {
  const t = useTranslations("containers");
  const ready = useFleetReady();
  const hosts = useSettledHosts();
  const rows = useFleetRows();
  const table = useTableView();
  const { view } = table;
  // A keystroke is drawn at once; ten thousand rows may follow a frame later.
  const filter = useDeferredValue(view.filter);
  const terms = useMemo(() => parseFilter(filter), [filter]);
  const folding = useFolding();
  useTableFeed();
  const figuresOf = useFiguresOf(FIGURE_SORTS.has(view.order.by));
  const arranged = useMemo(() => arrange(rows, terms, view.grouping, view.order, folding.folded, figuresOf), [rows, terms, view.grouping, view.order, folding.folded, figuresOf]);
  const selection = useSelection(rows, arranged.shown);
  const stacks = useMemo(() => rowsByStack(rows), [rows]);
  const pending = usePending();
  const failures = useFailures();
  const isPhone = useIsPhone();
  const list = useRef<FleetListHandle>(null);
  const field = useRef<HTMLInputElement>(null);
  const stackRows = (name: string | null) => (name === null ? NO_ROWS : (stacks.get(name) ?? NO_ROWS));
  const current = useTableKeys({
    lines: arranged.lines,
    list,
    field,
    grouping: view.grouping,
    onGrouping: (grouping) => table.set({ grouping }),
    onFold: folding.toggle,
    onSelect: selection.select,
    onSelectGroup: selection.selectGroup,
    selected: selection.selected,
    onClear: selection.clear,
    stackRows,
  });
  const shownIds = useMemo(() => arranged.shown.map((row) => row.id), [arranged]);
  const setFilter = (next: string) => table.set({ filter: next });
  const hostCount = useMemo(() => new Set(rows.map((row) => row.container.hostId)).size, [rows]);

  const drawLine = (line: Line) => {
    if (line.type === "group")
      return (
        <GroupLine
          group={line.group}
          isFolded={line.folded}
          isCurrent={line.id === current}
          extent={extent(selection.selection, line.group.rows.map((row) => row.id))}
          onFold={folding.toggle}
          onSelect={selection.selectGroup}
          stackRows={line.group.kind === "stack" ? stackRows(line.group.name) : NO_ROWS}
        />
      );
    const common = { row: line.row, isSelected: selection.selection.ids.has(line.id), pending: pending(line.id), failure: failures.get(line.id), onSelect: selection.select };
    return isPhone ? <RowCard {...common} /> : <RowLine {...common} isCurrent={line.id === current} />;
  };

  return (
    <>
      <header className="flex items-center gap-x-4 max-desk:gap-x-3">
        <h1>{t("title")}</h1>
        {ready ? <span className="min-w-0 flex-1 truncate text-ink-3">{arranged.shown.length === rows.length ? t("total", { containers: rows.length, hosts: hostCount }) : t("shownOf", { shown: arranged.shown.length, all: rows.length })}</span> : null}
        <div className="ml-auto flex items-center gap-2.5">
          <ViewMenu
            view={view}
            onChange={table.set}
            isPhone={isPhone ?? false}
            {...(arranged.groups.length > 0 ? { onFoldAll: () => folding.setAll(arranged.groups.map((group) => group.id)), onUnfoldAll: () => folding.setAll([]) } : {})}
          />
        </div>
      </header>
      {rows.length > 0 || view.filter ? <FilterBar filter={view.filter} counts={arranged.counts} field={field} onType={table.type} onLeave={table.leave} onSet={setFilter} /> : null}
      {!ready || isPhone === null ? (
        <Panel aria-busy="true">
          <p className="px-3.5 py-3 text-ink-3">{t("loading")}</p>
        </Panel>
      ) : rows.length === 0 ? (
        <NoContainers hasHosts={hosts.size > 0} />
      ) : (
        <section className="rounded-panel border border-line bg-panel">
          {arranged.lines.length === 0 ? (
            <NoHits rows={rows} terms={terms} filter={view.filter} onSet={setFilter} />
          ) : (
            <FleetList
              key={isPhone ? "cards" : "rows"}
              handleRef={list}
              lines={arranged.lines}
              label={t("title")}
              measured={isPhone}
              sizeOf={(line) => (line.type === "group" ? (isPhone ? PHONE_GROUP_PX : GROUP_PX) : isPhone ? CARD_PX : ROW_PX)}
              padding={{ start: 44, end: 76 }}
              head={isPhone ? null : <TableHead order={view.order} onOrder={(order) => table.set({ order })} extent={extent(selection.selection, shownIds)} onSelectAll={selection.selectAll} />}
              render={drawLine}
            />
          )}
          <TableFoot selected={selection.selected} onClear={selection.clear} />
        </section>
      )}
    </>
  );
}

function rowsByStack(rows: readonly FleetRow[]): Map<string, FleetRow[]> {
  const stacks = new Map<string, FleetRow[]>();
  for (const row of rows) {
    const name = row.container.target.namespace;
    if (name === null) continue;
    const list = stacks.get(name);
    if (list) list.push(row);
    else stacks.set(name, [row]);
  }
  return stacks;
}

/** What the selection can do; while nothing is selected, the keys (on a desk). */
function TableFoot({ selected, onClear }: { selected: readonly FleetRow[]; onClear: () => void }) {
  const t = useTranslations("containers.keys");
  const hasSelection = selected.length > 0;
  return (
    <footer
      className={classes(
        "sticky bottom-0 z-10 -mt-px rounded-b-panel bg-panel px-3.5 py-2 text-12 text-ink-3 max-desk:bottom-[calc(60px+env(safe-area-inset-bottom))]",
        hasSelection ? "border-t border-edge" : "border-t border-line max-desk:hidden",
      )}
    >
      {hasSelection ? (
        <BulkBar rows={selected} onClear={onClear} />
      ) : (
        <span className="flex flex-wrap items-center gap-x-4 gap-y-1">
          {(
            [
              ["j k", "move"],
              ["Enter", "open"],
              ["x", "select"],
              ["r", "restart"],
              ["l", "logs"],
              ["i", "inspect"],
              ["g", "group"],
              ["/", "filter"],
            ] as const
          ).map(([key, does]) => (
            <span key={key} className="flex items-center gap-1.5">
              <Kbd>{key}</Kbd> {t(does)}
            </span>
          ))}
          <span className="ml-auto flex items-center gap-1.5">
            <Kbd>?</Kbd> {t("all")}
          </span>
        </span>
      )}
    </footer>
  );
}

function NoContainers({ hasHosts }: { hasHosts: boolean }) {
  const t = useTranslations("containers.none");
  return (
    <Panel>
      <EmptyState
        title={t(hasHosts ? "title" : "noHostTitle")}
        action={
          hasHosts ? null : (
            <Button tone="primary" asChild>
              <PlaceLink path={ADD_HOST_PATH}>{t("addHost")}</PlaceLink>
            </Button>
          )
        }
      >
        <p>{t(hasHosts ? "fleet" : "noHost")}</p>
      </EmptyState>
    </Panel>
  );
}
