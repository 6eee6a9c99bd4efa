"use client";
import { useState } from "react";
import { useTranslations } from "use-intl";
import { Button } from "@/app/_ui/button";
import { Chip } from "@/app/_ui/chip";
import { Dialog } from "@/app/_ui/dialog";
import { Field, Input } from "@/app/_ui/field";
import { useFormat } from "@/app/_ui/format";
import { DownIcon, PauseIcon, StartIcon } from "@/app/_ui/icons";
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuLine } from "@/app/_ui/menu";
import { LOG_LEVELS, type LogLevel } from "@/protocol/logs";
import { fromField, toField } from "./line-time";
import type { LogAddress } from "./log-url";

/** Moments that are one click away, in milliseconds before now. */
const AGO = [5 * 60_000, 3_600_000, 24 * 3_600_000] as const;

type TimeChange = Pick<LogAddress, "from" | "at" | "line">;

/** Where the view begins: the newest lines, the oldest, or a moment. */
export function TimeMenu({ address, onChange }: { address: LogAddress; onChange: (change: TimeChange) => void }) {
  const t = useTranslations("logs.time");
  const format = useFormat();
  const [isAsking, setIsAsking] = useState(false);
  const begin = address.at !== null ? format.dateMinute(address.at) : address.from === "oldest" ? t("oldest") : null;
  const shown = begin === null ? t("newest") : t("toNow", { begin });
  const goTo = (at: number) => onChange({ from: "tail", at, line: null });
  return (
    <>
      <Menu
        align="end"
        label={t("label")}
        trigger={
          <Chip on={begin !== null} aria-label={`${t("label")}: ${shown}`} title={t("label")}>
            {shown} <DownIcon className="size-3!" />
          </Chip>
        }
      >
        <MenuItem onSelect={() => onChange({ from: "tail", at: null, line: null })}>{t("newest")}</MenuItem>
        <MenuItem onSelect={() => onChange({ from: "oldest", at: null, line: null })}>{t("oldest")}</MenuItem>
        <MenuLine />
        <MenuLabel>{t("goTo")}</MenuLabel>
        {AGO.map((ago) => (
          <MenuItem key={ago} onSelect={() => goTo(Date.now() - ago)}>
            {format.ago(ago)}
          </MenuItem>
        ))}
        <MenuItem onSelect={() => setIsAsking(true)}>{t("moment")}</MenuItem>
      </Menu>
      <Dialog open={isAsking} onOpenChange={setIsAsking} title={t("dialog")}>
        <MomentForm
          at={address.at}
          onGo={(at) => {
            setIsAsking(false);
            goTo(at);
          }}
        />
      </Dialog>
    </>
  );
}

function MomentForm({ at, onGo }: { at: number | null; onGo: (at: number) => void }) {
  const t = useTranslations("logs.time");
  const [text, setText] = useState(() => toField(at ?? Date.now()));
  const moment = fromField(text);
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (moment !== null) onGo(moment);
      }}
    >
      <Field label={t("momentLabel")} hint={t("momentHint")}>
        {(control) => <Input {...control} type="datetime-local" step="1" value={text} onChange={(event) => setText(event.target.value)} />}
      </Field>
      <Button type="submit" tone="primary" disabled={moment === null} className="self-end">
        {t("go")}
      </Button>
    </form>
  );
}

const ANY = "any";

/** Which levels are shown. */
export function LevelMenu({ level, onChange }: { level: LogLevel | null; onChange: (level: LogLevel | null) => void }) {
  const t = useTranslations("logs");
  const shown = level === null ? t("levels.any") : t("levels.atLeast", { level: t(`level.${level}`) });
  return (
    <Menu
      align="end"
      label={t("levels.label")}
      trigger={
        <Chip on={level !== null} aria-label={`${t("levels.label")}: ${shown}`} title={t("levels.label")}>
          {shown} <DownIcon className="size-3!" />
        </Chip>
      }
    >
      <MenuChoice<LogLevel | typeof ANY>
        label={t("levels.label")}
        value={level ?? ANY}
        onChange={(next) => onChange(next === ANY ? null : next)}
        options={[{ value: ANY, label: t("levels.any") }, ...LOG_LEVELS.map((one) => ({ value: one, label: t("levels.atLeast", { level: t(`level.${one}`) }) }))]}
      />
    </Menu>
  );
}

/** Stands still, or goes on. */
export function FollowButton({ following, onFollow, onPause }: { following: boolean; onFollow: () => void; onPause: () => void }) {
  const t = useTranslations("logs");
  return (
    <Button onClick={following ? onPause : onFollow} {...(following ? {} : { tone: "primary" as const })} className="max-desk:min-h-[36px]! max-desk:px-3!">
      {following ? <PauseIcon className="size-3.5!" /> : <StartIcon className="size-3.5!" />}
      {t(following ? "pause" : "follow")}
    </Button>
  );
}
