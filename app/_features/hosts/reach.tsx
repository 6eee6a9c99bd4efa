"use client";
import { useTranslations } from "use-intl";
import { CopyButton } from "@/app/_ui/copy-button";
import type { HostView } from "@/server/domains/fleet/schema";
import { reachOf } from "./host-state";

/** For an agent that a plain user runs. Its state directory comes along, so the host keeps its key, its name and its history. */
const AS_ROOT = "sudo npm run agent -- --state-dir ~/.binnacle-agent";

/** Full, API only, or a dash while nobody has looked; the reason in the tooltip. */
export function ReachWord({ host }: { host: HostView }) {
  const t = useTranslations("hosts.reach");
  const reach = reachOf(host);
  if (reach === null) return <span title={t("unknownHint")}>–</span>;
  const whys = [host.runtime.reach?.metrics.why, host.runtime.reach?.logs.why].filter((why) => why != null);
  return <span title={reach === "full" ? t("fullHint") : whys.join("\n") || t("apiHint")}>{t(reach)}</span>;
}

/** How this host is read; where only through the engine, why, and what would change it. */
export function ReachDetails({ host }: { host: HostView }) {
  const t = useTranslations("hosts.reach");
  const reach = reachOf(host);
  const parts = host.runtime.reach;
  if (reach === null || !parts) return <span className="text-ink-3">{t("unknownHint")}</span>;
  if (reach === "full")
    return (
      <>
        {t("full")} <span className="block text-12 text-ink-3">{t("fullHint")}</span>
      </>
    );
  return (
    <div className="flex flex-col items-start gap-1.5">
      <span className="text-warn">{t("api")}</span>
      <span className="text-12 text-ink-2">{t("apiHint")}</span>
      {(["metrics", "logs"] as const).map((part) => (
        <span key={part} className="text-12 [overflow-wrap:anywhere]">
          <span className="text-ink-3">{t(`part.${part}`)}:</span> {parts[part].direct ? t("direct") : (parts[part].why ?? t("throughApi"))}
        </span>
      ))}
      <span className="text-12 text-ink-2">{t("asRoot")}</span>
      <span className="flex max-w-full flex-wrap items-center gap-2">
        <code className="rounded-small bg-raised px-2 py-1 [overflow-wrap:anywhere]">{AS_ROOT}</code>
        <CopyButton text={AS_ROOT} tone="quiet" />
      </span>
    </div>
  );
}
