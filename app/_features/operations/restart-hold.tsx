"use client";
import { useTranslations } from "use-intl";
import { useMe } from "@/app/_features/auth/me";
import { denialOf } from "@/app/_features/containers/eligibility";
import type { FleetRow } from "@/app/_features/containers/fleet-row";
import { useIsLive } from "@/app/_trpc/live";
import { HoldButton } from "@/app/_ui/hold-button";
import { RestartIcon } from "@/app/_ui/icons";
import { useActions } from "./actions-provider";
import { useDenialText } from "./denial-text";

/** Restart for thumbs: held, not tapped. `wide` says the word, otherwise the icon stands for it. */
export function RestartHold({ row, isPending, wide = false, className }: { row: FleetRow; isPending: boolean; wide?: boolean; className?: string }) {
  const t = useTranslations("operations");
  const { ask } = useActions();
  const { permissions } = useMe();
  const reason = useDenialText();
  const isLive = useIsLive();
  const denial = denialOf("restart", row, permissions);
  return (
    <HoldButton
      onConfirm={() => ask("restart", [row])}
      holding={wide ? t("holding") : <RestartIcon />}
      again={t("pressAgain")}
      how={t("holdKeyboard")}
      disabled={denial !== null || !isLive || isPending}
      title={denial ? reason(denial) : t("holdToConfirm")}
      {...(className ? { className } : {})}
    >
      <RestartIcon />
      {wide ? t("holdToConfirm") : <span className="sr-only">{t("holdToConfirm")}</span>}
    </HoldButton>
  );
}
