"use client";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslations } from "use-intl";
import { PlaceLink } from "@/app/_features/shell/place-link";
import { useTRPCClient } from "@/app/_trpc/client";
import { FailureNotice } from "@/app/_trpc/failure-notice";
import { Button } from "@/app/_ui/button";
import { useFormat } from "@/app/_ui/format";
import { Panel } from "@/app/_ui/panel";
import { StateMark, type StateShape, type StateTone } from "@/app/_ui/state-mark";
import type { GapView } from "@/server/domains/fleet/schema";
import { boxesPath } from "./box-place";
import { toChange, type ChangeLine } from "./changes";
import type { FleetRow } from "./fleet-row";
import { historyLines, type HistoryLine } from "./history";
import { LateMark } from "./late-mark";

/** The history of a target, newest first, paged. A change of the container itself reads it anew. */
export function useHistory(key: string, row: FleetRow | undefined) {
  const client = useTRPCClient();
  const now = row ? [row.container.id, row.container.state, row.container.health, row.container.startedAt, row.container.finishedAt].join() : "gone";
  return useInfiniteQuery({
    queryKey: ["fleet.history", key, now],
    queryFn: ({ pageParam }) => client.fleet.history.query(pageParam === null ? { target: key } : { target: key, before: pageParam }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
}

const MARKS: Record<ChangeLine["tone"], { shape: StateShape; tone?: StateTone }> = {
  fault: { shape: "failing" },
  good: { shape: "running" },
  asked: { shape: "ended", tone: "info" },
  plain: { shape: "ended" },
};

/** What happened to a container and its forerunners under the same address. `path`: of its page. */
export function ChangesView({ history, path }: { history: ReturnType<typeof useHistory>; path: string }) {
  const t = useTranslations("containers.change");
  const lines = useMemo(() => historyLines(history.data?.pages ?? []), [history.data]);
  return (
    <Panel aria-busy={history.isPending}>
      {history.isError ? <FailureNotice error={history.error} onRetry={() => void history.refetch()} /> : null}
      {history.isSuccess && lines.length === 0 ? <p className="px-3.5 py-3 text-ink-2">{t("none")}</p> : null}
      <ol>{lines.map((line) => (line.type === "gap" ? <Gap key={line.id} gap={line.gap} /> : <Change key={line.id} line={line} path={path} />))}</ol>
      {history.hasNextPage ? (
        <div className="px-3.5 py-2.5">
          <Button busy={history.isFetchingNextPage} onClick={() => void history.fetchNextPage()}>
            {t("more")}
          </Button>
        </div>
      ) : lines.length > 0 ? (
        <p className="px-3.5 py-2.5 text-12 text-ink-3">{t("end")}</p>
      ) : null}
    </Panel>
  );
}

/** A time of which nobody kept what happened: said where it lies. */
function Gap({ gap }: { gap: GapView }) {
  const t = useTranslations("containers.change");
  const format = useFormat();
  const from = gap.since === null ? null : format.dateMinute(gap.since);
  const to = gap.until === null ? null : format.dateMinute(gap.until);
  const span = from !== null && to !== null ? t("gap", { from, to }) : from !== null ? t("gapFrom", { from }) : to !== null ? t("gapTo", { to }) : t("gapAt", { at: format.dateMinute(gap.at) });
  return (
    <li className="border-b border-line bg-raised px-3.5 py-2 text-12 text-ink-2">
      <StateMark shape="unknown">{span}</StateMark>
      <span className="block pl-[18px] text-ink-3">{gap.why}</span>
    </li>
  );
}

function Change({ line, path }: { line: Extract<HistoryLine, { type: "event" }>; path: string }) {
  const t = useTranslations("containers.change");
  const tExit = useTranslations("containers.exit");
  const format = useFormat();
  const { event } = line;
  const change = toChange(event, line.older);
  const details = [
    change.exitCode === null ? null : t("exit", { code: change.exitCode }),
    event.kind === "kill" && change.signal !== null ? t("signal", { signal: change.signal }) : null,
    event.kind === "health" && change.health ? t(`healthNow.${change.health}`) : null,
    event.kind === "create" ? event.image : null,
  ].filter((detail) => detail !== null);
  const by = change.ours ? t("ours") : change.tone === "asked" ? t("outside") : null;
  return (
    <>
      <li className="grid grid-cols-[112px_minmax(150px,auto)_1fr_auto] items-baseline gap-x-3 border-b border-line px-3.5 py-2 max-desk:grid-cols-[92px_1fr]">
        <time dateTime={new Date(event.at).toISOString()} title={format.full(event.at)} className="font-mono text-12 text-ink-3">
          {format.dateMinute(event.at)}
        </time>
        <StateMark {...MARKS[change.tone]}>{t(change.what)}</StateMark>
        <span className="min-w-0 text-ink-2 max-desk:col-start-2">
          {details.length > 0 ? <span className={event.kind === "create" ? "font-mono text-12" : ""}>{details.join(" · ")}</span> : null}
          {by === null ? null : <span className="text-ink-3">{details.length > 0 ? " · " : ""}{by}</span>}
          {event.late ? <LateMark className={details.length > 0 || by !== null ? "ml-2" : ""} /> : null}
          {change.what === "died" && change.reason ? <span className="block text-12 text-ink-3">{change.reason === "signal" ? tExit("signal", { signal: change.exitCode === null ? 0 : change.exitCode - 128 }) : tExit(change.reason)}</span> : null}
        </span>
        {event.box ? (
          <PlaceLink path={boxesPath(path, event.box)} className="text-12 whitespace-nowrap text-accent hover:underline max-desk:col-start-2 max-desk:py-1.5">
            {t("saidLast")}
          </PlaceLink>
        ) : null}
      </li>
      {line.anew ? <li className="border-b border-line bg-raised px-3.5 py-1 text-12 text-ink-3">{t("anew")}</li> : null}
    </>
  );
}
