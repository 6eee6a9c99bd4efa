"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "use-intl";
import type { SessionView } from "@/server/domains/accounts/schema";
import { useTRPC } from "@/app/_trpc/client";
import { FailureNotice } from "@/app/_trpc/failure-notice";
import { Age } from "@/app/_ui/age";
import { Button } from "@/app/_ui/button";
import { Tag } from "@/app/_ui/chip";
import { useFormat } from "@/app/_ui/format";
import { Panel, PanelHead } from "@/app/_ui/panel";
import { readUserAgent } from "./user-agent";

function SessionRow({ session, onEnd, busy }: { session: SessionView; onEnd: () => void; busy: boolean }) {
  const t = useTranslations("settings.sessions");
  const format = useFormat();
  const { browser, system } = readUserAgent(session.userAgent);
  const name = browser === null ? t("unknownBrowser") : system === null ? browser : t("on", { browser, system });
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-3.5 py-2 last:border-b-0">
      <div className="min-w-0 flex-1 basis-[220px]">
        <p className="flex flex-wrap items-center gap-2" title={session.userAgent}>
          {name}
          {session.current ? <Tag>{t("current")}</Tag> : null}
        </p>
        <p className="text-12 text-ink-2">
          {t("address")} <code>{session.address}</code> · {t("since")} <time dateTime={new Date(session.createdAt).toISOString()} title={format.full(session.createdAt)}>{format.dateMinute(session.createdAt)}</time> · {t("lastSeen")} <Age at={session.lastSeenAt} />
        </p>
      </div>
      {session.current ? null : (
        <Button onClick={onEnd} busy={busy} aria-label={t("endLabel", { browser: name, address: session.address })}>
          {t("end")}
        </Button>
      )}
    </li>
  );
}

/** Where one is signed in, and how to end that at once. */
export function Sessions() {
  const t = useTranslations("settings.sessions");
  const trpc = useTRPC();
  const queries = useQueryClient();
  const list = useQuery(trpc.session.list.queryOptions());
  const refresh = () => queries.invalidateQueries({ queryKey: trpc.session.list.queryKey() });
  const end = useMutation(trpc.session.end.mutationOptions({ onSettled: refresh }));
  const endOthers = useMutation(trpc.session.endOthers.mutationOptions({ onSettled: refresh }));
  const sessions = [...(list.data ?? [])].sort((one, other) => Number(other.current) - Number(one.current) || other.lastSeenAt - one.lastSeenAt);
  const failure = list.error ?? end.error ?? endOthers.error;
  return (
    <Panel>
      <PanelHead title={t("title")}>
        {sessions.length > 1 ? (
          <Button onClick={() => endOthers.mutate()} busy={endOthers.isPending}>
            {t("endOthers")}
          </Button>
        ) : null}
      </PanelHead>
      {failure ? <FailureNotice error={failure} onRetry={() => void list.refetch()} /> : null}
      <ul>
        {sessions.map((session) => (
          <SessionRow key={session.id} session={session} busy={end.isPending && end.variables.id === session.id} onEnd={() => end.mutate({ id: session.id })} />
        ))}
      </ul>
      {sessions.length === 1 ? <p className="border-t border-line px-3.5 py-2 text-12 text-ink-2">{t("empty")}</p> : null}
    </Panel>
  );
}
