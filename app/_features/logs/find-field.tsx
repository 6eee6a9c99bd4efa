"use client";
import type { RefObject } from "react";
import { useTranslations } from "use-intl";
import { classes } from "@/app/_ui/classes";
import { CrossIcon } from "@/app/_ui/icons";
import { Kbd } from "@/app/_ui/kbd";
import { LIMITS } from "@/protocol/limits";

interface FindFieldProps {
  field?: RefObject<HTMLInputElement | null>;
  label: string;
  find: string;
  regex: boolean;
  /** What is wrong with the pattern. */
  error: string | null;
  onType: (find: string) => void;
  onRegex: (regex: boolean) => void;
  /** Enter; backwards with shift. */
  onEnter: (backwards: boolean) => void;
  /** Said at the right, such as how many hits there are. */
  aside?: React.ReactNode;
}

/** A line to look for words or a pattern. Escape leaves it. */
export function FindField({ field, label, find, regex, error, onType, onRegex, onEnter, aside }: FindFieldProps) {
  const t = useTranslations("logs.find");
  return (
    <div className="min-w-0 flex-1 basis-[280px]">
      <div className={classes("flex h-[30px] items-center rounded-[8px] border bg-panel focus-within:border-accent max-desk:h-[44px]", error ? "border-bad" : "border-control")}>
        <input
          ref={field}
          type="text"
          role="searchbox"
          aria-label={label}
          aria-invalid={error ? true : undefined}
          placeholder={label}
          value={find}
          maxLength={LIMITS.logPatternChars}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          onChange={(event) => onType(event.target.value)}
          onKeyDown={(event) => {
            if (event.nativeEvent.isComposing) return;
            if (event.key === "Enter") onEnter(event.shiftKey);
            else if (event.key === "Escape") event.currentTarget.blur();
            else return;
            event.preventDefault();
          }}
          className="h-full min-w-0 flex-1 bg-transparent px-2.5 font-mono text-12 outline-none! max-desk:text-[16px]"
        />
        {find ? (
          <>
            {aside}
            <button type="button" aria-label={t("clear")} title={t("clear")} onClick={() => onType("")} className="grid h-full w-[28px] shrink-0 place-items-center text-ink-3 hover:text-ink max-desk:w-[44px]">
              <CrossIcon className="size-3.5!" />
            </button>
          </>
        ) : (
          <span className="pr-2 max-desk:hidden">
            <Kbd>/</Kbd>
          </span>
        )}
        <button
          type="button"
          aria-pressed={regex}
          aria-label={t("regex")}
          title={t("regexHint")}
          onClick={() => onRegex(!regex)}
          className={classes("mr-1 h-[22px] shrink-0 rounded-[5px] px-1.5 font-mono text-12 max-desk:h-[36px] max-desk:px-3", regex ? "bg-accent-soft text-accent" : "text-ink-3 hover:text-ink")}
        >
          .*
        </button>
      </div>
      {error ? (
        <p role="alert" className="mt-1 text-12 text-bad">
          {t("wrong", { why: error })}
        </p>
      ) : null}
    </div>
  );
}
