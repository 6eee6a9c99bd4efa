"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { useTranslations } from "use-intl";
import type { SettingsView } from "@/server/domains/settings/schema";
import { PublicUrl } from "@/server/domains/settings/schema";
import { useTRPC, useTRPCClient } from "@/app/_trpc/client";
import { FailureNotice } from "@/app/_trpc/failure-notice";
import { Button } from "@/app/_ui/button";
import { Panel, PanelHead } from "@/app/_ui/panel";
import { AddressField } from "./address-field";

function AddressForm({ settings }: { settings: SettingsView }) {
  const t = useTranslations("settings.address");
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queries = useQueryClient();
  const [address, setAddress] = useState(settings.publicUrl);
  const save = useMutation(trpc.settings.setPublicUrl.mutationOptions({ onSuccess: () => queries.invalidateQueries({ queryKey: trpc.settings.get.queryKey() }) }));
  const test = useCallback((url: string) => client.settings.testAddress.mutate({ url }), [client]);
  const parsed = PublicUrl.safeParse(address);
  const changed = parsed.success && parsed.data !== settings.publicUrl;
  return (
    <form
      className="flex flex-col gap-3 p-3.5"
      onSubmit={(event) => {
        event.preventDefault();
        if (parsed.success) save.mutate({ url: parsed.data });
      }}
    >
      <AddressField value={address} onChange={setAddress} test={test} readOnly={settings.publicUrlFixed} {...(settings.publicUrlFixed ? { hint: t("fixed") } : {})} />
      {save.error ? <FailureNotice error={save.error} /> : null}
      {settings.publicUrlFixed ? null : (
        <div className="flex flex-wrap items-center gap-3">
          <Button type="submit" tone="primary" disabled={!changed} busy={save.isPending}>
            {t("save")}
          </Button>
          {save.isSuccess && !changed ? <span role="status" className="text-ink-2">{t("saved")}</span> : null}
        </div>
      )}
    </form>
  );
}

/** The address that join lines carry and browsers come by. */
export function Address() {
  const t = useTranslations("settings.address");
  const trpc = useTRPC();
  const settings = useQuery(trpc.settings.get.queryOptions());
  return (
    <Panel>
      <PanelHead title={t("title")} />
      {settings.error ? <FailureNotice error={settings.error} onRetry={() => void settings.refetch()} /> : null}
      {settings.data ? <AddressForm settings={settings.data} /> : null}
    </Panel>
  );
}
