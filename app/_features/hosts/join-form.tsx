"use client";
import { useState } from "react";
import { useTranslations } from "use-intl";
import { Button } from "@/app/_ui/button";
import { Field, Input } from "@/app/_ui/field";
import { Panel } from "@/app/_ui/panel";
import { readCount, readTags } from "./tags-text";

export interface JoinOptions {
  tags: string[];
  uses: number;
  minutes: number;
}
const USES = { from: 1, to: 100, first: 1 } as const;
const MINUTES = { from: 1, to: 7 * 24 * 60, first: 15 } as const;

/** One button; what few people need to change waits below it. */
export function JoinForm({ lead, isRenewal, busy, onMake }: { lead: string; isRenewal: boolean; busy: boolean; onMake: (options: JoinOptions) => void }) {
  const t = useTranslations("hosts");
  const [tags, setTags] = useState("");
  const [uses, setUses] = useState(String(USES.first));
  const [minutes, setMinutes] = useState(String(MINUTES.first));
  const readTag = readTags(tags);
  const useCount = readCount(uses, USES.from, USES.to);
  const minuteCount = readCount(minutes, MINUTES.from, MINUTES.to);
  const tagError = "wrong" in readTag ? t("tags.wrong", { tag: readTag.wrong }) : "tooMany" in readTag ? t("tags.tooMany") : null;
  const isReady = "tags" in readTag && useCount !== null && minuteCount !== null;
  return (
    <Panel className="flex flex-col gap-4 p-4">
      <p className="text-ink-2">{lead}</p>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if ("tags" in readTag && useCount !== null && minuteCount !== null) onMake({ tags: readTag.tags, uses: useCount, minutes: minuteCount });
        }}
      >
        <Button type="submit" tone="primary" busy={busy} disabled={!isReady} className="self-start max-desk:self-stretch">
          {t("add.make")}
        </Button>
        <details>
          <summary className="text-ink-2">{t("add.options")}</summary>
          <div className="grid gap-4 pt-3 desk:grid-cols-2">
            {isRenewal ? null : (
              <>
                <Field label={t("add.tags")} hint={t("tags.hint")} error={tagError}>
                  {(control) => <Input {...control} value={tags} onChange={(event) => setTags(event.target.value)} autoComplete="off" spellCheck={false} placeholder="env:prod" />}
                </Field>
                <Field label={t("add.uses")} hint={t("add.usesHint")} error={useCount === null ? t("add.usesWrong") : null}>
                  {(control) => <Input {...control} value={uses} onChange={(event) => setUses(event.target.value)} inputMode="numeric" className="max-w-[120px]" />}
                </Field>
              </>
            )}
            <Field label={t("add.minutes")} hint={t("add.minutesHint")} error={minuteCount === null ? t("add.minutesWrong") : null}>
              {(control) => <Input {...control} value={minutes} onChange={(event) => setMinutes(event.target.value)} inputMode="numeric" className="max-w-[120px]" />}
            </Field>
          </div>
        </details>
      </form>
    </Panel>
  );
}
