"use client";
import type { ReactNode } from "react";
import { useTranslations } from "use-intl";
import { useMe } from "@/app/_features/auth/me";
import { denialByHost, denialByRight, denialOf, type Denial } from "@/app/_features/containers/eligibility";
import type { FleetRow } from "@/app/_features/containers/fleet-row";
import { logsPath } from "@/app/_features/logs/log-url";
import { PlaceLink } from "@/app/_features/shell/place-link";
import { useIsLive } from "@/app/_trpc/live";
import { Menu, MenuItem, MenuLabel, MenuLine } from "@/app/_ui/menu";
import { isFresh } from "@/server/domains/fleet/schema";
import { ACTIONS, type Action } from "@/server/domains/operations/schema";
import { useActions } from "./actions-provider";
import { useDenialText } from "./denial-text";

const HARSH: ReadonlySet<Action> = new Set(["kill", "remove"]);
/** What can be asked of a stack as a whole. */
const STACK_ACTIONS = ["start", "stop", "restart", "remove"] as const;

interface ItemProps {
  label: string;
  danger: boolean;
  denial: Denial | null;
  onSelect: () => void;
}

/** An entry that, when it cannot be chosen, says why under its name. */
function ActionItem({ label, danger, denial, onSelect }: ItemProps) {
  const reason = useDenialText();
  const isLive = useIsLive();
  return (
    <>
      <MenuItem danger={danger} disabled={denial !== null || !isLive} onSelect={onSelect}>
        {label}
      </MenuItem>
      {denial ? <p className="max-w-[300px] px-2 pb-1.5 text-11 text-ink-2">{reason(denial)}</p> : null}
    </>
  );
}

/** Opens the logs of these containers, merged. */
function LogsItem({ rows }: { rows: readonly FleetRow[] }) {
  const t = useTranslations("operations.menu");
  return (
    <MenuItem asChild>
      <PlaceLink path={logsPath([...new Set(rows.map((row) => row.container.key))])}>{t("logs")}</PlaceLink>
    </MenuItem>
  );
}

/** What can be asked of one container. What its state rules out is left away; what is denied stays, with its reason. */
export function ContainerMenu({ row, trigger, without, defaultOpen = false }: { row: FleetRow; trigger: ReactNode; without?: Action; defaultOpen?: boolean }) {
  const t = useTranslations("operations");
  const { permissions } = useMe();
  const { ask } = useActions();
  const entries = ACTIONS.map((action) => ({ action, denial: denialOf(action, row, permissions) })).filter(({ action, denial }) => denial?.kind !== "state" && action !== without);
  return (
    <Menu trigger={trigger} align="end" label={t("menu.label")} defaultOpen={defaultOpen}>
      <LogsItem rows={[row]} />
      <MenuLine />
      {isFresh(row.host) ? null : <MenuLabel>{t("awayHint")}</MenuLabel>}
      {entries.map(({ action, denial }) => (
        <ActionItem key={action} label={t(`action.${action}`)} danger={HARSH.has(action)} denial={denial} onSelect={() => ask(action, [row])} />
      ))}
    </Menu>
  );
}

/** What can be asked of a stack, host by host: a stack of one host is one thing, in the order of its services. */
export function StackMenu({ name, rows, trigger }: { name: string; rows: readonly FleetRow[]; trigger: ReactNode }) {
  const t = useTranslations("operations");
  const { permissions } = useMe();
  const { askStack } = useActions();
  const byHost = new Map<string, FleetRow[]>();
  for (const row of rows) byHost.set(row.container.hostId, [...(byHost.get(row.container.hostId) ?? []), row]);
  return (
    <Menu trigger={trigger} align="end" label={t("menu.label")}>
      <LogsItem rows={rows} />
      <MenuLine />
      {[...byHost].map(([hostId, here], index) => {
        const host = here[0]?.host;
        const hostName = here[0]?.hostName ?? hostId;
        return (
          <div key={hostId}>
            {index > 0 ? <MenuLine /> : null}
            {byHost.size > 1 ? <MenuLabel>{t("menu.onHost", { host: hostName })}</MenuLabel> : null}
            {host && !isFresh(host) ? <MenuLabel>{t("awayHint")}</MenuLabel> : null}
            {STACK_ACTIONS.map((action) => (
              <ActionItem
                key={action}
                label={t(`stackAction.${action}`)}
                danger={HARSH.has(action)}
                denial={denialByRight(action, permissions) ?? denialByHost(action, host)}
                onSelect={() => askStack(action, { hostId, hostName, name }, here)}
              />
            ))}
          </div>
        );
      })}
    </Menu>
  );
}
