"use client";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslations } from "use-intl";
import { plainText, readPieces } from "@/app/_features/logs/ansi";
import { BoxMetrics } from "@/app/_features/metrics/box-metrics";
import { useTRPC } from "@/app/_trpc/client";
import { FailureNotice } from "@/app/_trpc/failure-notice";
import { Age } from "@/app/_ui/age";
import { Button } from "@/app/_ui/button";
import { classes } from "@/app/_ui/classes";
import { CopyButton } from "@/app/_ui/copy-button";
import { useFormat } from "@/app/_ui/format";
import { Panel, PanelHead } from "@/app/_ui/panel";
import { parseEntries, type LogLine } from "@/protocol/log-text";
import { PERMISSIONS } from "@/server/domains/access/permissions";
import type { BoxPlace, BoxSummary, BoxView as Box } from "@/server/domains/fleet/schema";
import { formatPlace } from "./box-place";
import { BoxReason } from "./box-reason";
import { OOM_BEFORE_MS } from "./changes";
import { explainExit } from "./exit-code";
import { Document } from "./inspect-view";
import { LateMark } from "./late-mark";

/** One black box: what the container said last, what it used until then, and how it was configured. */
export function BoxView({ place, list }: { place: BoxPlace; list: readonly BoxSummary[] }) {
  const t = useTranslations("containers.box");
  const trpc = useTRPC();
  // What was kept does not change any more.
  const answer = useQuery(trpc.fleet.box.queryOptions(place, { staleTime: Infinity }));
  const box = answer.data;
  const known = box ?? list.find((one) => formatPlace(one.place) === formatPlace(place));
  return (
    <div className="flex min-w-0 flex-col gap-4">
      {known ? <Head box={known} outOfMemory={isOutOfMemory(known, list)} /> : null}
      {answer.isError ? <Panel><FailureNotice error={answer.error} onRetry={() => void answer.refetch()} /></Panel> : null}
      {answer.isPending ? <Panel aria-busy="true" className="px-3.5 py-3 text-ink-3">{t("loading")}</Panel> : null}
      {box ? (
        <>
          <LastWords box={box} />
          {box.window.length > 0 ? <BoxMetrics window={box.window} at={box.at} /> : null}
          <Configuration box={box} />
        </>
      ) : null}
    </div>
  );
}

/** Whether the kernel reported a lack of memory just before this death. */
const isOutOfMemory = (death: BoxSummary, list: readonly BoxSummary[]) =>
  list.some((one) => one.event?.kind === "oom" && one.id === death.id && one.at <= death.at && death.at - one.at <= OOM_BEFORE_MS);

function Head({ box, outOfMemory }: { box: BoxSummary; outOfMemory: boolean }) {
  const t = useTranslations("containers");
  const format = useFormat();
  const { event } = box;
  const why = event?.kind === "die" && event.exitCode !== null ? explainExit(event.exitCode, outOfMemory) : null;
  return (
    <Panel className="flex flex-col gap-1 px-3.5 py-3">
      <div className="flex flex-wrap items-baseline gap-x-3 gap-y-1 font-semibold">
        <BoxReason box={box} />
        <span className="font-normal text-ink-2">
          <span title={format.full(box.at)}>{format.dateMinute(box.at)}</span> <span className="text-ink-3">· <Age at={box.at} /></span>
        </span>
        {box.late ? <LateMark className="font-normal" /> : null}
      </div>
      {event?.kind === "oom" ? <p className="text-ink-2">{t("exit.outOfMemory")}</p> : null}
      {why ? <p className="text-ink-2">{why.reason === "signal" ? t("exit.signal", { signal: why.signal ?? 0 }) : t(`exit.${why.reason}`)}</p> : null}
      {event?.kind === "die" ? <p className="text-ink-2">{t(event.asked ? "exit.askedFor" : "exit.notAskedFor")}</p> : null}
      {event ? <p className="font-mono text-12 text-ink-3 [overflow-wrap:anywhere]">{event.image} · {box.id.slice(0, SHORT_ID)}</p> : null}
    </Panel>
  );
}

const SHORT_ID = 12;

function LastWords({ box }: { box: Box }) {
  const t = useTranslations("containers.box");
  const tRole = useTranslations("containers.role");
  const lines = useMemo(() => (box.lines === null ? [] : parseEntries(box.lines)), [box.lines]);
  const text = useMemo(() => lines.map((line) => plainText(line.text)).join("\n"), [lines]);
  const why = box.withheld.lines ? t("linesDenied", { role: tRole(PERMISSIONS["container.logs"].from) }) : (box.linesWhy ?? (lines.length === 0 ? t("noLines") : null));
  return (
    <Panel>
      <PanelHead title={t("lines")} {...(lines.length > 0 ? { aside: t("lineCount", { count: lines.length }) } : {})}>
        {lines.length > 0 ? <CopyButton text={text} label={t("copyLines")} /> : null}
      </PanelHead>
      {box.linesCut > 0 ? <p className="border-b border-line px-3.5 py-1.5 text-12 text-ink-3">{t("cut", { count: box.linesCut })}</p> : null}
      {lines.length > 0 ? <Lines lines={lines} /> : null}
      {why === null ? null : <p className={classes("px-3.5 py-2.5 text-ink-2", lines.length > 0 && "border-t border-line")}>{why}</p>}
    </Panel>
  );
}

/** The lines with the last one in sight. Text nodes only: whatever a container wrote stays text. */
function Lines({ lines }: { lines: readonly LogLine[] }) {
  const t = useTranslations("containers.box");
  const { clock } = useFormat();
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    if (list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [lines]);
  return (
    <ol ref={list} tabIndex={0} aria-label={t("lines")} className="max-h-[420px] overflow-y-auto py-1.5 font-mono text-12 leading-[19px] -outline-offset-2!">
      {lines.map((line, index) => (
        <li key={index} className="grid grid-cols-[66px_minmax(0,1fr)] gap-2.5 px-3.5 hover:bg-raised">
          <span className="text-ink-3">{line.at === null ? "" : clock(line.at)}</span>
          <span className={classes("[overflow-wrap:anywhere] whitespace-pre-wrap", line.stream === "stderr" && "text-bad")}>
            {readPieces(line.text).map((piece, at) => (piece.look === "" ? piece.text : <span key={at} className={piece.look}>{piece.text}</span>))}
          </span>
        </li>
      ))}
    </ol>
  );
}

/** The document is long: it opens when asked for. */
function Configuration({ box }: { box: Box }) {
  const t = useTranslations("containers.box");
  const tInspect = useTranslations("containers.inspect");
  const tRole = useTranslations("containers.role");
  const [isOpen, setOpen] = useState(false);
  if (box.inspect === null)
    return (
      <Panel>
        <PanelHead title={t("inspect")} />
        <p className="px-3.5 py-2.5 text-ink-2">{box.withheld.inspect ? tInspect("denied", { role: tRole(PERMISSIONS["container.inspect"].from) }) : (box.inspectWhy ?? t("noInspect"))}</p>
      </Panel>
    );
  if (isOpen) return <Document document={box.inspect} masked={null} at={box.at} />;
  return (
    <Panel>
      <PanelHead title={t("inspect")} aside={t("inspectHint")}>
        <Button onClick={() => setOpen(true)}>{t("showInspect")}</Button>
      </PanelHead>
    </Panel>
  );
}
