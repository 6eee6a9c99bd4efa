"use client";
import { useQueries } from "@tanstack/react-query";
import { useTranslations } from "use-intl";
import type { FleetRow } from "@/app/_features/containers/fleet-row";
import { useTRPC } from "@/app/_trpc/client";
import { Checkbox } from "@/app/_ui/checkbox";
import { useFormat } from "@/app/_ui/format";
import { Notice } from "@/app/_ui/notice";
import type { Loss } from "@/protocol/shapes";
import { isFresh } from "@/server/domains/fleet/schema";
import { addLosses } from "./losses";

/** Containers whose loss is looked up at once. Protects their hosts from two hundred calls for one question. */
const LOOKED_UP = 20;

interface LossReportProps {
  rows: readonly FleetRow[];
  removeVolumes: boolean;
  onRemoveVolumes: (also: boolean) => void;
  /** Running ones are killed; else they are stopped first. */
  willKill: boolean;
}

/** What removing would lose, and what would bring it back. Read from the hosts when the question is asked. */
export function LossReport({ rows, removeVolumes, onRemoveVolumes, willKill }: LossReportProps) {
  const t = useTranslations("operations");
  const trpc = useTRPC();
  const heard = rows.filter((row) => isFresh(row.host));
  const few = rows.length <= LOOKED_UP;
  const answers = useQueries({
    queries: few ? heard.map(({ container }) => trpc.fleet.loss.queryOptions({ hostId: container.hostId, id: container.id }, { staleTime: 0, gcTime: 0 })) : [],
  });
  const losses = answers.flatMap((answer) => (answer.data ? [answer.data] : []));
  if (!few) return <Notice tone="warn">{t("loss.tooMany", { limit: LOOKED_UP })}</Notice>;
  return (
    <section aria-live="polite" className="flex flex-col gap-2">
      <h3 className="font-semibold">{t("loss.title")}</h3>
      {answers.some((answer) => answer.isPending) ? <p className="text-ink-2">{t("loss.reading")}</p> : null}
      {losses.length > 0 ? <LossList losses={losses} removeVolumes={removeVolumes} onRemoveVolumes={onRemoveVolumes} willKill={willKill} /> : null}
      {answers.some((answer) => answer.isError) ? <Notice tone="warn">{t("loss.failed")}</Notice> : null}
      {heard.length < rows.length ? <Notice tone="unknown">{t("loss.away")}</Notice> : null}
    </section>
  );
}

interface LossListProps extends Pick<LossReportProps, "removeVolumes" | "onRemoveVolumes" | "willKill"> {
  losses: readonly Loss[];
}

function LossList({ losses, removeVolumes, onRemoveVolumes, willKill }: LossListProps) {
  const t = useTranslations("operations");
  const format = useFormat();
  const sum = addLosses(losses);
  const only = losses.length === 1 ? losses[0] : undefined;
  const kept = [
    ...(sum.namedVolumes > 0 ? [t("loss.keptVolumes", { count: sum.namedVolumes })] : []),
    ...(sum.bindMounts > 0 ? [t("loss.keptMounts", { count: sum.bindMounts })] : []),
  ];
  return (
    <>
      {sum.writableBytes === 0 ? <p className="text-ink-2">{t("loss.writableNone")}</p> : null}
      <ul className="flex list-disc flex-col gap-1 pl-4 empty:hidden marker:text-bad">
        {sum.writableBytes === 0 ? null : <li>{sum.writableBytes === null ? t("loss.writableUnknown") : t("loss.writable", { size: format.bytes(sum.writableBytes) })}</li>}
        {sum.anonymousVolumes > 0 ? <li>{removeVolumes ? t("loss.anonymousLost", { count: sum.anonymousVolumes }) : t("loss.anonymous", { count: sum.anonymousVolumes })}</li> : null}
        {willKill && sum.running > 0 ? <li>{only ? t("loss.running") : t("loss.runningMany", { count: sum.running })}</li> : null}
      </ul>
      {sum.anonymousVolumes > 0 ? (
        <label className="flex items-center gap-2 max-desk:min-h-[44px]">
          <Checkbox checked={removeVolumes} onChange={(event) => onRemoveVolumes(event.target.checked)} />
          {t("loss.removeVolumes", { count: sum.anonymousVolumes })}
        </label>
      ) : null}
      {kept.length > 0 ? <p className="text-ink-2">{t("loss.kept", { names: kept.join(", ") })}</p> : null}
      <h3 className="mt-1 font-semibold">{t("loss.back")}</h3>
      <p className="text-ink-2">
        {only?.compose ? t("loss.compose", only.compose) : null}
        {only && !only.compose ? t("loss.noCompose") : null}
        {only || sum.fromCompose === 0 ? null : `${t("loss.composeMany", { count: sum.fromCompose })} `}
        {only || sum.fromCompose === losses.length ? null : t("loss.noComposeMany", { count: losses.length - sum.fromCompose })}
        {sum.restarting > 0 ? ` ${t("loss.policyOnly")}` : null}
        {only?.autoRemove ? ` ${t("loss.autoRemove")}` : null}
      </p>
    </>
  );
}
