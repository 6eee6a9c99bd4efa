"use client";
import { useTranslations } from "use-intl";
import { useMe } from "@/app/_features/auth/me";
import { ContainerMenu } from "@/app/_features/operations/action-menu";
import { useActions } from "@/app/_features/operations/actions-provider";
import { useDenialText } from "@/app/_features/operations/denial-text";
import { RestartHold } from "@/app/_features/operations/restart-hold";
import { useIsLive } from "@/app/_trpc/live";
import { Button } from "@/app/_ui/button";
import { MoreIcon } from "@/app/_ui/icons";
import { useIsPhone } from "@/app/_ui/use-phone";
import type { Action } from "@/server/domains/operations/schema";
import { denialOf } from "./eligibility";
import type { FleetRow } from "./fleet-row";

/** The two or three verbs that its state calls for, and the rest in a menu. What is denied says why, in sight. */
export function ContainerActions({ row, isPending }: { row: FleetRow; isPending: boolean }) {
  const t = useTranslations("operations");
  const { permissions } = useMe();
  const { ask } = useActions();
  const reason = useDenialText();
  const isLive = useIsLive();
  const isPhone = useIsPhone();
  const { state } = row.container;
  const verbs: readonly Action[] = state === "exited" || state === "created" ? ["start"] : state === "paused" ? ["unpause", "stop"] : state === "dead" ? ["remove"] : ["restart", "stop"];
  // One sentence is enough where one reason holds for all.
  const barred = verbs.map((action) => denialOf(action, row, permissions)).find((denial) => denial !== null && denial.kind !== "state");
  return (
    <div className="flex flex-col items-end gap-1 max-desk:w-full max-desk:items-stretch">
      <div className="flex flex-wrap items-center gap-2 max-desk:*:flex-1">
        {verbs.map((action) => {
          const denial = denialOf(action, row, permissions);
          if (isPhone && action === "restart") return <RestartHold key={action} row={row} isPending={isPending} wide />;
          return (
            <Button
              key={action}
              {...(action === "start" || action === "unpause" ? { tone: "primary" as const } : {})}
              disabled={denial !== null || !isLive || isPending}
              {...(denial ? { title: reason(denial) } : {})}
              onClick={() => ask(action, [row])}
            >
              {t(`action.${action}`)}
            </Button>
          );
        })}
        <ContainerMenu
          row={row}
          {...(isPhone ? { without: "restart" as const } : {})}
          trigger={
            <Button aria-label={t("menu.more")} title={t("menu.more")} className="max-desk:flex-none!">
              <MoreIcon />
            </Button>
          }
        />
      </div>
      {barred ? <p className="text-12 text-ink-2">{reason(barred)}</p> : null}
    </div>
  );
}
