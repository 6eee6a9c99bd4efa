"use client";
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { useTranslations } from "use-intl";
import { useFleetRows } from "@/app/_features/containers/use-fleet-rows";
import { useScope } from "@/app/_features/shell/scope";
import { useTRPCClient } from "@/app/_trpc/client";
import { useFleetReady } from "@/app/_trpc/live";
import { Button } from "@/app/_ui/button";
import { Chip } from "@/app/_ui/chip";
import { useFormat } from "@/app/_ui/format";
import { ContainersIcon, DownIcon, SearchIcon } from "@/app/_ui/icons";
import { useKeys } from "@/app/_ui/keys";
import { Menu, MenuChoice } from "@/app/_ui/menu";
import { Panel } from "@/app/_ui/panel";
import { LIMITS } from "@/protocol/limits";
import type { SearchInput } from "@/server/domains/logs/schema";
import { FindField } from "./find-field";
import { LevelMenu } from "./log-controls";
import { SPANS, type LogAddress, type Span } from "./log-url";
import { escapePattern, hasCapital, ignoresCase } from "./matcher";
import { createSearchResult, NO_RESULT, type SearchState } from "./search-hits";
import { SearchResults } from "./search-results";
import type { LogAddressState } from "./use-log-address";
import { useMatcher } from "./use-matcher";

const EVER = "ever";

/** What an address asks of the hosts, as they take it. */
export function queryOf({ find, regex, level, within }: LogAddress, now: number): SearchInput["query"] {
  return {
    pattern: find === "" ? null : regex ? find : escapePattern(find),
    ignoreCase: regex ? ignoresCase(find) : !hasCapital(find),
    level,
    since: within === null ? null : now - SPANS[within],
    until: null,
  };
}

/**
 * Runs the search that the address names, once for each `run`; ends it when that changes or the page is left.
 * `scope` names what `within` stands for: a container that starts meanwhile does not begin the search anew.
 */
function useSearch(address: LogAddress, within: SearchInput["within"] | null, scope: string, run: number): { state: SearchState; stop: () => void } {
  const client = useTRPCClient();
  const [result, setResult] = useState<{ of: string; result: ReturnType<typeof createSearchResult> } | null>(null);
  const ended = useRef<(() => void) | null>(null);
  const asked = within !== null && (address.find !== "" || address.level !== null);
  const { find, regex, level, within: span } = address;
  const query = useMemo(() => ({ find, regex, level, within: span }), [find, regex, level, span]);
  const latest = useRef(within);
  useEffect(() => {
    latest.current = within;
  });
  useEffect(() => {
    if (!asked || latest.current === null) return;
    const made = createSearchResult();
    setResult({ of: `${run}`, result: made });
    const subscription = client.logs.search.subscribe(
      { within: latest.current, query: queryOf({ ...query } as LogAddress, Date.now()), hits: LIMITS.logSearchHits },
      {
        onData: (message) => made.take(message),
        onError: (error) => made.fail(error),
        // A search is not begun again behind the person's back.
        onConnectionStateChange: ({ state, error }) => {
          if (state === "connecting" && error) {
            made.fail(error);
            subscription.unsubscribe();
          }
        },
      },
    );
    ended.current = () => {
      subscription.unsubscribe();
      made.take({ type: "done", hits: 0, more: true });
    };
    return () => {
      subscription.unsubscribe();
      made.stop();
    };
  }, [client, asked, query, scope, run]);
  const source = asked ? result?.result.state : undefined;
  const state = useSyncExternalStore(source?.subscribe ?? noSubscription, source?.get ?? noResult, noResult);
  return { state, stop: () => ended.current?.() };
}
const noSubscription = () => () => undefined;
const noResult = () => NO_RESULT;

