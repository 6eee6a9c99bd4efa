"use client";
import { useTranslations } from "use-intl";
import { Button } from "@/app/_ui/button";
import { FailureNotice } from "@/app/_trpc/failure-notice";
import type { SourceView } from "./log-session";
import { LOG_ROWS, type LogStore } from "./log-store";
import { HEAD_PX } from "./use-row-window";

interface OlderHeadProps {
  store: LogStore;
  sources: readonly SourceView[];
  onRetry: () => void;
  /** Begins the view again at the time of its first row, where older lines have room. */
  onGoBack: (at: number) => void;
}

/** What comes before the first row: more, nothing, or what is kept no longer. */
export function OlderHead({ store, sources, onRetry, onGoBack }: OlderHeadProps) {
  const t = useTranslations("logs.older");
  const failed = sources.find((source) => source.older === "failed");
  const isFull = store.left > 0 || sources.some((source) => source.older === "full");
  const firstAt = store.length > 0 ? (store.row(0).line?.at ?? null) : null;
  return (
    <div data-testid="older" style={{ minHeight: HEAD_PX }} className="sticky left-0 flex w-max max-w-full items-center gap-2.5 px-3.5 font-sans text-12 text-ink-3">
      {isFull ? (
        <>
          {t("full", { count: LOG_ROWS })}
          {firstAt === null ? null : (
            <Button tone="quiet" className="h-[24px]! min-h-0!" onClick={() => onGoBack(firstAt)}>
              {t("goBack")}
            </Button>
          )}
        </>
      ) : failed ? (
        <>
          {t("failed")}
          <Button tone="quiet" className="h-[24px]! min-h-0!" onClick={onRetry}>
            {t("again")}
          </Button>
        </>
      ) : sources.some((source) => source.older === "loading") ? (
        t("loading")
      ) : sources.length > 0 && sources.every((source) => source.older === "none") ? (
        t("first")
      ) : null}
    </div>
  );
}

interface NoLinesProps {
  sources: readonly SourceView[];
  hidden: number;
  waiting: number;
  onAllLevels: () => void;
}

/** In place of rows: what would be here, and the one next step. */
export function NoLines({ sources, hidden, waiting, onAllLevels }: NoLinesProps) {
  const t = useTranslations("logs.empty");
  const isComing = sources.length === 0 || waiting > 0 || sources.some((source) => source.feed?.state === "connecting" || source.feed?.state === "reading" || source.older === "loading");
  const failed = sources.find((source) => source.older === "failed");
  return (
    <div className="flex flex-col items-start gap-2 px-4 py-6 font-sans text-13 text-ink-2 desk:px-8">
      {failed ? <FailureNotice error={failed.olderError} /> : null}
      {hidden > 0 ? (
        <>
          <p>{t("hidden", { count: hidden })}</p>
          <Button onClick={onAllLevels}>{t("allLevels")}</Button>
        </>
      ) : isComing ? (
        <p aria-busy="true">{t("coming")}</p>
      ) : (
        <>
          <p className="font-semibold text-ink">{t("title")}</p>
          <p>{t("next")}</p>
        </>
      )}
    </div>
  );
}
