"use client";
import { memo } from "react";
import { useTranslations } from "use-intl";
import { PlaceLink } from "@/app/_features/shell/place-link";
import { FailureNotice } from "@/app/_trpc/failure-notice";
import { containerKey } from "@/app/_trpc/fleet-store";
import { useContainers, useHosts } from "@/app/_trpc/live";
import { classes } from "@/app/_ui/classes";
import { EmptyState } from "@/app/_ui/empty-state";
import { useFormat } from "@/app/_ui/format";
import { StateShapeIcon } from "@/app/_ui/state-mark";
import type { SearchHit } from "@/server/domains/logs/schema";
import { clockOf, dayOf } from "./line-time";
import { LEVEL_LOOKS, levelWord, LineText } from "./log-line";
import { logsPath, type LogAddress } from "./log-url";
import type { Matcher } from "./matcher";
import { shareOf, type SearchState, type Skipped } from "./search-hits";

interface SearchResultsProps {
  result: SearchState;
  /** There is something to look for. */
  isAsked: boolean;
  isUnderWay: boolean;
  matcher: Matcher | null;
  address: LogAddress;
  onAgain: () => void;
}

/** What a search has found, how far it is, and what it could not look at. */
export function SearchResults({ result, isAsked, isUnderWay, matcher, address, onAgain }: SearchResultsProps) {
  const t = useTranslations("logs.search");
  if (!isAsked) {
    return (
      <div className="border-t border-line">
        <EmptyState title={t("emptyTitle")}>
          <p>{t("empty")}</p>
          <p>{t("emptyPick")}</p>
        </EmptyState>
      </div>
    );
  }
  return (
    <>
      {result.error === null ? null : <FailureNotice error={result.error} onRetry={onAgain} />}
      <SearchProgressLine result={result} isUnderWay={isUnderWay} />
      <SkippedList skipped={result.skipped} />
      {result.hits.length > 0 ? (
        <ol aria-label={t("hits")} className="log-rows border-t border-line py-1.5 font-mono text-12">
          {result.hits.map((hit, index) => (
            <HitLine key={`${hit.hostId} ${hit.id} ${hit.cursor} ${index}`} hit={hit} matcher={matcher} find={address.find} regex={address.regex} />
          ))}
        </ol>
      ) : isUnderWay || result.error !== null ? null : (
        <div className="border-t border-line">
          <EmptyState title={t("noneTitle")}>
            <p>{t(address.within === null ? "none" : "noneWithin")}</p>
          </EmptyState>
        </div>
      )}
    </>
  );
}

function SearchProgressLine({ result, isUnderWay }: { result: SearchState; isUnderWay: boolean }) {
  const t = useTranslations("logs.search");
  const format = useFormat();
  const share = shareOf(result.hosts);
  const percent = Math.floor(share.part * 100);
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t border-line px-3.5 py-2 text-12 text-ink-2 tabular-nums">
      <span role="status" className="text-ink">
        {t("found", { count: result.hits.length })}
      </span>
      {isUnderWay ? (
        <>
          <span role="progressbar" aria-label={t("progress")} aria-valuenow={percent} aria-valuemin={0} aria-valuemax={100} className="h-[5px] w-[120px] overflow-hidden rounded-full bg-line">
            <span className="block h-full bg-accent" style={{ width: `${percent}%` }} />
          </span>
          <span>{t("looked", { done: share.containers, of: share.of, size: format.bytes(share.bytes) })}</span>
        </>
      ) : (
        <span>{t("lookedAll", { of: share.of, size: format.bytes(share.bytes) })}</span>
      )}
      {result.done?.more ? <span className="text-warn">{t("more")}</span> : null}
    </div>
  );
}

/** What was not looked at, or not whole: never silently. */
function SkippedList({ skipped }: { skipped: readonly Skipped[] }) {
  const t = useTranslations("logs.search");
  const hosts = useHosts();
  const containers = useContainers();
  if (skipped.length === 0) return null;
  return (
    <details className="border-t border-line bg-warn-soft px-3.5 py-2 text-12" open={skipped.length <= 3}>
      <summary className="flex items-center gap-2 text-warn">
        <StateShapeIcon shape="unknown" /> {t("skipped", { count: skipped.length })}
      </summary>
      <ul className="mt-1 flex flex-col gap-0.5 text-ink-2">
        {skipped.map((one, index) => {
          const host = hosts.get(one.hostId)?.name ?? one.hostId;
          const name = one.id === null ? host : `${containers.get(containerKey(one.hostId, one.id))?.name ?? one.id.slice(0, 12)} · ${host}`;
          return (
            <li key={index}>
              <b className="font-semibold">{name}</b>: {one.code === "host_away" ? t("away") : one.why}
            </li>
          );
        })}
      </ul>
    </details>
  );
}

/** One hit; opens the log at its line. */
const HitLine = memo(function HitLine({ hit, matcher, find, regex }: { hit: SearchHit; matcher: Matcher | null; find: string; regex: boolean }) {
  const t = useTranslations("logs");
  const hosts = useHosts();
  const containers = useContainers();
  const container = containers.get(containerKey(hit.hostId, hit.id));
  const host = hosts.get(hit.hostId)?.name ?? hit.hostId;
  const body = (
    <>
      <time className="shrink-0 text-ink-3">{hit.at === null ? "--:--:--.---" : `${dayOf(hit.at)} ${clockOf(hit.at)}`}</time>
      <span className="w-[24ch] shrink-0 truncate text-ink-2 max-desk:w-auto" title={`${container?.name ?? hit.id.slice(0, 12)} · ${host}`}>
        {container?.name ?? hit.id.slice(0, 12)} <span className="text-ink-3">{host}</span>
      </span>
      <span className={classes("w-[38px] shrink-0 text-[10.5px]!", hit.level && LEVEL_LOOKS[hit.level])}>{hit.level ? levelWord(hit.level) : null}</span>
      <span dir="ltr" className="min-w-0 flex-1 truncate max-desk:basis-full max-desk:[overflow-wrap:anywhere] max-desk:whitespace-pre-wrap">
        <LineText text={hit.text} matcher={matcher} />
        {hit.cut ? "…" : null}
      </span>
    </>
  );
  const look = "flex min-h-[24px] items-baseline gap-x-2.5 px-3.5 leading-[22px] max-desk:flex-wrap max-desk:border-b max-desk:border-line max-desk:py-1.5";
  return (
    <li className="[contain-intrinsic-size:auto_24px] [content-visibility:auto]">
      {container ? (
        <PlaceLink path={logsPath([container.key], { at: hit.at, line: hit.cursor, find, regex })} className={classes(look, "hover:bg-raised")}>
          {body}
        </PlaceLink>
      ) : (
        <span className={look} title={t("search.containerGone")}>
          {body}
        </span>
      )}
    </li>
  );
});
