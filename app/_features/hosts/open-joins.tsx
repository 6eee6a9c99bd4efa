"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "use-intl";
import { useTRPC } from "@/app/_trpc/client";
import { FailureNotice } from "@/app/_trpc/failure-notice";
import { useHosts } from "@/app/_trpc/live";
import { Age } from "@/app/_ui/age";
import { Button } from "@/app/_ui/button";
import { useClock } from "@/app/_ui/clock";
import { useFormat } from "@/app/_ui/format";
import { Panel, PanelHead } from "@/app/_ui/panel";
import type { JoinView } from "@/server/domains/hosts/schema";

/** Lines that still let somebody in, with how to close each. Not shown when there are none. */
export function OpenJoins() {
  const t = useTranslations("hosts.add");
  const trpc = useTRPC();
  const queries = useQueryClient();
  const joins = useQuery(trpc.hosts.joins.queryOptions(undefined, { staleTime: 0 }));
  const cancel = useMutation(trpc.hosts.cancelJoin.mutationOptions({ onSettled: () => queries.invalidateQueries(trpc.hosts.joins.queryFilter()) }));
  if (joins.isError) return <FailureNotice error={joins.error} onRetry={() => void joins.refetch()} />;
  if (!joins.data || joins.data.length === 0) return null;
  return (
    <Panel>
      <PanelHead title={t("openLines")} aside={joins.data.length} />
      <ul>
        {joins.data.map((join) => (
          <OpenJoin key={join.id} join={join} onCancel={() => cancel.mutate({ id: join.id })} busy={cancel.isPending} />
        ))}
      </ul>
      {cancel.isError ? <FailureNotice error={cancel.error} onClose={cancel.reset} /> : null}
    </Panel>
  );
}

function OpenJoin({ join, onCancel, busy }: { join: JoinView; onCancel: () => void; busy: boolean }) {
  const t = useTranslations("hosts.add");
  const hosts = useHosts();
  const format = useFormat();
  const left = useClock((now) => format.span(Math.max(0, join.expiresAt - now)));
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-3.5 py-1.5 text-ink-2 last:border-b-0">
      <Age at={join.createdAt} />
      <span>{t("openLine", { uses: join.usesLeft })}</span>
      <span className="text-ink-3">{t("expires", { duration: left })}</span>
      {join.tags.length > 0 ? <span className="text-ink-3">{join.tags.join(", ")}</span> : null}
      {join.hostId ? <span className="text-ink-3">{t("forHost", { name: hosts.get(join.hostId)?.name ?? join.hostId })}</span> : null}
      <Button tone="quiet" busy={busy} onClick={onCancel} className="ml-auto">
        {t("cancelLine")}
      </Button>
    </li>
  );
}
