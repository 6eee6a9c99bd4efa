"use client";
import type { RefObject } from "react";
import { useTranslations } from "use-intl";
import { Chip } from "@/app/_ui/chip";
import { classes } from "@/app/_ui/classes";
import { useFormat } from "@/app/_ui/format";
import { CrossIcon } from "@/app/_ui/icons";
import { Kbd } from "@/app/_ui/kbd";
import { StateShapeIcon, toneClass } from "@/app/_ui/state-mark";
import type { Condition } from "./condition";
import { CONDITION_MARKS } from "./condition-mark";
import { chosenValues, FILTER_CHARS, KEYS, withValues } from "./filter";

/** The states worth a chip: what runs needs none. */
const CHIPS = ["failing", "starting", "unknown", "stopped", "paused"] as const satisfies readonly Condition[];
const TONE = { failing: "bad", starting: "info", unknown: "muted", stopped: "muted", paused: "warn" } as const;

interface FilterBarProps {
  filter: string;
  counts: Record<Condition, number>;
  field: RefObject<HTMLInputElement | null>;
  onType: (filter: string) => void;
  onLeave: () => void;
  onSet: (filter: string) => void;
}

/** The filter as text, and chips that write into the same text. */
export function FilterBar({ filter, counts, field, onType, onLeave, onSet }: FilterBarProps) {
  const t = useTranslations("containers");
  return (
    <div className="flex flex-wrap items-center gap-2.5">
      <div className="relative flex h-[30px] min-w-0 flex-1 basis-[320px] items-center rounded-[8px] border border-control bg-panel focus-within:border-accent max-desk:h-[44px] max-desk:basis-full">
        <Coloured text={filter} />
        <input
          ref={field}
          type="text"
          role="searchbox"
          aria-label={t("filter.label")}
          title={FILTER_HELP(t)}
          placeholder={t("filter.placeholder")}
          value={filter}
          maxLength={FILTER_CHARS}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          onChange={(event) => onType(event.target.value)}
          onBlur={onLeave}
          onKeyDown={(event) => {
            if (event.key === "Enter" || event.key === "Escape") event.currentTarget.blur();
          }}
          className="relative h-full min-w-0 flex-1 bg-transparent px-2.5 font-mono text-12 text-transparent caret-ink outline-none! max-desk:text-[16px]"
        />
        {filter ? (
          <button type="button" aria-label={t("filter.clear")} title={t("filter.clear")} onClick={() => onSet("")} className="relative grid size-[28px] shrink-0 place-items-center text-ink-3 hover:text-ink max-desk:size-[44px]">
            <CrossIcon className="size-3.5!" />
          </button>
        ) : (
          <span className="pr-2 max-desk:hidden">
            <Kbd>/</Kbd>
          </span>
        )}
      </div>
      <StateChips filter={filter} counts={counts} onSet={onSet} />
    </div>
  );
}

const FILTER_HELP = (t: ReturnType<typeof useTranslations<"containers">>) =>
  [`web  ${t("filter.howWord")}`, `host:fra,icn  ${t("filter.howKey")}`, `!state:running  ${t("filter.howNot")}`, `stack:"web" image:*:4.*  ${t("filter.howExact")}`].join("\n");

/** The same text behind the field, with its keys in the accent: a field itself has one colour only. */
function Coloured({ text }: { text: string }) {
  const parts = text.split(new RegExp(`(?<=^|\\s)(!?(?:${KEYS.join("|")}):)`, "i"));
  return (
    <span aria-hidden="true" className="pointer-events-none absolute inset-y-0 right-8 left-0 flex items-center overflow-hidden px-2.5 font-mono text-12 whitespace-pre max-desk:text-[16px]">
      <span>
        {parts.map((part, index) => (
          <span key={index} className={classes(index % 2 === 1 && "text-accent")}>
            {part}
          </span>
        ))}
      </span>
    </span>
  );
}

function StateChips({ filter, counts, onSet }: Pick<FilterBarProps, "filter" | "counts" | "onSet">) {
  const t = useTranslations("containers");
  const format = useFormat();
  const chosen = chosenValues(filter, "state");
  const toggle = (condition: Condition) => onSet(withValues(filter, "state", chosen.includes(condition) ? chosen.filter((value) => value !== condition) : [...chosen, condition]));
  const shown = CHIPS.filter((condition) => counts[condition] > 0 || chosen.includes(condition));
  if (shown.length === 0) return null;
  return (
    <div className="flex flex-wrap gap-2.5 max-desk:gap-2">
      {shown.map((condition) => (
        <Chip key={condition} on={chosen.includes(condition)} title={t("filter.showOnly", { state: t(`condition.${condition}`) })} onClick={() => toggle(condition)}>
          <span className={toneClass(TONE[condition])}>
            <StateShapeIcon shape={CONDITION_MARKS[condition].shape} />
          </span>
          {format.number(counts[condition])} {t(`condition.${condition}`)}
        </Chip>
      ))}
    </div>
  );
}
