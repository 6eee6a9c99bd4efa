"use client";
import { useTranslations } from "use-intl";
import { Chip } from "@/app/_ui/chip";
import { DownIcon } from "@/app/_ui/icons";
import { Menu, MenuChoice, MenuItem, MenuLine } from "@/app/_ui/menu";
import { FIGURE_SORTS, GROUPINGS, SORTS } from "./arrangement";
import type { TableView } from "./view-url";

interface ViewMenuProps {
  view: TableView;
  onChange: (change: Partial<TableView>) => void;
  /** Cards have no head to sort by, so the menu does it. */
  isPhone: boolean;
  onFoldAll?: () => void;
  onUnfoldAll?: () => void;
}

/** How the table is grouped (and, on a phone, sorted). */
export function ViewMenu({ view, onChange, isPhone, onFoldAll, onUnfoldAll }: ViewMenuProps) {
  const t = useTranslations("containers");
  return (
    <Menu
      align="end"
      trigger={
        <Chip>
          {t("group.label", { by: t(`group.${view.grouping}`) })} <DownIcon className="size-3!" />
        </Chip>
      }
    >
      <MenuChoice label={t("group.menu")} value={view.grouping} onChange={(grouping) => onChange({ grouping })} options={GROUPINGS.map((value) => ({ value, label: t(`group.${value}`) }))} />
      {isPhone ? <MenuChoice label={t("sort.label")} value={view.order.by} onChange={(by) => onChange({ order: { by, descending: FIGURE_SORTS.has(by) } })} options={SORTS.map((value) => ({ value, label: t(`sort.${value}`) }))} /> : null}
      {onFoldAll && onUnfoldAll ? (
        <>
          <MenuLine />
          <MenuItem onSelect={onFoldAll}>{t("group.foldAll")}</MenuItem>
          <MenuItem onSelect={onUnfoldAll}>{t("group.unfoldAll")}</MenuItem>
        </>
      ) : null}
    </Menu>
  );
}
