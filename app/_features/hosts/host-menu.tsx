"use client";
import type { ReactNode } from "react";
import { useTranslations } from "use-intl";
import { useMay } from "@/app/_features/auth/me";
import { hostPath } from "@/app/_features/shell/places";
import { useGo } from "@/app/_features/shell/use-go";
import { useIsLive } from "@/app/_trpc/live";
import { Menu, MenuItem, MenuLabel, MenuLine } from "@/app/_ui/menu";
import { PERMISSIONS } from "@/server/domains/access/permissions";
import type { HostView } from "@/server/domains/fleet/schema";
import type { HostQuestion } from "./host-dialogs";
import { containersPath, renewPath } from "./paths";

interface HostMenuProps {
  host: HostView;
  trigger: ReactNode;
  onRename: () => void;
  onAsk: (question: HostQuestion) => void;
  /** On the host's own page it is open already. */
  isOnItsPage?: boolean;
}

/** What can be done with a host. What is not allowed stays in sight, with whom to ask. */
export function HostMenu({ host, trigger, onRename, onAsk, isOnItsPage = false }: HostMenuProps) {
  const t = useTranslations("hosts");
  const go = useGo();
  const may = useMay("host.manage");
  const mayRenew = useMay("host.enrol") && may;
  const isLive = useIsLive();
  const barred = !may || !isLive;
  return (
    <Menu trigger={trigger} align="end" label={t("actionsFor", { name: host.name })}>
      {isOnItsPage ? null : <MenuItem onSelect={() => go(hostPath(host.id))}>{t("menu.open")}</MenuItem>}
      <MenuItem onSelect={() => go(containersPath(host.id))}>{t("menu.containers")}</MenuItem>
      <MenuLine />
      {may ? null : <MenuLabel>{t("denied", { role: t(`role.${PERMISSIONS["host.manage"].from}`) })}</MenuLabel>}
      <MenuItem disabled={barred} onSelect={onRename}>
        {t("menu.rename")}
      </MenuItem>
      <MenuItem disabled={barred} onSelect={() => onAsk("tags")}>
        {t("menu.tags")}
      </MenuItem>
      <MenuItem disabled={barred || !mayRenew} onSelect={() => go(renewPath(host.id))}>
        {t("menu.renew")}
      </MenuItem>
      {host.link === "revoked" ? null : (
        <MenuItem danger disabled={barred} onSelect={() => onAsk("revoke")}>
          {t("menu.revoke")}
        </MenuItem>
      )}
      <MenuItem danger disabled={barred || host.link === "up"} {...(host.link === "up" ? { title: t("forget.onlyAway") } : {})} onSelect={() => onAsk("forget")}>
        {t("menu.forget")}
      </MenuItem>
    </Menu>
  );
}
