"use client";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { ReactNode } from "react";
import { useTranslations } from "use-intl";
import { IconButton } from "@/app/_ui/button";
import { Chip } from "@/app/_ui/chip";
import { classes } from "@/app/_ui/classes";
import { copyText } from "@/app/_ui/copy-button";
import { ClockIcon } from "@/app/_ui/icons";
import { Kbd } from "@/app/_ui/kbd";
import { useIsPhone } from "@/app/_ui/use-phone";
import { DownloadMenu, SavingLine, useSaving } from "./download-menu";
import { FindField } from "./find-field";
import { copyLine, fileName, lastLines, save, shownLines } from "./line-file";
import { FollowButton, LevelMenu, TimeMenu } from "./log-controls";
import { LogFoot } from "./log-foot";
import type { LineLook } from "./log-line";
import { useLogPreferences } from "./log-preferences";
import { LogRows, ROW_PX, rowAt } from "./log-rows";
import { NoLines, OlderHead } from "./log-edges";
import { SourceNotices } from "./source-notices";
import type { LogAddress } from "./log-url";
import { indexOfId } from "./row-offsets";
import type { LogAddressState } from "./use-log-address";
import { useLogKeys } from "./use-log-keys";
import { useLogSession, useSources, type LogSourceInfo } from "./use-log-session";
import { useMatcher } from "./use-matcher";
import { useRowWindow } from "./use-row-window";

/** What the phone's button copies. */
const COPIED_LINES = 50;
const COPIED_MS = 2_000;

interface LogViewProps {
  state: LogAddressState;
  infos: readonly LogSourceInfo[];
  /** Before the controls: the heading and the chosen containers. */
  lead: ReactNode;
  className?: string;
}

/** The logs of some containers. Another beginning is another view, with streams of its own. */
export function LogView(props: LogViewProps) {
  const { from, at, line } = props.state.address;
  return <OpenView key={`${from} ${at} ${line}`} {...props} />;
}

/** "web", or "web · host" where two of one name are shown. */
function useNames(infos: readonly LogSourceInfo[]) {
  return useMemo(() => {
    const known = new Map(infos.map((info, place) => {
      const isTwice = infos.some((other) => other !== info && other.name === info.name);
      return [info.key, { place: infos.length > 1 ? place : null, name: isTwice ? `${info.name} · ${info.hostName}` : info.name }];
    }));
    return (key: string) => known.get(key) ?? { place: null, name: "" };
  }, [infos]);
}

