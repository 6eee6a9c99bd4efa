"use client";
import { useDeferredValue, useMemo, useState } from "react";
import { useTranslations } from "use-intl";
import { ConditionMark } from "@/app/_features/containers/condition-mark";
import { matches, parseFilter } from "@/app/_features/containers/filter";
import type { FleetRow } from "@/app/_features/containers/fleet-row";
import { useFleetRows } from "@/app/_features/containers/use-fleet-rows";
import { useFleetReady } from "@/app/_trpc/live";
import { Button } from "@/app/_ui/button";
import { Checkbox } from "@/app/_ui/checkbox";
import { classes } from "@/app/_ui/classes";
import { Dialog } from "@/app/_ui/dialog";
import { Input } from "@/app/_ui/field";
import { MOST_SOURCES } from "./log-url";

/** Containers listed at once; a word more finds the others. */
const LISTED = 200;

interface PickerProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  chosen: readonly string[];
  onChoose: (keys: string[]) => void;
}

/** Chooses the containers of a log view, by host, stack or name. */
export function ContainerPicker({ open, onOpenChange, chosen, onChoose }: PickerProps) {
  const t = useTranslations("logs.picker");
  const [keys, setKeys] = useState<readonly string[] | null>(null);
  const ticked = keys ?? chosen;
  const close = (isOpen: boolean) => {
    setKeys(null);
    onOpenChange(isOpen);
  };
  const done = () => {
    onChoose([...ticked]);
    close(false);
  };
  return (
    <Dialog
      open={open}
      onOpenChange={close}
      wide
      title={t("title")}
      description={t("hint", { most: MOST_SOURCES })}
      footer={
        <>
          <span className="mr-auto self-center text-12 text-ink-3 tabular-nums">{t("count", { count: ticked.length, most: MOST_SOURCES })}</span>
          <Button tone="primary" onClick={done} disabled={ticked.length === 0 && chosen.length === 0}>
            {t("show")}
          </Button>
        </>
      }
    >
      <PickerList ticked={ticked} onTick={setKeys} onDone={done} />
    </Dialog>
  );
}

/** One row for each lasting address, in groups of a stack on a host, by name. */
function groupRows(rows: readonly FleetRow[]): [string, FleetRow[]][] {
  const groups = new Map<string, Map<string, FleetRow>>();
  const sorted = [...rows].sort((one, other) => {
    const [a, b] = [one, other].map((row) => `${row.container.target.namespace === null ? "1" : "0"}${row.folded.stack}\n${row.sortKeys.host}\n${row.sortKeys.name}`);
    return (a ?? "") < (b ?? "") ? -1 : 1;
  });
  for (const row of sorted) {
    const name = [row.container.target.namespace, row.hostName].filter((part) => part !== null).join(" · ");
    const group = groups.get(name) ?? new Map<string, FleetRow>();
    if (!group.has(row.container.key)) group.set(row.container.key, row);
    groups.set(name, group);
  }
  return [...groups].map(([name, group]) => [name, [...group.values()]]);
}

function PickerList({ ticked, onTick, onDone }: { ticked: readonly string[]; onTick: (keys: readonly string[]) => void; onDone: () => void }) {
  const t = useTranslations("logs.picker");
  const rows = useFleetRows();
  const ready = useFleetReady();
  const [text, setText] = useState("");
  const sought = useDeferredValue(text);
  const found = useMemo(() => {
    const terms = parseFilter(sought);
    return rows.filter((row) => matches(row, terms));
  }, [rows, sought]);
  const groups = useMemo(() => groupRows(found.slice(0, LISTED)), [found]);
  const set = (keys: readonly string[], on: boolean) => {
    const rest = ticked.filter((key) => !keys.includes(key));
    onTick(on ? [...rest, ...keys].slice(0, MOST_SOURCES) : rest);
  };
  return (
    <div className="flex flex-col gap-3">
      <Input
        autoFocus
        role="searchbox"
        aria-label={t("filter")}
        placeholder={t("filter")}
        value={text}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
          event.preventDefault();
          // By what is typed, not by what is drawn already. What it narrows down to one needs no click.
          const terms = parseFilter(text);
          const fitting = new Set(rows.filter((row) => matches(row, terms)).map((row) => row.container.key));
          const [only] = fitting;
          if (fitting.size === 1 && only !== undefined && !ticked.includes(only)) set([only], true);
          else if (ticked.length > 0 && (text === "" || fitting.size === 1)) onDone();
        }}
      />
      {groups.map(([name, members]) => {
        const keys = members.map((row) => row.container.key);
        const on = keys.filter((key) => ticked.includes(key)).length;
        return (
          <fieldset key={name} className="min-w-0">
            <label className="flex min-h-[30px] items-center gap-2.5 border-b border-line text-12 text-ink-2 max-desk:min-h-[44px]">
              <Checkbox checked={on === keys.length} some={on > 0 && on < keys.length} onChange={(event) => set(keys, event.target.checked)} aria-label={t("group", { name })} />
              {name}
            </label>
            {members.map((row) => {
              const isOn = ticked.includes(row.container.key);
              return (
                <label key={row.container.key} className={classes("flex min-h-[30px] items-center gap-2.5 rounded-small pl-2 hover:bg-raised max-desk:min-h-[44px]", row.condition === "unknown" && "is-stale")}>
                  <Checkbox checked={isOn} disabled={!isOn && ticked.length >= MOST_SOURCES} onChange={(event) => set([row.container.key], event.target.checked)} />
                  <span className="min-w-0 truncate">{row.container.name}</span>
                  <span className="ml-auto shrink-0 text-12">
                    <ConditionMark row={row} />
                  </span>
                </label>
              );
            })}
          </fieldset>
        );
      })}
      {found.length === 0 ? <p className="text-ink-2">{t(!ready ? "coming" : rows.length === 0 ? "none" : "noHits")}</p> : null}
      {found.length > LISTED ? <p className="text-12 text-ink-3">{t("more", { count: found.length - LISTED })}</p> : null}
    </div>
  );
}
