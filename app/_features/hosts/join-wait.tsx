"use client";
import { useState } from "react";
import { useMutation } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useTranslations } from "use-intl";
import { PlaceLink } from "@/app/_features/shell/place-link";
import { hostPath } from "@/app/_features/shell/places";
import { useTRPC } from "@/app/_trpc/client";
import { FailureNotice } from "@/app/_trpc/failure-notice";
import { Button } from "@/app/_ui/button";
import { clockNow, useClock } from "@/app/_ui/clock";
import { CopyButton } from "@/app/_ui/copy-button";
import { useFormat } from "@/app/_ui/format";
import { Notice } from "@/app/_ui/notice";
import { Panel, PanelHead } from "@/app/_ui/panel";
import { StateMark } from "@/app/_ui/state-mark";
import type { JoinCreated, JoinProgress } from "@/server/domains/hosts/schema";
import { containersPath } from "./paths";

/** Silence after which the page says what to check. */
const SILENT_MS = 60_000;

interface JoinWaitProps {
  join: JoinCreated & { uses: number };
  /** The server's address for other machines, for the things to check; null until known. */
  url: string | null;
  onAgain: () => void;
}

/** The line to paste, and what has become of it so far. */
export function JoinWait({ join, url, onAgain }: JoinWaitProps) {
  const t = useTranslations("hosts.add");
  const trpc = useTRPC();
  const [progress, setProgress] = useState<JoinProgress>({ state: "waiting", silentMs: 0 });
  const [isCancelled, setCancelled] = useState(false);
  useSubscription(trpc.hosts.joinLive.subscriptionOptions({ id: join.id }, { onData: setProgress, enabled: !isCancelled }));
  const cancel = useMutation(trpc.hosts.cancelJoin.mutationOptions({ onSuccess: () => setCancelled(true) }));
  const isOver = isCancelled || progress.state === "expired";
  return (
    <>
      {isOver || (progress.state === "arrived" && join.uses === 1) ? null : <Line join={join} onCancel={() => cancel.mutate({ id: join.id })} isCancelling={cancel.isPending} />}
      {cancel.isError ? <FailureNotice error={cancel.error} onClose={cancel.reset} /> : null}
      {isCancelled ? (
        <Over title={t("cancelled")} onAgain={onAgain} />
      ) : progress.state === "expired" ? (
        <Over title={t("expiredTitle")} text={t("expired")} onAgain={onAgain} />
      ) : progress.state === "arrived" ? (
        <Arrived progress={progress} isMoreWanted={join.uses > 1} onAgain={onAgain} />
      ) : (
        <Waiting progress={progress} url={url} onAgain={onAgain} />
      )}
    </>
  );
}

function Line({ join, onCancel, isCancelling }: { join: JoinCreated; onCancel: () => void; isCancelling: boolean }) {
  const t = useTranslations("hosts.add");
  const format = useFormat();
  const left = useClock((now) => format.span(Math.max(0, join.expiresAt - now)));
  return (
    <Panel>
      <PanelHead title={t("lineTitle")}>
        <span className="text-ink-3">{t("expires", { duration: left })}</span>
      </PanelHead>
      <div className="flex flex-col gap-3 p-3.5">
        <code tabIndex={0} data-testid="join-line" className="block rounded-control border border-edge bg-raised px-3 py-2.5 leading-[19px] break-all select-all">
          {join.line}
        </code>
        <div className="flex flex-wrap items-center gap-2">
          <CopyButton text={join.line} label={t("copy")} tone="primary" />
          <Button tone="quiet" busy={isCancelling} onClick={onCancel}>
            {t("cancelLine")}
          </Button>
        </div>
        <p className="text-12 text-ink-2">{t("lineOnce")}</p>
        <div className="text-12 text-ink-2">
          <p>{t("needs")}:</p>
          <ul className="list-disc pl-4">
            <li>{t("needsNode")}</li>
            <li>{t("needsCheckout")}</li>
            <li>{t("needsEngine")}</li>
          </ul>
        </div>
        <p className="text-12 text-ink-2">{t("pin")}</p>
      </div>
    </Panel>
  );
}

function Waiting({ progress, url, onAgain }: { progress: Extract<JoinProgress, { state: "waiting" | "refused" }>; url: string | null; onAgain: () => void }) {
  const t = useTranslations("hosts.add");
  const format = useFormat();
  const [since] = useState(clockNow);
  const waited = useClock((now) => format.span(now - since));
  const isSilent = useClock((now) => now - since >= SILENT_MS) || (progress.state === "waiting" && progress.silentMs >= SILENT_MS);
  return (
    <Panel aria-live="polite">
      <div className="flex items-center gap-3 px-3.5 py-3">
        <StateMark shape="starting">{t("waiting")}</StateMark>
        <span className="text-12 text-ink-3" aria-live="off">
          {t("waitingFor", { duration: waited })}
        </span>
      </div>
      {progress.state === "refused" ? (
        <Notice tone="bad" title={t("refusedTitle", { address: progress.address })} className="border-t border-line" actions={<Button onClick={onAgain}>{t("again")}</Button>}>
          <p>{progress.why}</p>
          <p className="text-12 text-ink-3">{t("refusedAt", { time: format.clock(progress.at) })}</p>
        </Notice>
      ) : isSilent ? (
        <Checks url={url ?? location.origin} />
      ) : null}
    </Panel>
  );
}

function Checks({ url }: { url: string }) {
  const t = useTranslations("hosts.add");
  return (
    <Notice tone="warn" title={t("silentTitle")} className="border-t border-line">
      <ol className="list-decimal pl-4">
        {(["line", "prints", "reach", "firewall", "proxy", "clock"] as const).map((check) => (
          <li key={check} className="py-0.5 [overflow-wrap:anywhere]">
            {t(`check.${check}`, { url })}
          </li>
        ))}
      </ol>
    </Notice>
  );
}

function Arrived({ progress, isMoreWanted, onAgain }: { progress: Extract<JoinProgress, { state: "arrived" }>; isMoreWanted: boolean; onAgain: () => void }) {
  const t = useTranslations("hosts.add");
  const isWell = progress.runtimeWhy === null;
  return (
    <Notice
      tone={isWell ? "ok" : "warn"}
      role="status"
      title={<span className="text-15">{t("arrived", { name: progress.name })}</span>}
      className="rounded-panel border border-line"
      actions={
        <>
          <Button tone="primary" asChild>
            <PlaceLink path={isWell ? containersPath(progress.hostId) : hostPath(progress.hostId)}>{t(isWell ? "openContainers" : "openHost")}</PlaceLink>
          </Button>
          <Button onClick={onAgain}>{t("another")}</Button>
        </>
      }
    >
      <p>{isWell ? t("arrivedWell") : t("arrivedSick")}</p>
      {progress.runtimeWhy ? <p className="[overflow-wrap:anywhere] text-ink">{progress.runtimeWhy}</p> : null}
      {isMoreWanted ? <p>{t("moreUses")}</p> : null}
    </Notice>
  );
}

function Over({ title, text, onAgain }: { title: string; text?: string; onAgain: () => void }) {
  const t = useTranslations("hosts.add");
  return (
    <Notice
      tone="unknown"
      role="status"
      title={title}
      className="rounded-panel border border-line"
      actions={
        <Button tone="primary" onClick={onAgain}>
          {t("again")}
        </Button>
      }
    >
      {text}
    </Notice>
  );
}
