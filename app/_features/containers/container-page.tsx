"use client";
import { usePathname, useRouter, useSearchParams } from "next/navigation";
import { useMemo, useState } from "react";
import type { ReactNode } from "react";
import { useTranslations } from "use-intl";
import { FailureLink, PendingMark, useFailures, usePending } from "@/app/_features/operations/pending";
import { PlaceLink } from "@/app/_features/shell/place-link";
import { hostPath } from "@/app/_features/shell/places";
import { useScope } from "@/app/_features/shell/scope";
import { ContainerLogs } from "@/app/_features/logs/container-logs";
import { useContainers, useFleetReady, useHost } from "@/app/_trpc/live";
import { Age } from "@/app/_ui/age";
import { Button } from "@/app/_ui/button";
import { useClock } from "@/app/_ui/clock";
import { EmptyState } from "@/app/_ui/empty-state";
import { useFormat } from "@/app/_ui/format";
import { LeftIcon } from "@/app/_ui/icons";
import { useKeys } from "@/app/_ui/keys";
import { Notice } from "@/app/_ui/notice";
import { Panel } from "@/app/_ui/panel";
import { formatTarget, parseTarget, type Target } from "@/protocol/target";
import { BoxesView } from "./boxes-view";
import { ChangesView, useHistory } from "./changes-view";
import { ConditionMark } from "./condition-mark";
import { ContainerActions } from "./container-actions";
import { rowId, toRow, type FleetRow } from "./fleet-row";
import { InspectView } from "./inspect-view";
import { Overview } from "./overview";
import { PartTabs } from "./part-tabs";

const PREFIX = "/containers/";
const PARTS = ["overview", "logs", "changes", "boxes", "inspect"] as const;
type Part = (typeof PARTS)[number];

/** What runs under a lasting address now (the newest first: a recreate may be under way), and what was last seen there. */
function useTargetRows(key: string, hostId: string): { rows: FleetRow[]; last: FleetRow | null } {
  const containers = useContainers();
  const host = useHost(hostId);
  const here = useMemo(() => [...containers.values()].filter((container) => container.key === key).sort((a, b) => b.createdAt - a.createdAt), [containers, key]);
  const rows = useMemo(() => here.map((container) => toRow(container, host)), [here, host]);
  const [last, setLast] = useState<FleetRow | null>(null);
  const first = rows[0];
  if (first && first !== last) setLast(first);
  return { rows, last };
}

/** A container by its lasting address: the page stays when the container is created again. */
export function ContainerPage() {
  const pathname = usePathname();
  const target = parseTarget(pathname.slice(PREFIX.length));
  if (!target) return <NotFound />;
  return <TargetPage key={pathname} target={target} />;
}

