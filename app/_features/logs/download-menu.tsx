"use client";
import { useEffect, useRef, useState } from "react";
import { useTranslations } from "use-intl";
import { useTRPCClient } from "@/app/_trpc/client";
import { Button } from "@/app/_ui/button";
import { Chip } from "@/app/_ui/chip";
import { ErrorNotice } from "@/app/_ui/error-notice";
import { useFormat } from "@/app/_ui/format";
import { DownloadIcon, UnderWayIcon } from "@/app/_ui/icons";
import { Menu, MenuItem, MenuLabel, MenuLine } from "@/app/_ui/menu";
import { fileName, MOST_FILE_BYTES, save, wholeLog, type SaveProgress } from "./line-file";
import { followLog } from "./log-feed";
import type { LogSourceInfo } from "./use-log-session";

type Saving = { name: string; progress: SaveProgress } | { name: string; error: string } | null;

/** Saves whole logs, one at a time. */
export function useSaving() {
  const client = useTRPCClient();
  const [saving, setSaving] = useState<Saving>(null);
  const stop = useRef<AbortController | null>(null);
  useEffect(() => () => stop.current?.abort(), []);
  const start = async (info: LogSourceInfo) => {
    if (!info.container) return;
    stop.current?.abort();
    const { signal } = (stop.current = new AbortController());
    const { name } = info;
    setSaving({ name, progress: { lines: 0, bytes: 0 } });
    try {
      const file = await wholeLog(
        { hostId: info.hostId, id: info.container.id },
        { follow: followLog, ticket: () => client.session.ticket.mutate(), signal, onProgress: (progress) => setSaving({ name, progress }) },
      );
      save(file, fileName(name, Date.now()));
      setSaving(null);
    } catch (error) {
      if (!signal.aborted) setSaving({ name, error: error instanceof Error ? error.message : String(error) });
    }
  };
  const cancel = () => {
    stop.current?.abort();
    setSaving(null);
  };
  return { saving, start, cancel };
}

interface DownloadMenuProps {
  infos: readonly LogSourceInfo[];
  onShown: () => void;
  onWhole: (info: LogSourceInfo) => void;
}

/** What can be saved: what is shown, or a container's log from its first line. */
export function DownloadMenu({ infos, onShown, onWhole }: DownloadMenuProps) {
  const t = useTranslations("logs.download");
  return (
    <Menu
      align="end"
      label={t("label")}
      trigger={
        <Chip aria-label={t("label")} title={t("label")} className="max-desk:min-w-[44px] max-desk:justify-center">
          <DownloadIcon className="size-3.5!" />
        </Chip>
      }
    >
      <MenuItem onSelect={onShown}>{t("shown")}</MenuItem>
      <MenuLine />
      <MenuLabel>{t("wholeOf")}</MenuLabel>
      {infos.map((info) => (
        <MenuItem key={info.key} disabled={info.container === null} onSelect={() => onWhole(info)}>
          {info.name}
        </MenuItem>
      ))}
    </Menu>
  );
}

/** How far a download is, with a way to end it; or why it failed. */
export function SavingLine({ saving, onCancel }: { saving: Saving; onCancel: () => void }) {
  const t = useTranslations("logs.download");
  const format = useFormat();
  if (!saving) return null;
  if ("error" in saving) {
    return (
      <ErrorNotice title={t("failed", { name: saving.name })} onClose={onCancel}>
        {saving.error === "too_large" ? t("tooLarge", { size: format.bytes(MOST_FILE_BYTES) }) : saving.error}
      </ErrorNotice>
    );
  }
  return (
    <div role="status" className="flex flex-wrap items-center gap-2.5 border-b border-line px-3.5 py-1.5 text-12 text-ink-2">
      <UnderWayIcon />
      <span className="tabular-nums">{t("progress", { name: saving.name, lines: saving.progress.lines, size: format.bytes(saving.progress.bytes) })}</span>
      <Button tone="quiet" className="ml-auto h-[22px]!" onClick={onCancel}>
        {t("cancel")}
      </Button>
    </div>
  );
}
