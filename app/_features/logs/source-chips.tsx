"use client";
import { useTranslations } from "use-intl";
import { classes } from "@/app/_ui/classes";
import { Chip, Tag } from "@/app/_ui/chip";
import { CrossIcon, PlusIcon } from "@/app/_ui/icons";
import { PlaceLink } from "@/app/_features/shell/place-link";
import { sourceClass } from "./log-line";
import { MOST_SOURCES } from "./log-url";
import type { LogSourceInfo } from "./use-log-session";

interface SourceChipsProps {
  infos: readonly LogSourceInfo[];
  onRemove: (key: string) => void;
  onAdd: () => void;
}

/** The chosen containers in their colours. The name leads to the container, the cross takes it out. */
export function SourceChips({ infos, onRemove, onAdd }: SourceChipsProps) {
  const t = useTranslations("logs.chosen");
  return (
    <>
      {infos.map((info, place) => (
        <Tag key={info.key} className="max-w-[240px] pr-0! max-desk:min-h-[36px]" title={`${info.name} · ${info.hostName}`}>
          <i aria-hidden="true" className={classes("h-[13px] w-[3px] shrink-0 rounded-[1px] bg-current", sourceClass(place))} />
          <PlaceLink path={`/containers/${info.key}`} className="truncate hover:text-ink hover:underline">
            {info.name}
          </PlaceLink>
          <button type="button" aria-label={t("remove", { name: info.name })} title={t("remove", { name: info.name })} onClick={() => onRemove(info.key)} className="grid h-[22px] w-[24px] shrink-0 place-items-center rounded-full text-ink-3 hover:text-ink max-desk:h-[36px] max-desk:w-[36px]">
            <CrossIcon className="size-3!" />
          </button>
        </Tag>
      ))}
      {infos.length < MOST_SOURCES ? (
        <Chip onClick={onAdd}>
          <PlusIcon className="size-3!" /> {t("add")}
        </Chip>
      ) : null}
    </>
  );
}
