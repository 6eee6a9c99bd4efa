"use client";
import { useMemo, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "use-intl";
import { useMay } from "@/app/_features/auth/me";
import { useTRPC } from "@/app/_trpc/client";
import { FailureNotice } from "@/app/_trpc/failure-notice";
import { Button } from "@/app/_ui/button";
import { Chip } from "@/app/_ui/chip";
import { CopyButton } from "@/app/_ui/copy-button";
import { EmptyState } from "@/app/_ui/empty-state";
import { Input } from "@/app/_ui/field";
import { useFormat } from "@/app/_ui/format";
import { DownIcon, RightIcon } from "@/app/_ui/icons";
import { Panel } from "@/app/_ui/panel";
import { isFresh } from "@/server/domains/fleet/schema";
import { PERMISSIONS } from "@/server/domains/access/permissions";
import type { FleetRow } from "./fleet-row";
import { splitHits, treeLines, type TreeLine } from "./json-tree";

/** Branches worth seeing at once. */
const OPEN_FIRST = ["/State", "/Config", "/Config/Env", "/HostConfig/RestartPolicy", "/NetworkSettings/Ports", "/Mounts"];

/** The runtime's own document about a container, read from its host when it is looked at. */
export function InspectView({ row }: { row: FleetRow }) {
  const t = useTranslations("containers.inspect");
  const tRole = useTranslations("containers.role");
  const trpc = useTRPC();
  const may = useMay("container.inspect");
  const fresh = isFresh(row.host);
  const { hostId, id } = row.container;
  const answer = useQuery(trpc.fleet.inspect.queryOptions({ hostId, id }, { enabled: may && fresh, staleTime: 60_000 }));
  if (!may) return <Panel><EmptyState title={t("title")}><p>{t("denied", { role: tRole(PERMISSIONS["container.inspect"].from) })}</p></EmptyState></Panel>;
  if (!answer.data) {
    if (!fresh) return <Panel><EmptyState title={t("title")}><p>{t("away")}</p></EmptyState></Panel>;
    return <Panel aria-busy={answer.isPending}>{answer.isError ? <FailureNotice error={answer.error} onRetry={() => void answer.refetch()} /> : <p className="px-3.5 py-3 text-ink-3">…</p>}</Panel>;
  }
  return <Document {...answer.data} isReading={answer.isFetching} {...(fresh ? { onAgain: () => void answer.refetch() } : {})} />;
}

interface DocumentProps {
  document: Record<string, unknown>;
  /** How many environment values were masked; null: not counted. */
  masked: number | null;
  at: number;
  isReading?: boolean;
  onAgain?: () => void;
}

/** The runtime's document, to be searched as a tree or as text. */
export function Document({ document, masked, at, isReading = false, onAgain }: DocumentProps) {
  const t = useTranslations("containers.inspect");
  const format = useFormat();
  const [search, setSearch] = useState("");
  const [asText, setAsText] = useState(false);
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(OPEN_FIRST));
  const tree = useMemo(() => treeLines(document, open, search), [document, open, search]);
  const text = useMemo(() => JSON.stringify(document, null, 2), [document]);
  const toggle = (path: string) => {
    const next = new Set(open);
    if (!next.delete(path)) next.add(path);
    setOpen(next);
  };
  return (
    <Panel>
      <div className="flex flex-wrap items-center gap-2.5 border-b border-line px-3.5 py-2.5">
        <Input type="search" aria-label={t("search")} placeholder={t("search")} value={search} onChange={(event) => setSearch(event.target.value)} className="max-w-[280px] max-desk:max-w-none" />
        {search.trim() ? <span className="text-12 text-ink-3" role="status">{t("hits", { count: asText ? (splitHits(text, search).length - 1) / 2 : tree.hits })}</span> : null}
        <div role="group" aria-label={t("view")} className="flex gap-2">
          <Chip on={!asText} onClick={() => setAsText(false)}>{t("tree")}</Chip>
          <Chip on={asText} onClick={() => setAsText(true)}>{t("text")}</Chip>
        </div>
        <span className="ml-auto text-12 text-ink-3">{t("readAt", { time: format.clock(at) })}</span>
        {onAgain ? <Button busy={isReading} onClick={onAgain}>{t("again")}</Button> : null}
        <CopyButton text={text} label={t("copy")} />
      </div>
      <p className="border-b border-line px-3.5 py-2 text-12 text-ink-2">{masked === null ? t("maskedKept") : t("masked", { count: masked })}</p>
      {asText ? (
        <pre className="overflow-x-auto px-3.5 py-2.5 leading-[19px]"><Hits text={text} search={search} /></pre>
      ) : (
        <ul className="py-1.5 font-mono text-12">
          {tree.lines.map((line) => (
            <TreeRow key={line.path} line={line} search={search} onToggle={toggle} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function TreeRow({ line, search, onToggle }: { line: TreeLine; search: string; onToggle: (path: string) => void }) {
  const t = useTranslations("containers.inspect");
  const indent = { paddingLeft: `${14 + line.depth * 16}px` };
  if (line.value === null) {
    const Arrow = line.isOpen ? DownIcon : RightIcon;
    return (
      <li>
        <button type="button" aria-expanded={line.isOpen} disabled={line.size === 0} onClick={() => onToggle(line.path)} style={indent} className="flex w-full items-center gap-1.5 py-[2px] pr-3.5 text-left hover:bg-raised max-desk:min-h-[36px]">
          <Arrow className={line.size === 0 ? "invisible size-3!" : "size-3!"} />
          <span className="text-ink-2"><Hits text={line.name} search={search} /></span>
          <span className="text-ink-3">{line.size === 0 ? t("empty") : t("items", { count: line.size })}</span>
        </button>
      </li>
    );
  }
  return (
    <li style={indent} className="flex gap-1.5 py-[2px] pr-3.5">
      <span className="w-3 shrink-0" />
      <span className="shrink-0 text-ink-2"><Hits text={line.name} search={search} /></span>
      <span className="min-w-0 [overflow-wrap:anywhere]"><Hits text={line.value} search={search} /></span>
    </li>
  );
}

function Hits({ text, search }: { text: string; search: string }) {
  const parts = splitHits(text, search);
  if (parts.length === 1) return <>{text}</>;
  return (
    <>
      {parts.map((part, index) =>
        index % 2 === 1 ? (
          <mark key={index} className="rounded-[2px] bg-warn-soft text-warn">
            {part}
          </mark>
        ) : (
          part
        ),
      )}
    </>
  );
}
