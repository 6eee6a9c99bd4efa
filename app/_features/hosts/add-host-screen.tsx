"use client";
import { useSearchParams } from "next/navigation";
import { useState } from "react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslations } from "use-intl";
import { useMay } from "@/app/_features/auth/me";
import { PlaceLink } from "@/app/_features/shell/place-link";
import { SETTINGS_PATH } from "@/app/_features/shell/places";
import { useTRPC } from "@/app/_trpc/client";
import { FailureNotice } from "@/app/_trpc/failure-notice";
import { useFleetReady, useHost } from "@/app/_trpc/live";
import { Button } from "@/app/_ui/button";
import { EmptyState } from "@/app/_ui/empty-state";
import { LeftIcon } from "@/app/_ui/icons";
import { Notice } from "@/app/_ui/notice";
import { Panel } from "@/app/_ui/panel";
import type { JoinCreated } from "@/server/domains/hosts/schema";
import { JoinForm, type JoinOptions } from "./join-form";
import { JoinWait } from "./join-wait";
import { OpenJoins } from "./open-joins";
import { RENEW_KEY } from "./paths";
import { isLoopback } from "./tags-text";

/** Makes a join line and waits for the host that uses it; with `?renew=` a known host gets a new key. */
export function AddHostScreen() {
  const t = useTranslations("hosts");
  const trpc = useTRPC();
  const may = useMay("host.enrol");
  const renew = useSearchParams().get(RENEW_KEY);
  const host = useHost(renew ?? "");
  const ready = useFleetReady();
  const settings = useQuery(trpc.settings.get.queryOptions(undefined, { enabled: may }));
  const [join, setJoin] = useState<(JoinCreated & { uses: number }) | null>(null);
  const create = useMutation(trpc.hosts.createJoin.mutationOptions());
  const make = (options: JoinOptions) => {
    create.mutate({ ...options, ...(renew ? { hostId: renew } : {}) }, { onSuccess: (created) => setJoin({ ...created, uses: options.uses }) });
  };
  const again = () => {
    create.reset();
    setJoin(null);
  };
  const url = settings.data?.publicUrl ?? null;

  return (
    <>
      <header className="flex flex-col gap-2">
        <PlaceLink path="/hosts" className="flex items-center gap-1 self-start text-12 text-ink-3 hover:text-ink">
          <LeftIcon className="size-3!" /> {t("page.back")}
        </PlaceLink>
        <h1>{host ? t("add.renewTitle", { name: host.name }) : t("add.title")}</h1>
      </header>
      {!may ? (
        <Panel>
          <EmptyState title={t("add.title")}>
            <p>{t("add.denied")}</p>
          </EmptyState>
        </Panel>
      ) : renew && ready && !host ? (
        <Notice tone="warn" className="rounded-panel border border-line">
          {t("add.renewUnknown")}
        </Notice>
      ) : (
        <div className="flex max-w-[760px] flex-col gap-4">
          {url && isLoopback(url) ? (
            <Notice
              tone="warn"
              title={t("add.loopbackTitle", { url })}
              className="rounded-panel border border-line"
              actions={
                <Button asChild>
                  <PlaceLink path={SETTINGS_PATH}>{t("add.toSettings")}</PlaceLink>
                </Button>
              }
            >
              {t("add.loopback")}
            </Notice>
          ) : null}
          {join ? <JoinWait key={join.id} join={join} url={url} onAgain={again} /> : <JoinForm busy={create.isPending} lead={host ? t("add.renewLead", { name: host.name }) : t("add.lead")} isRenewal={host !== undefined} onMake={make} />}
          {create.isError ? <FailureNotice error={create.error} /> : null}
          {join ? null : <OpenJoins />}
          <p className="text-12 text-ink-3">
            {t("add.command")} <code className="text-ink-2">npm run binnacle -- token create-join</code>
          </p>
        </div>
      )}
    </>
  );
}
