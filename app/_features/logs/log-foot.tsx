"use client";
import { useEffect, useState } from "react";
import { useTranslations } from "use-intl";
import { classes } from "@/app/_ui/classes";
import type { StateShape, StateTone } from "@/app/_ui/state-mark";
import { StateShapeIcon, toneClass } from "@/app/_ui/state-mark";
import type { SourceView } from "./log-session";
import { LOG_ROWS, type LogStore } from "./log-store";
import type { LogSourceInfo } from "./use-log-session";

const RATE_MS = 1_000;

/** Lines that arrived in the last second. */
function useRate(store: LogStore): number {
  const [rate, setRate] = useState(0);
  useEffect(() => {
    let before = store.arrived();
    let at = performance.now();
    const timer = setInterval(() => {
      const [now, time] = [store.arrived(), performance.now()];
      setRate(Math.round(((now - before) * 1_000) / (time - at)));
      before = now;
      at = time;
    }, RATE_MS);
    return () => clearInterval(timer);
  }, [store]);
  return rate;
}

export type LogStanding = "following" | "paused" | "reading" | "waiting" | "ended";
const MARKS: Record<LogStanding, { shape: StateShape; tone: StateTone }> = {
  following: { shape: "running", tone: "ok" },
  paused: { shape: "ended", tone: "muted" },
  reading: { shape: "starting", tone: "info" },
  waiting: { shape: "unknown", tone: "warn" },
  ended: { shape: "ended", tone: "muted" },
};

/** In one word, how the view stands. */
export function standingOf(sources: readonly SourceView[], following: boolean): LogStanding {
  const states = sources.map((source) => source.feed?.state ?? "ended");
  if (states.some((state) => state === "waiting")) return "waiting";
  // Before anything is known nothing is followed.
  if (states.length === 0 || states.some((state) => state === "connecting" || state === "reading")) return "reading";
  if (states.every((state) => state === "ended" || state === "refused")) return "ended";
  return following ? "following" : "paused";
}

interface LogFootProps {
  store: LogStore;
  sources: readonly SourceView[];
  infos: readonly LogSourceInfo[];
  following: boolean;
  /** Lines that came since the view stands still; null while it goes along. */
  fresh: number | null;
  hidden: number;
  waiting: number;
  onFollow: () => void;
  onAllLevels: () => void;
}

/** How the view stands, where its lines come from, what it keeps; and the way back to the newest line. */
export function LogFoot({ store, sources, infos, following, fresh, hidden, waiting, onFollow, onAllLevels }: LogFootProps) {
  const t = useTranslations("logs.foot");
  const rate = useRate(store);
  const standing = standingOf(sources, following);
  const mark = MARKS[standing];
  const hosts = new Set(infos.map((info) => info.hostId)).size;
  return (
    <footer className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t border-line px-3.5 py-2 text-12 text-ink-3">
      <span role="status" className={classes("inline-flex items-center gap-1.5", toneClass(mark.tone))}>
        <StateShapeIcon shape={mark.shape} /> {t(`standing.${standing}`)}
      </span>
      <span className="tabular-nums">
        {infos.length > 1 ? `${t("from", { containers: infos.length, hosts })} · ` : ""}
        {t("rate", { rate })}
      </span>
      <SourceWords sources={sources} infos={infos} />
      {hidden > 0 ? (
        <button type="button" onClick={onAllLevels} className="text-accent hover:underline max-desk:min-h-[36px]">
          {t("hidden", { count: hidden })}
        </button>
      ) : null}
      {waiting > 0 ? <span>{t("looking", { count: waiting })}</span> : null}
      <span className="max-wide:hidden">{t("kept", { count: LOG_ROWS })}</span>
      {following ? null : (
        <button type="button" onClick={onFollow} data-fresh={fresh ?? 0} className="ml-auto rounded-full bg-accent-soft px-2.5 py-0.5 text-accent tabular-nums hover:underline max-desk:min-h-[36px]">
          ▾ {fresh ? t("fresh", { count: fresh }) : t("toEnd")}
        </button>
      )}
    </footer>
  );
}

/** Files or the engine's interface; the second may lose lines, and says so. */
function SourceWords({ sources, infos }: Pick<LogFootProps, "sources" | "infos">) {
  const t = useTranslations("logs.source");
  const known = sources.flatMap((source) => (source.source ? [{ key: source.key, ...source.source }] : []));
  if (known.length === 0) return null;
  const api = known.filter((one) => one.from === "api");
  const lossy = api.filter((one) => one.mayMiss);
  if (api.length === 0) return <span title={known[0]?.driver ?? undefined}>{t("files")}</span>;
  const names = (list: typeof api) => list.map((one) => infos.find((info) => info.key === one.key)?.name ?? one.key).join(", ");
  const why = [...new Set(api.map((one) => one.why).filter(Boolean))].join("\n");
  return (
    <span title={why || undefined} className={lossy.length > 0 ? "text-warn" : undefined}>
      {lossy.length > 0 ? (known.length === 1 ? t("apiMayMiss") : t("apiMayMissOf", { names: names(lossy) })) : known.length === 1 ? t("api") : t("apiOf", { names: names(api) })}
    </span>
  );
}