/** Looks for words in the logs of all hosts in the scope; only the lines that hold them come here. */
export function FleetSearch({ state, onPick }: { state: LogAddressState; onPick: () => void }) {
  const t = useTranslations("logs");
  const format = useFormat();
  const { address } = state;
  const scope = useScope();
  const rows = useFleetRows();
  const ready = useFleetReady();
  const [draft, setDraft] = useState<string | null>(null);
  const [run, setRun] = useState(0);
  const find = draft ?? address.find;
  const { matcher } = useMatcher(address.find, address.regex);
  const { error } = useMatcher(find, address.regex);
  // A stack is named by its containers.
  const stackKeys = useMemo(() => (scope.stack === null ? null : [...new Set(rows.map((row) => row.container.key))].sort()), [scope.stack, rows]);
  const within = useMemo<SearchInput["within"] | null>(() => {
    if (!ready) return null;
    if (stackKeys) return stackKeys.length === 0 ? null : { what: "containers", keys: stackKeys };
    return scope.host === null ? { what: "all" } : { what: "hosts", hostIds: [scope.host] };
  }, [ready, stackKeys, scope.host]);
  const { state: result, stop } = useSearch(address, within, `${scope.host} ${scope.stack}`, run);
  const isAsked = address.find !== "" || address.level !== null;
  const isUnderWay = isAsked && result.done === null && result.error === null;
  const reach = address.within === null ? t("search.ever") : t("search.last", { span: format.span(SPANS[address.within]) });
  const field = useRef<HTMLInputElement>(null);
  useKeys([{ code: "Slash", shows: "/", does: t("keys.find"), group: t("keys.title"), run: () => field.current?.focus() }]);

  const search = () => {
    if (error) return;
    // The same again is asked again; anything else is another address, which Back undoes.
    if (find === address.find) setRun(run + 1);
    else state.set({ find }, "push");
    setDraft(null);
  };
  return (
    <>
      <header className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <h1>{t("title")}</h1>
        <span className="min-w-0 flex-1 truncate text-ink-3">{t("search.scope", { count: new Set(rows.map((row) => row.container.key)).size, hosts: new Set(rows.map((row) => row.container.hostId)).size })}</span>
        <Button onClick={onPick}>
          <ContainersIcon /> {t("search.pick")}
        </Button>
      </header>
      <Panel className="flex flex-col">
        <div className="flex flex-wrap items-start gap-2.5 px-3.5 py-2.5 max-desk:px-2.5">
          <FindField field={field} label={t("search.label")} find={find} regex={address.regex} error={error} onType={setDraft} onRegex={(regex) => state.set({ regex, ...(draft === null ? {} : { find: draft }) })} onEnter={search} />
          <div className="flex flex-wrap items-center gap-2.5 max-desk:w-full">
            <LevelMenu level={address.level} onChange={(level) => state.set({ level }, "push")} />
            <Menu
              align="end"
              label={t("search.within")}
              trigger={
                <Chip on={address.within !== null} aria-label={`${t("search.within")}: ${reach}`} title={t("search.within")}>
                  {reach} <DownIcon className="size-3!" />
                </Chip>
              }
            >
              <MenuChoice<Span | typeof EVER>
                label={t("search.within")}
                value={address.within ?? EVER}
                onChange={(next) => state.set({ within: next === EVER ? null : next }, "push")}
                options={[{ value: EVER, label: t("search.ever") }, ...(Object.keys(SPANS) as Span[]).map((span) => ({ value: span, label: t("search.last", { span: format.span(SPANS[span]) }) }))]}
              />
            </Menu>
            {isUnderWay ? (
              <Button onClick={stop} className="max-desk:ml-auto">
                {t("search.stop")}
              </Button>
            ) : (
              <Button tone="primary" onClick={search} disabled={error !== null || (find === "" && address.level === null)} className="max-desk:ml-auto">
                <SearchIcon className="size-3.5!" /> {t("search.go")}
              </Button>
            )}
          </div>
        </div>
        <SearchResults result={result} isAsked={isAsked} isUnderWay={isUnderWay} matcher={matcher} address={address} onAgain={() => setRun(run + 1)} />
      </Panel>
    </>
  );
}
