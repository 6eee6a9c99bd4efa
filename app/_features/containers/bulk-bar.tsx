"use client";
import { useTranslations } from "use-intl";
import { useMe } from "@/app/_features/auth/me";
import { useActions } from "@/app/_features/operations/actions-provider";
import { useDenialText } from "@/app/_features/operations/denial-text";
import { useIsLive } from "@/app/_trpc/live";
import { Button } from "@/app/_ui/button";
import { classes } from "@/app/_ui/classes";
import { ACTIONS, BULK_LIMIT, type Action } from "@/server/domains/operations/schema";
import { judge } from "./eligibility";
import type { FleetRow } from "./fleet-row";

const HARSH: ReadonlySet<Action> = new Set(["kill", "remove"]);

/** What can be done with the selection, each with how many of it would take part. */
export function BulkBar({ rows, onClear }: { rows: readonly FleetRow[]; onClear: () => void }) {
  const t = useTranslations("containers");
  const tOperations = useTranslations("operations");
  const { permissions } = useMe();
  const { ask } = useActions();
  const reason = useDenialText();
  const isLive = useIsLive();
  const isTooMany = rows.length > BULK_LIMIT;
  return (
    <div role="toolbar" aria-label={tOperations("bulk.label")} className="flex flex-wrap items-center gap-2 max-desk:gap-1.5">
      <strong className="mr-1 font-semibold text-ink">{t("selected", { count: rows.length })}</strong>
      {ACTIONS.map((action) => {
        const verdict = judge(action, rows, permissions);
        const count = verdict.eligible.length;
        return (
          <Button
            key={action}
            {...(HARSH.has(action) ? { tone: "danger" as const } : {})}
            disabled={count === 0 || isTooMany || !isLive}
            title={verdict.denial ? reason(verdict.denial) : tOperations("bulk.of", { eligible: count, all: rows.length })}
            onClick={() => ask(action, rows)}
            className={classes("max-desk:min-h-[38px]! max-desk:px-2.5!", verdict.denial?.kind === "state" && "max-desk:hidden")}
          >
            {tOperations(`action.${action}`)} <span className="text-ink-3">{count}</span>
          </Button>
        );
      })}
      <Button tone="quiet" onClick={onClear} className="ml-auto max-desk:min-h-[38px]!">
        {t("letGo")}
      </Button>
      {isTooMany ? <p className="basis-full text-12 text-warn">{t("tooMany", { limit: BULK_LIMIT })}</p> : null}
    </div>
  );
}
