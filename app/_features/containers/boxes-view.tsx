"use client";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useSearchParams } from "next/navigation";
import { useTranslations } from "use-intl";
import { useScope } from "@/app/_features/shell/scope";
import { useTRPCClient } from "@/app/_trpc/client";
import { FailureNotice } from "@/app/_trpc/failure-notice";
import { Button } from "@/app/_ui/button";
import { classes } from "@/app/_ui/classes";
import { EmptyState } from "@/app/_ui/empty-state";
import { useFormat } from "@/app/_ui/format";
import { Panel, PanelHead } from "@/app/_ui/panel";
import type { BoxSummary } from "@/server/domains/fleet/schema";
import { BOX_KEY, boxesPath, formatPlace, parsePlace } from "./box-place";
import { BoxReason } from "./box-reason";
import { BoxView } from "./box-view";
import { LateMark } from "./late-mark";

/** A box comes a moment after the death it is of. */
const LOOK_AGAIN_MS = 10_000;

/** The black boxes of a target, newest first, paged. */
function useBoxes(target: string) {
  const client = useTRPCClient();
  return useInfiniteQuery({
    queryKey: ["fleet.boxes", target],
    queryFn: ({ pageParam }) => client.fleet.boxes.query(pageParam === null ? { target } : { target, before: pageParam }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: LOOK_AGAIN_MS,
  });
}

/** Each time it died, ran out of memory or became unhealthy: what it said and was. The newest is open unless the address names another. */
export function BoxesView({ target, hostId, path }: { target: string; hostId: string; path: string }) {
  const t = useTranslations("containers.box");
  const boxes = useBoxes(target);
  const named = parsePlace(hostId, useSearchParams().get(BOX_KEY));
  const list = boxes.data?.pages.flatMap((page) => page.boxes) ?? [];
  const open = named ?? list[0]?.place ?? null;
  if (boxes.isPending) return <Panel aria-busy="true" className="px-3.5 py-3 text-ink-3">{t("loading")}</Panel>;
  if (boxes.isError && list.length === 0) return <Panel><FailureNotice error={boxes.error} onRetry={() => void boxes.refetch()} /></Panel>;
  if (open === null)
    return (
      <Panel>
        <EmptyState title={t("noneTitle")}>
          <p>{t("none")}</p>
        </EmptyState>
      </Panel>
    );
  return (
    <div className="grid items-start gap-4 wide:grid-cols-[320px_minmax(0,1fr)]">
      <Panel>
        <PanelHead title={t("list")} />
        <ul className="max-wide:max-h-[238px] max-wide:overflow-y-auto">
          {list.map((box) => (
            <BoxLine key={formatPlace(box.place)} box={box} path={path} isOpen={formatPlace(box.place) === formatPlace(open)} />
          ))}
        </ul>
        {boxes.hasNextPage ? (
          <div className="border-t border-line px-3.5 py-2.5">
            <Button busy={boxes.isFetchingNextPage} onClick={() => void boxes.fetchNextPage()}>
              {t("more")}
            </Button>
          </div>
        ) : null}
      </Panel>
      <BoxView key={formatPlace(open)} place={open} list={list} />
    </div>
  );
}

/** One of the list: when and why. It has an address of its own. */
function BoxLine({ box, path, isOpen }: { box: BoxSummary; path: string; isOpen: boolean }) {
  const format = useFormat();
  const href = useScope().href(boxesPath(path, box.place));
  return (
    <li className="border-b border-line last:border-b-0">
      <a
        href={href}
        aria-current={isOpen ? "true" : undefined}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return;
          event.preventDefault();
          history.replaceState(null, "", href);
        }}
        className={classes("flex flex-col gap-0.5 px-3.5 py-2 max-desk:min-h-[44px]", isOpen ? "bg-accent-soft" : "hover:bg-raised")}
      >
        <BoxReason box={box} />
        <span className="flex flex-wrap items-baseline gap-x-2.5 pl-[18px] text-12 text-ink-3">
          <time dateTime={new Date(box.at).toISOString()} title={format.full(box.at)}>
            {format.dateMinute(box.at)}
          </time>
          {box.late ? <LateMark /> : null}
        </span>
      </a>
    </li>
  );
}
