"use client";
import { useParams, useRouter } from "next/navigation";
import { useMemo, useState } from "react";
import { useTranslations } from "use-intl";
import { ConditionMark } from "@/app/_features/containers/condition-mark";
import { toRow, type FleetRow } from "@/app/_features/containers/fleet-row";
import { UpSince } from "@/app/_features/containers/up-since";
import { HostMetrics } from "@/app/_features/metrics/host-metrics";
import { PlaceLink } from "@/app/_features/shell/place-link";
import { containerPath } from "@/app/_features/shell/places";
import { useContainers, useFleetReady, useHost } from "@/app/_trpc/live";
import { Age } from "@/app/_ui/age";
import { Button, IconButton } from "@/app/_ui/button";
import { useClock } from "@/app/_ui/clock";
import { EmptyState } from "@/app/_ui/empty-state";
import { Fact, Facts } from "@/app/_ui/facts";
import { useFormat } from "@/app/_ui/format";
import { LeftIcon, MoreIcon } from "@/app/_ui/icons";
import { Notice } from "@/app/_ui/notice";
import { Panel, PanelHead } from "@/app/_ui/panel";
import { classes } from "@/app/_ui/classes";
import type { HostView } from "@/server/domains/fleet/schema";
import { HostDialog, type HostQuestion } from "./host-dialogs";
import { Engine, TagList } from "./host-line";
import { HostMark } from "./host-mark";
import { HostMenu } from "./host-menu";
import { HostRename } from "./host-rename";
import { countByHost, hostState, isPast, NO_COUNTS, type HostCounts } from "./host-state";
import { containersPath, renewPath } from "./paths";
import { ReachDetails } from "./reach";

/** Containers listed here; the table has them all. */
const LISTED = 12;

/** One host: how it is, what to do about it, its facts and its containers. */
export function HostPage() {
  const t = useTranslations("hosts");
  const { id } = useParams<{ id: string }>();
  const hostId = decodeURIComponent(id);
  const host = useHost(hostId);
  const ready = useFleetReady();
  const containers = useContainers();
  const here = useMemo(() => [...containers.values()].filter((container) => container.hostId === hostId), [containers, hostId]);
  const counts = useMemo(() => countByHost(here).get(hostId) ?? NO_COUNTS, [here, hostId]);
  if (!host)
    return ready ? (
      <NotFound />
    ) : (
      <Panel aria-busy="true" className="px-3.5 py-3 text-ink-3">
        {t("loading")}
      </Panel>
    );
  const rows = here.map((container) => toRow(container, host));
  return (
    <>
      <Head host={host} counts={counts} />
      <Trouble host={host} />
      {host.link === "revoked" ? null : <HostMetrics hostId={host.id} />}
      <div className="grid items-start gap-4 wide:grid-cols-2">
        <Panel>
          <PanelHead title={t("page.facts")} />
          <HostFacts host={host} counts={counts} />
        </Panel>
        <HostContainers host={host} rows={rows} />
      </div>
    </>
  );
}

function Head({ host, counts }: { host: HostView; counts: HostCounts }) {
  const t = useTranslations("hosts");
  const router = useRouter();
  const [isNaming, setNaming] = useState(false);
  const [question, setQuestion] = useState<HostQuestion | null>(null);
  return (
    <header className="flex flex-col gap-2">
      <PlaceLink path="/hosts" className="flex items-center gap-1 self-start text-12 text-ink-3 hover:text-ink">
        <LeftIcon className="size-3!" /> {t("page.back")}
      </PlaceLink>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        {isNaming ? <HostRename id={host.id} name={host.name} onDone={() => setNaming(false)} /> : <h1 className="min-w-0 [overflow-wrap:anywhere]">{host.name}</h1>}
        <HostMark host={host} counts={counts} />
        <span className="ml-auto">
          <HostMenu
            host={host}
            isOnItsPage
            onRename={() => setNaming(true)}
            onAsk={setQuestion}
            trigger={
              <IconButton label={t("actionsFor", { name: host.name })} className="border-edge! bg-raised">
                <MoreIcon />
              </IconButton>
            }
          />
        </span>
      </div>
      {question ? <HostDialog question={question} host={host} onClose={() => setQuestion(null)} onForgotten={() => router.replace("/hosts")} /> : null}
    </header>
  );
}

/** What is wrong and what to do about it. */
function Trouble({ host }: { host: HostView }) {
  const t = useTranslations("hosts.page");
  const tMenu = useTranslations("hosts.menu");
  const format = useFormat();
  const age = useClock((now) => format.span(now - host.confirmedAt));
  const box = "rounded-panel border border-line";
  if (host.link === "revoked")
    return (
      <Notice
        tone="unknown"
        title={t("revokedTitle")}
        className={box}
        actions={
          <Button asChild>
            <PlaceLink path={renewPath(host.id)}>{tMenu("renew")}</PlaceLink>
          </Button>
        }
      >
        {t("revokedDo")}
      </Notice>
    );
  if (host.link === "down")
    return (
      <Notice tone="unknown" role="status" title={t("silentTitle", { age })} className={box}>
        {host.linkWhy ? <p>{host.linkWhy}</p> : null}
        <p>{t("silentDo")}</p>
      </Notice>
    );
  const { state, why } = host.runtime;
  if (state === "up") return null;
  return (
    <Notice tone="bad" role="status" title={t(`runtimeTitle.${state}`)} className={box}>
      {why ? <p className="[overflow-wrap:anywhere]">{why}</p> : null}
      <p>{t(`runtimeDo.${state}`)}</p>
    </Notice>
  );
}

