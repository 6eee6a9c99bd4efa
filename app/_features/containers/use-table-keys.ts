"use client";
import { useState } from "react";
import type { RefObject } from "react";
import { useTranslations } from "use-intl";
import { useActions } from "@/app/_features/operations/actions-provider";
import { logsPath } from "@/app/_features/logs/log-url";
import { containerPath } from "@/app/_features/shell/places";
import { useGo } from "@/app/_features/shell/use-go";
import { useKeys } from "@/app/_ui/keys";
import { GROUPINGS, type Grouping, type Line } from "./arrangement";
import type { FleetListHandle } from "./fleet-list";
import type { FleetRow } from "./fleet-row";

interface TableKeys {
  lines: readonly Line[];
  list: RefObject<FleetListHandle | null>;
  field: RefObject<HTMLInputElement | null>;
  grouping: Grouping;
  onGrouping: (grouping: Grouping) => void;
  onFold: (id: string) => void;
  onSelect: (id: string, upTo: boolean) => void;
  onSelectGroup: (group: Extract<Line, { type: "group" }>["group"]) => void;
  selected: readonly FleetRow[];
  onClear: () => void;
  stackRows: (name: string) => readonly FleetRow[];
}

/** Moves through the table by keys; returns the id of the line that they act on. */
export function useTableKeys({ lines, list, field, grouping, onGrouping, onFold, onSelect, onSelectGroup, selected, onClear, stackRows }: TableKeys): string | null {
  const t = useTranslations("containers.keys");
  const go = useGo();
  const { ask, askStack } = useActions();
  const [current, setCurrent] = useState<string | null>(null);
  const at = current === null ? -1 : lines.findIndex((line) => line.id === current);
  const line = lines[at];

  const move = (by: 1 | -1) => {
    const next = at < 0 ? (by > 0 ? 0 : lines.length - 1) : Math.min(lines.length - 1, Math.max(0, at + by));
    const target = lines[next];
    if (!target) return;
    setCurrent(target.id);
    list.current?.scrollTo(next);
  };
  const open = (part: string) => {
    if (line?.type === "group") onFold(line.group.id);
    else if (line) go(containerPath(line.row.container) + part);
  };
  const restart = () => {
    if (selected.length > 0) ask("restart", selected);
    else if (line?.type === "row") ask("restart", [line.row]);
    else if (line?.group.kind === "stack" && line.group.name !== null) {
      const host = line.group.hosts.length === 1 ? line.group.hosts[0] : undefined;
      // A stack on several hosts is restarted host by host, from its menu.
      if (host) askStack("restart", { hostId: host.id, hostName: host.name, name: line.group.name }, stackRows(line.group.name));
    }
  };
  const select = (upTo: boolean) => {
    if (line?.type === "row") onSelect(line.id, upTo);
    else if (line?.type === "group" && !upTo) onSelectGroup(line.group);
  };
  /** Of what is selected, of the line, or of all that the group holds. */
  const logs = () => {
    const rows = selected.length > 0 ? selected : line?.type === "row" ? [line.row] : (line?.group.rows ?? []);
    const keys = [...new Set(rows.map((row) => row.container.key))];
    if (keys.length > 0) go(logsPath(keys));
  };
  const leave = () => {
    if (selected.length > 0) onClear();
    else setCurrent(null);
  };
  const group = t("title");
  useKeys([
    { code: "KeyJ", shows: "j", does: t("move"), group, repeats: true, run: () => move(1) },
    { code: "KeyK", shows: "k", does: t("move"), group, repeats: true, run: () => move(-1) },
    { code: "ArrowDown", shows: "↓", repeats: true, run: () => move(1) },
    { code: "ArrowUp", shows: "↑", repeats: true, run: () => move(-1) },
    { code: "Enter", shows: "Enter", does: t("open"), group, run: () => open("") },
    { code: "KeyI", shows: "i", does: t("inspect"), group, run: () => line?.type === "row" && open("?part=inspect") },
    { code: "KeyL", shows: "l", does: t("logs"), group, run: logs },
    { code: "KeyX", shows: "x", does: t("select"), group, run: () => select(false) },
    { code: "KeyX", shift: true, shows: "⇧x", does: t("range"), group, run: () => select(true) },
    { code: "KeyR", shows: "r", does: t("restart"), group, run: restart },
    { code: "KeyG", shows: "g", does: t("group"), group, run: () => onGrouping(GROUPINGS[(GROUPINGS.indexOf(grouping) + 1) % GROUPINGS.length] ?? "stack") },
    { code: "Slash", shows: "/", does: t("filter"), group, run: () => field.current?.focus() },
    ...(selected.length > 0 || current !== null ? [{ code: "Escape", shows: "Esc", run: leave }] : []),
  ]);
  return line ? current : null;
}
