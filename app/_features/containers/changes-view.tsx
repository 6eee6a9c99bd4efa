"use client";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useTranslations } from "use-intl";
import { useTRPCClient } from "@/app/_trpc/client";
import { FailureNotice } from "@/app/_trpc/failure-notice";
import { Button } from "@/app/_ui/button";
import { useFormat } from "@/app/_ui/format";
import { Panel } from "@/app/_ui/panel";
import { StateMark, type StateShape, type StateTone } from "@/app/_ui/state-mark";
import type { RuntimeEvent } from "@/protocol/shapes";
import { toChange, type ChangeLine } from "./changes";
import type { FleetRow } from "./fleet-row";

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

/** What happened to a container and its forerunners under the same address. */
export function ChangesView({ history }: { history: ReturnType<typeof useHistory> }) {
  const t = useTranslations("containers.change");
  const events = history.data?.pages.flatMap((page) => page.events) ?? [];
  return (
    <Panel aria-busy={history.isPending}>
      {history.isError ? <FailureNotice error={history.error} onRetry={() => void history.refetch()} /> : null}
      {history.isSuccess && events.length === 0 ? <p className="px-3.5 py-3 text-ink-2">{t("none")}</p> : null}
      <ol>
        {events.map((event, index) => (
          <Change key={`${event.epoch}.${event.seq}`} event={event} older={events.slice(index + 1, index + 1 + AROUND)} />
        ))}
      </ol>
      {history.hasNextPage ? (
        <div className="px-3.5 py-2.5">
          <Button busy={history.isFetchingNextPage} onClick={() => void history.fetchNextPage()}>
            {t("more")}
          </Button>
        </div>
      ) : events.length > 0 ? (
        <p className="px-3.5 py-2.5 text-12 text-ink-3">{t("end")}</p>
      ) : null}
    </Panel>
  );
}

/** Older events looked at to explain one. */
const AROUND = 4;

function Change({ event, older }: { event: RuntimeEvent; older: readonly RuntimeEvent[] }) {
  const t = useTranslations("containers.change");
  const tExit = useTranslations("containers.exit");
  const format = useFormat();
  const change = toChange(event, older);
  const details = [
    change.exitCode === null ? null : t("exit", { code: change.exitCode }),
    event.kind === "kill" && change.signal !== null ? t("signal", { signal: change.signal }) : null,
    event.kind === "health" && change.health ? t(`healthNow.${change.health}`) : null,
    event.kind === "create" ? event.image : null,
  ].filter((detail) => detail !== null);
  return (
    <>
      <li className="grid grid-cols-[112px_minmax(150px,auto)_1fr] items-baseline gap-x-3 border-b border-line px-3.5 py-2 max-desk:grid-cols-[92px_1fr]">
        <time dateTime={new Date(event.at).toISOString()} title={format.full(event.at)} className="font-mono text-12 text-ink-3">
          {format.dateMinute(event.at)}
        </time>
        <StateMark {...MARKS[change.tone]}>{t(change.what)}</StateMark>
        <span className="min-w-0 text-ink-2 max-desk:col-start-2">
          {details.length > 0 ? <span className={event.kind === "create" ? "font-mono text-12" : ""}>{details.join(" · ")}</span> : null}
          {change.ours ? <span className="text-ink-3">{details.length > 0 ? " · " : ""}{t("ours")}</span> : change.tone === "asked" ? <span className="text-ink-3">{details.length > 0 ? " · " : ""}{t("outside")}</span> : null}
          {change.what === "died" && change.reason ? <span className="block text-12 text-ink-3">{change.reason === "signal" ? tExit("signal", { signal: change.exitCode === null ? 0 : change.exitCode - 128 }) : tExit(change.reason)}</span> : null}
        </span>
      </li>
      {older[0] && older[0].id !== event.id ? <li className="border-b border-line bg-raised px-3.5 py-1 text-12 text-ink-3">{t("anew")}</li> : null}
    </>
  );
}