function HostFacts({ host, counts }: { host: HostView; counts: HostCounts }) {
  const t = useTranslations("hosts");
  const format = useFormat();
  const past = isPast(hostState(host, counts));
  return (
    <Facts>
      <Fact name={t("fact.state")}>
        <HostMark host={host} counts={counts} />
      </Fact>
      <Fact name={t("fact.confirmed")}>
        <Age at={host.confirmedAt} />
      </Fact>
      <Fact name={t("fact.engine")}>
        <Engine host={host} />
        {host.runtime.apiVersion ? <span className="text-ink-3"> · {t("fact.api", { version: host.runtime.apiVersion })}</span> : null}
      </Fact>
      <Fact name={t("fact.reach")}>
        <ReachDetails host={host} />
      </Fact>
      <Fact name={t("fact.policy")} hint={t(`policyHint.${host.allow}`)}>
        {t(`policy.${host.allow}`)}
      </Fact>
      <Fact name={t("fact.tags")}>{host.tags.length > 0 ? <TagList tags={host.tags} limit={16} /> : <span className="text-ink-3">{t("tags.none")}</span>}</Fact>
      <Fact name={t("fact.address")}>
        <span className="font-mono text-12">{host.address ?? "–"}</span>
      </Fact>
      <Fact name={t("fact.hostname")}>{host.host.hostname}</Fact>
      <Fact name={t("fact.system")}>
        {host.host.os} · {host.host.arch} · {host.host.kernel}
      </Fact>
      <Fact name={t("fact.processors")}>{format.number(host.host.cpus)}</Fact>
      <Fact name={t("fact.memory")}>{format.bytes(host.host.memoryBytes)}</Fact>
      <Fact name={t("fact.booted")}>{past ? "–" : <>{format.dateMinute(host.host.bootedAt)} <span className="text-ink-3">· <Age at={host.host.bootedAt} /></span></>}</Fact>
      <Fact name={t("fact.agent")}>{host.agentVersion}</Fact>
      <Fact name={t("fact.joined")}>
        {format.dateMinute(host.joinedAt)} <span className="text-ink-3">· <Age at={host.joinedAt} /></span>
      </Fact>
      <Fact name={t("fact.id")}>
        <span className="font-mono text-12">{host.id}</span>
      </Fact>
    </Facts>
  );
}

/** Worst first, then by name. */
const RANK = { failing: 0, starting: 1, unknown: 2, paused: 3, running: 4, stopped: 5 } as const;

function HostContainers({ host, rows }: { host: HostView; rows: readonly FleetRow[] }) {
  const t = useTranslations("hosts.page");
  const listed = [...rows].sort((a, b) => RANK[a.condition] - RANK[b.condition] || (a.sortKeys.name < b.sortKeys.name ? -1 : 1)).slice(0, LISTED);
  return (
    <Panel>
      <PanelHead title={t("containers")} aside={rows.length}>
        <PlaceLink path={containersPath(host.id)} className="text-accent hover:underline">
          {t("all")}
        </PlaceLink>
      </PanelHead>
      {rows.length === 0 ? <p className="px-3.5 py-3 text-ink-3">{t("noContainers")}</p> : null}
      <ul>
        {listed.map((row) => (
          <li key={row.id} className={classes("border-b border-line last:border-b-0", row.condition === "unknown" && "is-stale")}>
            <PlaceLink path={containerPath(row.container)} prefetch={false} className="grid h-[34px] grid-cols-[minmax(0,1.2fr)_minmax(0,1.4fr)_auto] items-center gap-3 px-3.5 hover:bg-raised max-desk:h-[44px]">
              <span className="truncate font-[550]">{row.container.name}</span>
              <ConditionMark row={row} />
              <span className="text-ink-3">
                <UpSince row={row} />
              </span>
            </PlaceLink>
          </li>
        ))}
      </ul>
      {rows.length > LISTED ? <p className="border-t border-line px-3.5 py-2 text-12 text-ink-3">{t("more", { count: rows.length - LISTED })}</p> : null}
    </Panel>
  );
}

function NotFound() {
  const t = useTranslations("hosts.page");
  return (
    <Panel>
      <EmptyState
        title={t("notFoundTitle")}
        action={
          <Button asChild>
            <PlaceLink path="/hosts">{t("toAll")}</PlaceLink>
          </Button>
        }
      >
        <p>{t("notFound")}</p>
      </EmptyState>
    </Panel>
  );
}
