"use client";
import { useMemo } from "react";
import { useTranslations } from "use-intl";
import { PlaceLink } from "@/app/_features/shell/place-link";
import { LogView } from "./log-view";
import { logsPath } from "./log-url";
import { useLogAddress } from "./use-log-address";
import { useSourceInfos } from "./use-log-session";

/** The log of one container, on its page. */
export function ContainerLogs({ containerKey }: { containerKey: string }) {
  const t = useTranslations("logs");
  const state = useLogAddress();
  const keys = useMemo(() => [containerKey], [containerKey]);
  const infos = useSourceInfos(keys);
  const { find, regex, level, from, at, line } = state.address;
  return (
    <LogView
      state={state}
      infos={infos}
      className="h-[max(420px,calc(100dvh-210px))] max-desk:h-[calc(100dvh-156px)]"
      lead={
        <PlaceLink path={logsPath(keys, { find, regex, level, from, at, line })} className="text-12 text-accent hover:underline">
          {t("withOthers")}
        </PlaceLink>
      }
    />
  );
}
