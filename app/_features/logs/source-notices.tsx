"use client";
import { useTranslations } from "use-intl";
import { useSecondsSince } from "@/app/_features/shell/seconds-since";
import { useFormat } from "@/app/_ui/format";
import { Notice } from "@/app/_ui/notice";
import type { LogFeedState } from "./log-feed";
import type { SourceView } from "./log-session";
import type { LogSourceInfo } from "./use-log-session";

/** Shorter breaks are mended before anybody has read of them. */
const SAID_AFTER_S = 2;

/** What keeps a log from coming, why, and what will happen; nothing while all is well. */
export function SourceNotices({ sources, infos }: { sources: readonly SourceView[]; infos: readonly LogSourceInfo[] }) {
  const t = useTranslations("logs.problem");
  return sources.map((source) => {
    const info = infos.find((one) => one.key === source.key);
    if (!info) return null;
    const { feed } = source;
    if (feed === null) {
      return (
        <Notice key={source.key} tone="unknown" role="status" title={t("absentTitle", { name: info.name })}>
          {t("absent")}
        </Notice>
      );
    }
    if (feed.state === "waiting") return <Waiting key={source.key} feed={feed} info={info} />;
    if (feed.state === "refused") {
      return (
        <Notice key={source.key} tone="bad" role="alert" title={t("refusedTitle", { name: info.name })}>
          {feed.code === "not_found" ? t("notFound") : feed.why}
        </Notice>
      );
    }
    if (feed.state === "ended" && feed.gone) {
      return (
        <Notice key={source.key} tone="unknown" role="status" title={t("goneTitle", { name: info.name })}>
          {t("gone")}
        </Notice>
      );
    }
    return null;
  });
}

function Waiting({ feed, info }: { feed: LogFeedState & { state: "waiting" }; info: LogSourceInfo }) {
  const t = useTranslations("logs.problem");
  const format = useFormat();
  const seconds = useSecondsSince(feed.since);
  if (seconds < SAID_AFTER_S) return null;
  const values = { host: info.hostName, name: info.name, span: format.span(seconds * 1_000) };
  return (
    <Notice tone="warn" role="status" title={feed.code === "host_away" ? t("awayTitle", values) : t("lostTitle", values)}>
      {feed.code === "host_away" ? t("away", values) : t("lost", values)}
    </Notice>
  );
}