function TargetPage({ target }: { target: Target }) {
  const t = useTranslations("containers");
  const key = formatTarget(target);
  const scope = useScope();
  const wanted = useSearchParams().get("part");
  const ready = useFleetReady();
  const host = useHost(target.scope);
  const { rows, last } = useTargetRows(key, target.scope);
  const row = rows[0];
  const history = useHistory(key, row);
  const pending = usePending()(row ? rowId(row.container) : "");
  const failure = useFailures().get(row ? rowId(row.container) : "");
  const events = useMemo(() => history.data?.pages.flatMap((page) => page.events) ?? [], [history.data]);

  if (!row && (!ready || history.isPending)) return <Panel aria-busy="true" className="px-3.5 py-3 text-ink-3">{t("loading")}</Panel>;
  const newest = events[0];
  if (!row && !last && !newest) return <NotFound {...(host ? {} : { why: t("page.otherHost") })} />;
  const known = row ?? last;
  // Of what is gone there are no facts and no configuration, but its history and what it said last.
  const parts = PARTS.filter((name) => (name === "overview" ? known : name === "inspect" ? row : true));
  const part: Part = parts.find((name) => name === wanted) ?? (known ? "overview" : "changes");
  const name = known?.container.name ?? newest?.name ?? target.workload;

  return (
    <>
      <Head name={name} target={target} hostName={host?.name ?? target.scope}>
        {row ? (
          <>
            {pending ? <PendingMark pending={pending} /> : <ConditionMark row={row} />}
            {failure && !pending ? <FailureLink failure={failure} /> : null}
            <span className="ml-auto max-desk:w-full">
              <ContainerActions row={row} isPending={pending !== undefined} />
            </span>
          </>
        ) : null}
      </Head>
      {row && row.condition === "unknown" ? <Stale row={row} /> : null}
      {rows.length > 1 ? <Notice className="rounded-panel border border-line">{t("page.twins", { count: rows.length - 1 })}</Notice> : null}
      {row ? null : (
        <Notice tone="unknown" role="status" title={t("page.goneTitle")} className="rounded-panel border border-line">
          <p>{t("page.gone")}</p>
          <p>
            {t("page.lastKnown")}: <span className="font-mono text-12">{known?.container.image ?? newest?.image}</span>
            {newest ? <> · {t(`change.${newest.kind}`)} <Age at={newest.at} /></> : null}
          </p>
        </Notice>
      )}
      <PartTabs label={t("page.tabs.label")} current={part} tabs={parts.map((id) => ({ id, label: t(`page.tabs.${id}`), href: scope.href(partPath(key, id)) }))} />
      {part === "logs" ? (
        <ContainerLogs containerKey={key} />
      ) : part === "boxes" ? (
        <BoxesView target={key} hostId={target.scope} path={`${PREFIX}${key}`} />
      ) : part === "inspect" && row ? (
        <InspectView row={row} />
      ) : part === "overview" && known ? (
        <Overview row={known} events={events} />
      ) : (
        <ChangesView history={history} path={`${PREFIX}${key}`} />
      )}
      <Keys inspect={scope.href(partPath(key, "inspect"))} logs={scope.href(partPath(key, "logs"))} />
    </>
  );
}

const partPath = (key: string, part: Part) => `${PREFIX}${key}${part === "overview" ? "" : `?part=${part}`}`;

function Head({ name, target, hostName, children }: { name: string; target: Target; hostName: string; children: ReactNode }) {
  const t = useTranslations("containers.page");
  return (
    <header className="flex flex-col gap-2">
      <PlaceLink path="/containers" className="flex items-center gap-1 self-start text-12 text-ink-3 hover:text-ink">
        <LeftIcon className="size-3!" /> {t("back")}
      </PlaceLink>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <h1 className="min-w-0 [overflow-wrap:anywhere]">{name}</h1>
        <span className="text-ink-2">
          <PlaceLink path={hostPath(target.scope)} className="hover:underline">
            {t("on", { host: hostName })}
          </PlaceLink>
          {target.namespace === null ? null : <span className="text-ink-3"> · {t("stack", { stack: target.namespace })}</span>}
        </span>
        {children}
      </div>
    </header>
  );
}

function Stale({ row }: { row: FleetRow }) {
  const t = useTranslations("containers.page");
  const format = useFormat();
  const age = useClock((now) => format.span(now - row.container.confirmedAt));
  return (
    <Notice tone="unknown" role="status" title={t("staleTitle", { age })} className="rounded-panel border border-line">
      {row.host?.link === "up" ? t("runtimeAway", { host: row.hostName }) : t("stale", { host: row.hostName })}
    </Notice>
  );
}

function NotFound({ why }: { why?: string }) {
  const t = useTranslations("containers.page");
  return (
    <Panel>
      <EmptyState
        title={t("notFoundTitle")}
        action={
          <Button asChild>
            <PlaceLink path="/containers">{t("toAll")}</PlaceLink>
          </Button>
        }
      >
        <p>{t("notFound")}</p>
        {why ? <p>{why}</p> : null}
      </EmptyState>
    </Panel>
  );
}

/** Esc goes back; `i` opens Inspect and `l` the logs, as in the table. */
function Keys({ inspect, logs }: { inspect: string; logs: string }) {
  const t = useTranslations("containers.keys");
  const router = useRouter();
  useKeys([
    { code: "KeyI", shows: "i", does: t("inspect"), group: t("title"), run: () => history.replaceState(null, "", inspect) },
    { code: "KeyL", shows: "l", does: t("logs"), group: t("title"), run: () => history.replaceState(null, "", logs) },
    { code: "Escape", shows: "Esc", run: router.back },
  ]);
  return null;
}
