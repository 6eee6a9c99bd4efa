"use client";
import type { ReactNode } from "react";
import { useTranslations } from "use-intl";
import { FailureNotice } from "@/app/_trpc/failure-notice";
import { ChartGroup, ChartNotes } from "@/app/_ui/chart-group";
import { EmptyState } from "@/app/_ui/empty-state";
import { Panel, PanelHead } from "@/app/_ui/panel";
import type { HostView } from "@/server/domains/fleet/schema";
import type { Moment } from "./points";
import type { Window } from "./use-window";

interface WindowPanelProps {
  window: Window<Moment>;
  /** Whether any figure is in it. */
  isEmpty: boolean;
  /** Why there is none, where one can tell. */
  why: ReactNode;
  /** Beside the title: how the figures are read. */
  aside?: ReactNode;
  children: ReactNode;
  /** Below the charts. */
  foot?: ReactNode;
}

/** The last 15 minutes as charts over one span of time; what is missing in them is said below. */
export function WindowPanel({ window, isEmpty, why, aside, children, foot }: WindowPanelProps) {
  const t = useTranslations("metrics");
  return (
    <Panel aria-busy={window.isPending}>
      <PanelHead title={t("title")} aside={t("span")}>
        {aside}
      </PanelHead>
      {window.error !== null && isEmpty ? (
        <FailureNotice error={window.error} onRetry={window.retry} />
      ) : window.isPending && isEmpty ? (
        <p className="px-3.5 py-3 text-ink-3">{t("loading")}</p>
      ) : isEmpty ? (
        <EmptyState title={t("none.title")}>{why}</EmptyState>
      ) : (
        <ChartGroup from={window.from} to={window.to} bands={window.bands}>
          <div className="-mr-px -mb-px grid desk:grid-cols-2 wide:grid-cols-3 [&>*]:border-r [&>*]:border-b [&>*]:border-line">{children}</div>
          <ChartNotes className="border-t border-line px-3.5 py-2" />
        </ChartGroup>
      )}
      {foot}
    </Panel>
  );
}

/** Why a host's figures are missing. */
export function NoHostFigures({ host }: { host: HostView | undefined }) {
  const t = useTranslations("metrics.none");
  if (!host) return null;
  if (host.link !== "up") return <p>{t("silent")}</p>;
  if (host.runtime.reach === undefined) return <p>{t("agentOld", { version: host.agentVersion })}</p>;
  return (
    <>
      <p>{t("soon")}</p>
      {host.runtime.reach.metrics.why ? <p>{host.runtime.reach.metrics.why}</p> : null}
    </>
  );
}

/** How a host's figures are read, where it is the slower and poorer way. */
export function ReadThrough({ host }: { host: HostView | undefined }) {
  const t = useTranslations("metrics");
  const reach = host?.runtime.reach?.metrics;
  if (!reach || reach.direct) return null;
  return (
    <span className="text-ink-3" {...(reach.why ? { title: reach.why } : {})}>
      {t("throughApi")}
    </span>
  );
}
