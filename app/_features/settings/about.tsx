"use client";
import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "use-intl";
import { useTRPC } from "@/app/_trpc/client";
import { CopyButton } from "@/app/_ui/copy-button";
import { Panel, PanelHead } from "@/app/_ui/panel";

/** Which version this is, and by what agents know this server. */
export function About() {
  const t = useTranslations("settings.about");
  const trpc = useTRPC();
  const { data } = useQuery(trpc.settings.get.queryOptions());
  return (
    <Panel>
      <PanelHead title={t("title")} />
      {data ? (
        <dl className="grid grid-cols-[auto_minmax(0,1fr)] items-start gap-x-6 gap-y-2.5 p-3.5 max-desk:grid-cols-1 max-desk:gap-y-1">
          <dt className="text-ink-2">{t("version")}</dt>
          <dd>{data.version}</dd>
          <dt className="text-ink-2">{t("pin")}</dt>
          <dd>
            <span className="flex flex-wrap items-center gap-2">
              <code className="min-w-0 break-all">{data.pin}</code>
              <CopyButton text={data.pin} tone="quiet" className="max-desk:-ml-4" />
            </span>
            <p className="text-12 text-ink-2">{t("pinHint")}</p>
          </dd>
        </dl>
      ) : null}
    </Panel>
  );
}