function OpenView({ state, infos, lead, className }: LogViewProps) {
  const t = useTranslations("logs");
  const isPhone = useIsPhone() ?? false;
  const keys = useMemo(() => infos.map((info) => info.key), [infos]);
  const address: LogAddress = { ...state.address, keys };
  const { store, session, painter } = useLogSession(infos, address);
  const sources = useSources(session);
  const { matcher, error } = useMatcher(state.find, address.regex);
  const view = useSyncExternalStore(painter.subscribe, painter.get, painter.get);
  const { level } = address;
  useEffect(() => painter.ask({ level, matcher }), [painter, level, matcher]);

  const beginsAtEnd = address.at === null && address.line === null && address.from === "tail";
  const [following, setFollowing] = useState(beginsAtEnd);
  /** Lines that had arrived when the view was made to stand still; null: it never went along. */
  const [pausedAt, setPausedAt] = useState<number | null>(null);
  const [current, setCurrent] = useState<number | null>(null);
  const [isLineChosen, setIsLineChosen] = useState(address.line === null);
  const [copied, setCopied] = useState(false);
  useEffect(() => store.hold(!following), [store, following]);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), COPIED_MS);
    return () => clearTimeout(timer);
  }, [copied]);

  const [preferences, prefer] = useLogPreferences();
  const wraps = preferences.wraps ?? isPhone;
  const { times } = preferences;
  const looks = useMemo(() => {
    const look: LineLook = { wraps, times, days: false, isPhone };
    return [look, { ...look, days: true }] as const;
  }, [wraps, times, isPhone]);
  const sourceOf = useNames(infos);
  const nameOf = (key: string) => (infos.length > 1 ? sourceOf(key).name : null);
  const idOf = useCallback((at: number) => {
    const index = view.index(at);
    return index >= 0 && index < store.length ? store.head(index).id : -1;
  }, [view, store]);

  const settled = level === null || view.waiting === 0;
  // The line that was opened is the first that comes.
  if (!isLineChosen && settled && view.count > 0) {
    setIsLineChosen(true);
    setCurrent(idOf(0));
  }

  /** Lines that were there already are still coming: the end of what is here is not the end of the log. */
  const isReading = sources.some((source) => source.feed?.state === "reading" || source.feed?.state === "connecting");
  const follow = () => {
    // What lies between is not read through for somebody who wants the end.
    if (!beginsAtEnd && isReading) return state.set({ from: "tail", at: null, line: null });
    setCurrent(null);
    setFollowing(true);
  };
  const stand = () => {
    if (!following) return;
    rows.holdHere();
    setPausedAt(store.arrived());
    setFollowing(false);
  };
  const rows = useRowWindow({
    count: view.count, settled, version: view, idOf, rowPx: ROW_PX, measured: wraps, following, middle: address.line !== null || address.at !== null,
    onLeaveEnd: () => {
      setPausedAt(store.arrived());
      setFollowing(false);
    },
    onReachEnd: () => {
      if (!isReading) return follow();
      // Lets the first half go, and takes in as many again.
      store.hold(false);
      store.hold(true);
    },
    onNearTop: useCallback(() => void session.loadOlder(), [session]),
  });

  const placeOf = (id: number | null) => (id === null ? -1 : indexOfId(view.count, idOf, id, rows.firstSeen));
  const choose = (at: number, where: "middle" | "near") => {
    if (at < 0 || at >= view.count) return;
    if (following) setPausedAt(store.arrived());
    setFollowing(false);
    setCurrent(idOf(at));
    rows.scrollTo(at, where);
  };
  const move = (by: number) => {
    const here = placeOf(current);
    choose(here < 0 ? (following ? view.count - 1 : rows.firstSeen) : Math.min(view.count - 1, Math.max(0, here + by)), "near");
  };
  const here = placeOf(current);
  const nextHit = (backwards: boolean) => {
    const { hits } = view;
    const from = here >= 0 ? here : following ? view.count : rows.firstSeen - (backwards ? 0 : 1);
    const found = backwards || (here < 0 && following) ? hits.findLast((hit) => hit < from) : hits.find((hit) => hit > from);
    // Round at the end, as everywhere.
    choose(found ?? (backwards ? hits.at(-1) : hits[0]) ?? -1, "middle");
  };
  const toStart = () => {
    const isFirstHere = store.left === 0 && sources.every((source) => source.older === "none");
    if (isFirstHere) choose(0, "near");
    else state.set({ from: "oldest", at: null, line: null });
  };
  const copyCurrent = () => {
    const line = here < 0 ? null : rowAt(store, view, here)?.line;
    if (line) void copyText(copyLine(line, null)).then(setCopied);
  };
  const field = useRef<HTMLInputElement>(null);
  useLogKeys({
    field, move, toStart, toEnd: follow, nextHit, follow, copy: copyCurrent,
    togglePause: () => (following ? stand() : follow()),
    toggleWrap: () => prefer({ wraps: !wraps }),
    toggleTimes: () => prefer({ times: !times }),
    leave: current === null ? undefined : () => setCurrent(null),
  });
  const onChoose = useCallback((id: number) => setCurrent((before) => (before === id ? null : id)), []);
  const saving = useSaving();
  const title = infos.length === 1 ? (infos[0]?.name ?? "log") : "logs";
  const hitPlace = here < 0 ? -1 : view.hits.indexOf(here);

  return (
    <div className={classes("flex min-h-0 flex-col gap-4 max-desk:gap-3", className)}>
      <div className="flex flex-wrap items-center gap-2.5 max-desk:gap-2">
        {lead}
        <div className="ml-auto flex flex-wrap items-center gap-2.5 max-desk:ml-0 max-desk:gap-2">
          <TimeMenu address={address} onChange={(change) => state.set(change, "push")} />
          <LevelMenu level={level} onChange={(next) => state.set({ level: next })} />
          <FollowButton following={following} onFollow={follow} onPause={stand} />
        </div>
      </div>
      <section aria-label={t("title")} className="flex min-h-0 flex-1 flex-col overflow-hidden rounded-panel border border-line bg-panel">
        <div className="flex flex-wrap items-start gap-2.5 border-b border-line px-3.5 py-2.5 max-desk:gap-2 max-desk:px-2.5">
          <FindField
            field={field}
            label={t("find.label")}
            find={state.find}
            regex={address.regex}
            error={error}
            onType={state.typeFind}
            onRegex={(regex) => state.set({ regex })}
            onEnter={nextHit}
            aside={
              <span role="status" className="flex shrink-0 items-center gap-1.5 pr-1 text-12 text-ink-3 tabular-nums">
                {hitPlace >= 0 ? t("find.hitOf", { at: hitPlace + 1, count: view.hits.length }) : t("find.hits", { count: view.hits.length })}
                <span className="flex gap-1 max-desk:hidden">
                  <Kbd>n</Kbd>
                  <Kbd>N</Kbd>
                </span>
              </span>
            }
          />
          <div className="flex h-[30px] flex-wrap items-center gap-2.5 max-desk:h-auto max-desk:gap-2">
            {copied ? (
              <span role="status" className="text-12 text-ok">
                {t("copied")}
              </span>
            ) : null}
            {isPhone ? <Chip onClick={() => void copyText(lastLines(store, view, COPIED_LINES, nameOf)).then(setCopied)}>{t("copyLast", { count: COPIED_LINES })}</Chip> : null}
            {current !== null ? <Chip onClick={copyCurrent}>{t("copyLine")}</Chip> : null}
            <Chip on={wraps} onClick={() => prefer({ wraps: !wraps })}>
              {t("wrap")}
            </Chip>
            <IconButton label={t("times")} aria-pressed={times} onClick={() => prefer({ times: !times })} className={classes("max-desk:size-[36px]!", !times && "opacity-55")}>
              <ClockIcon />
            </IconButton>
            <DownloadMenu infos={infos} onShown={() => save(shownLines(store, view, nameOf), fileName(title, Date.now()))} onWhole={(info) => void saving.start(info)} />
          </div>
        </div>
        <SavingLine saving={saving.saving} onCancel={saving.cancel} />
        <SourceNotices sources={sources} infos={infos} />
        <LogRows
          store={store}
          view={view}
          window={rows}
          looks={looks}
          sourceOf={sourceOf}
          matcher={matcher}
          current={current}
          onChoose={onChoose}
          head={<OlderHead store={store} sources={sources} onRetry={() => void session.loadOlder()} onGoBack={(at) => state.set({ from: "tail", at, line: null }, "push")} />}
          empty={<NoLines sources={sources} hidden={view.hidden} waiting={view.waiting} onAllLevels={() => state.set({ level: null })} />}
        />
        <LogFoot
          store={store}
          sources={sources}
          infos={infos}
          following={following}
          fresh={following || pausedAt === null ? null : Math.max(0, store.arrived() - pausedAt)}
          hidden={view.hidden}
          waiting={view.waiting}
          onFollow={follow}
          onAllLevels={() => state.set({ level: null })}
        />
      </section>
    </div>
  );
}
