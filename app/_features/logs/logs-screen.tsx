"use client";
import { useState } from "react";
import { useTranslations } from "use-intl";
import { ContainerPicker } from "./container-picker";
import { FleetSearch } from "./fleet-search";
import { LogView } from "./log-view";
import { SourceChips } from "./source-chips";
import { useLogAddress } from "./use-log-address";
import { useSourceInfos } from "./use-log-session";

/** The window's height without the bar, the page's own margins and, on a phone, the places at its foot. */
const WHOLE_WINDOW = "h-[calc(100dvh-106px)] min-h-[360px] max-desk:h-[calc(100dvh-156px)]";

/** The logs of chosen containers; with none chosen, a search through all of them. */
export function LogsScreen() {
  const t = useTranslations("logs");
  const state = useLogAddress();
  const { keys } = state.address;
  const infos = useSourceInfos(keys);
  const [isPicking, setIsPicking] = useState(false);
  const picker = <ContainerPicker open={isPicking} onOpenChange={setIsPicking} chosen={keys} onChoose={(next) => state.set({ keys: next }, "push")} />;
  if (keys.length === 0) {
    return (
      <>
        <FleetSearch state={state} onPick={() => setIsPicking(true)} />
        {picker}
      </>
    );
  }
  const remove = (key: string) => state.set({ keys: keys.filter((one) => one !== key), ...(key === keys[0] ? { line: null } : {}) }, "push");
  return (
    <>
      <LogView
        state={state}
        infos={infos}
        className={WHOLE_WINDOW}
        lead={
          <>
            <h1 className="mr-1">{t("title")}</h1>
            <SourceChips infos={infos} onRemove={remove} onAdd={() => setIsPicking(true)} />
          </>
        }
      />
      {picker}
    </>
  );
}
